"""Lines for people: a line is a tuple of spans, and a span is a text with a style.

A span's text is escaped (text.escape) before the span is made. The sink decides how a style looks:
SGR codes here, rich's styles in live_sink.py, or plain text without colours.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import NamedTuple


class Style(Enum):
    """The meaning of a span."""

    PLAIN = auto()
    HEAD = auto()
    DIM = auto()
    OK = auto()
    CHANGED = auto()
    SKIPPED = auto()
    WARNING = auto()
    FAILED = auto()
    ADDED = auto()
    REMOVED = auto()
    HUNK = auto()


SGR_CODES = {
    Style.PLAIN: "",
    Style.HEAD: "1",
    Style.DIM: "2",
    Style.OK: "32",
    Style.CHANGED: "33",
    Style.SKIPPED: "36",
    Style.WARNING: "35",
    Style.FAILED: "1;31",
    Style.ADDED: "32",
    Style.REMOVED: "31",
    Style.HUNK: "36",
}
"""The SGR parameters of each style (ECMA-48, 8.3.117)."""


class Span(NamedTuple):
    """A text in one style."""

    text: str
    style: Style = Style.PLAIN


Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """Return a line of texts and spans, without the empty ones."""
    spans = (part if isinstance(part, Span) else Span(part) for part in parts)
    return tuple(span for span in spans if span.text)


def indented(lines: Iterable[Line], columns: int) -> list[Line]:
    """Return the lines with a left margin. Empty lines stay empty."""
    margin = Span(" " * columns)
    return [(margin, *each) if each else () for each in lines]


def paint(spans: Line, *, colour: bool) -> str:
    """Return the line as text, with SGR codes if `colour`."""
    if not colour:
        return "".join(span.text for span in spans)
    return "".join(_painted(span) for span in spans)


def _painted(span: Span) -> str:
    codes = SGR_CODES[span.style]
    return f"\x1b[{codes}m{span.text}\x1b[0m" if codes else span.text
