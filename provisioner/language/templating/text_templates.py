"""Templates of nothing but text and names, such as `{{ base }}/etc`: most of what playbooks hold.

They are read by a pattern. Jinja's parser takes thirty times as long for one, and to import Jinja
takes 15 ms, which a playbook that has no others does without.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from provisioner import regex
from provisioner.language.templating.undefined import missing_type

RESERVED = frozenset({"loop", "self", "caller", "super"})
"""Names that Jinja gives a meaning of its own."""

_WORDS = frozenset({"true", "false", "none", "True", "False", "None",
                    "not", "and", "or", "in", "is", "if", "else"})  # fmt: skip
_NAME = regex.compile(r"\{\{[ \t\n]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t\n]*\}\}")
_DOUBTFUL = regex.compile(r"[{\[\r]|True|False")
"""What else may begin in a text: more of Jinja, or a list, a mapping or a boolean as text."""


@cache
def split(source: str) -> tuple[str, ...]:
    """The template's text, name, text, …, text; () where there is anything else to it."""
    parts = tuple(_NAME.split(source))
    texts, names = parts[::2], parts[1::2]
    doubtful = any(map(_DOUBTFUL.search, texts)) or not _WORDS.isdisjoint(names)
    ends_in_space = len(parts) == 3 and not parts[0] and parts[2].isspace()
    return () if doubtful or ends_in_space or not RESERVED.isdisjoint(names) else parts


def names(source: str) -> frozenset[str]:
    """The names in such a template."""
    return frozenset(split(source)[1::2])


def value(name: str, scope: Mapping[str, Any]) -> Any:
    """What Jinja gives for a name: something undefined where there is no such variable."""
    return scope[name] if name in scope else missing_type()(name=name)
