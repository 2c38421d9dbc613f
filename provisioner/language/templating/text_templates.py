"""Templates of nothing but text and variables' names, such as `{{ base }}/etc`.

Most templates of playbooks are like this. A regular expression reads them: Jinja's parser takes
thirty times as long, and importing Jinja takes 15 ms, which playbooks without others save.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from provisioner import regex
from provisioner.language.templating.undefined import missing_type

RESERVED = frozenset({"loop", "self", "caller", "super"})
"""Names that have a meaning of their own in Jinja."""

_KEYWORDS = frozenset({"true", "false", "none", "True", "False", "None",
                    "not", "and", "or", "in", "is", "if", "else"})  # fmt: skip
_NAME = regex.compile(r"\{\{[ \t\n]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t\n]*\}\}")
_NOT_TEXT = regex.compile(r"[{\[\r]|True|False")
"""What a text can't have: the start of other Jinja syntax, or of a list, mapping or boolean."""


@cache
def split(source: str) -> tuple[str, ...]:
    """The template as (text, name, text, …, text); () if it contains anything else."""
    parts = tuple(_NAME.split(source))
    texts, names = parts[::2], parts[1::2]
    has_syntax = any(map(_NOT_TEXT.search, texts))
    has_keyword = not (_KEYWORDS | RESERVED).isdisjoint(names)
    ends_in_space = len(parts) == 3 and not parts[0] and parts[2].isspace()
    return () if has_syntax or has_keyword or ends_in_space else parts


def names(source: str) -> frozenset[str]:
    """The variables in such a template; none if it is another kind of template."""
    return frozenset(split(source)[1::2])


def value(name: str, scope: Mapping[str, Any]) -> Any:
    """The variable's value, as Jinja gives it: an undefined value if the scope does not have it."""
    return scope[name] if name in scope else missing_type()(name=name)
