"""Templates of text and names only, such as `{{ base }}/etc` or `{{ user.name }}`: most of what
variables hold. They need none of Jinja's code, whose making takes a third of a millisecond each.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from typing import Any

from provisioner.language.sandbox import environment, missing_type

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_STEP = re.compile(rf"\.({_NAME})|\['([^'\\]*)'\]")
_BRACES = re.compile(rf"{{{{ ?({_NAME})((?:\.{_NAME}|\['[^'\\]*'\])*) ?}}}}")
_RESERVED = frozenset({*keyword.kwlist, "true", "false", "none", "loop", "self", "caller", "super"})

Piece = str | tuple[str, tuple[tuple[str, str], ...]]
"""Text, or a variable with the attributes and keys that lead on from it."""


def pieces(source: str) -> tuple[Piece, ...] | None:
    """The template's text and names in their order; None where there is anything else in it."""
    found: list[Piece] = []
    at = 0
    for match in _BRACES.finditer(source):
        found.append(source[at : match.start()])
        steps = tuple(("attribute" if a else "key", a or k) for a, k in _STEP.findall(match[2]))
        if match[1] in _RESERVED or any(name in _RESERVED for kind, name in steps if kind != "key"):
            return None
        found.append((match[1], steps))
        at = match.end()
    found.append(source[at:])
    if any("{" in piece or "}" in piece or "\r" in piece for piece in found if type(piece) is str):
        return None
    return tuple(piece for piece in found if piece)


def value(piece: Piece, scope: Mapping[str, Any]) -> Any:
    """What Jinja gives for it: something undefined where there is no such name."""
    if isinstance(piece, str):
        return piece
    name, steps = piece
    found = scope[name] if name in scope else missing_type()(name=name)
    env = environment()
    for kind, step in steps:
        found = env.getattr(found, step) if kind == "attribute" else env.getitem(found, step)
    return found
