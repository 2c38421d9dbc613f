"""What reporters for people print: lines of spans, each with a role; colours come last.

A span's text is safe (text.escape) when it is made. Where it goes decides how a role looks: SGR
codes here, rich's styles in live.py, nothing where no colour is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import NamedTuple


class Role(Enum):
    """What a span is there for."""

    PLAIN = auto()
    HEAD = auto()
    DIM = auto()
    OK = auto()
    CHANGED = auto()
    SKIPPED = auto()
    WARNING = auto()
    BAD = auto()
    ADDED = auto()
    REMOVED = auto()
    HUNK = auto()


SGR = {
    Role.PLAIN: "",
    Role.HEAD: "1",
    Role.DIM: "2",
    Role.OK: "32",
    Role.CHANGED: "33",
    Role.SKIPPED: "36",
    Role.WARNING: "35",
    Role.BAD: "1;31",
    Role.ADDED: "32",
    Role.REMOVED: "31",
    Role.HUNK: "36",
}
"""A role's SGR parameters (ECMA-48, 8.3.117)."""


class Span(NamedTuple):
    text: str
    role: Role = Role.PLAIN


Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """A line of texts and spans; empty ones are left out."""
    spans = (part if isinstance(part, Span) else Span(part) for part in parts)
    return tuple(span for span in spans if span.text)


def indented(lines: Iterable[Line], columns: int) -> list[Line]:
    margin = Span(" " * columns)
    return [(margin, *each) if each else () for each in lines]


def paint(spans: Line, *, colour: bool) -> str:
    """The line as text, with SGR codes if `colour`."""
    if not colour:
        return "".join(span.text for span in spans)
    return "".join(_painted(span) for span in spans)


def _painted(span: Span) -> str:
    codes = SGR[span.role]
    return f"\x1b[{codes}m{span.text}\x1b[0m" if codes else span.text
