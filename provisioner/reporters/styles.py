"""Lines for people: a line is a tuple of styled texts.

The text is already escaped (formatting.escape). The sink decides how a style looks: SGR codes here,
rich's styles in live_sink.py, or plain text without colours.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import NamedTuple


class Style(Enum):
    """The meaning of a text in a line."""

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


class StyledText(NamedTuple):
    """A text in one style."""

    text: str
    style: Style = Style.PLAIN


Line = tuple[StyledText, ...]


def line(*parts: str | StyledText) -> Line:
    """Return a line of plain and styled texts, without the empty ones."""
    texts = (part if isinstance(part, StyledText) else StyledText(part) for part in parts)
    return tuple(text for text in texts if text.text)


def indented(lines: Iterable[Line], columns: int) -> list[Line]:
    """Return the lines with a left margin. Empty lines stay empty."""
    margin = StyledText(" " * columns)
    return [(margin, *each) if each else () for each in lines]


def paint(line: Line, *, colour: bool) -> str:
    """Return the line as text, with SGR codes if `colour`."""
    if not colour:
        return "".join(part.text for part in line)
    return "".join(_painted(part) for part in line)


def _painted(part: StyledText) -> str:
    codes = SGR_CODES[part.style]
    return f"\x1b[{codes}m{part.text}\x1b[0m" if codes else part.text
