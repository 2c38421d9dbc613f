"""Templates of text and variables' names only, such as `{{ base }}/etc`.

Most templates of playbooks are like this. A regular expression parses them: Jinja's parser takes
thirty times as long, and importing Jinja takes 15 ms. Playbooks without other templates save that.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from provisioner import regex
from provisioner.language.templating.undefined import missing_type

RESERVED = frozenset({"loop", "self", "caller", "super"})
"""Names with a special meaning in Jinja."""

_KEYWORDS = frozenset({"true", "false", "none", "True", "False", "None",
                    "not", "and", "or", "in", "is", "if", "else"})  # fmt: skip
_NAME = regex.compile(r"\{\{[ \t\n]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t\n]*\}\}")
_NOT_TEXT = regex.compile(r"[{\[\r]|True|False")
"""Patterns that a text must not contain: the start of other Jinja syntax, or of a list, mapping or
boolean.
"""


@cache
def split(source: str) -> tuple[str, ...]:
    """Return the template as (text, name, text, …, text); () for any other kind of template."""
    parts = tuple(_NAME.split(source))
    texts, names = parts[::2], parts[1::2]
    has_syntax = any(map(_NOT_TEXT.search, texts))
    has_keyword = not (_KEYWORDS | RESERVED).isdisjoint(names)
    ends_in_space = len(parts) == 3 and not parts[0] and parts[2].isspace()
    return () if has_syntax or has_keyword or ends_in_space else parts


def names(source: str) -> frozenset[str]:
    """Return the variables in a template of text and names; none for other templates."""
    return frozenset(split(source)[1::2])


def value(name: str, scope: Mapping[str, Any]) -> Any:
    """Return the variable's value as Jinja would.

    It is an undefined value if the scope does not have the variable.
    """
    return scope[name] if name in scope else missing_type()(name=name)
