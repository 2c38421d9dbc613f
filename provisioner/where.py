"""Where something stands in a file, and the excerpt that shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_WIDTH = 160


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file; line and column count from 1, 0 where they are not known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def full(self) -> str:
        """file:line:column."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def excerpt(self) -> str:
        """The line with a caret below the column; "" where it is empty, or the file can't be read
        again."""
        if not self.line:
            return ""
        try:
            text = lines_of(Path(self.file).read_text("utf-8-sig", "replace"))[self.line - 1]
        except (OSError, IndexError, ValueError):
            return ""
        if not text.strip():
            return ""
        number = f"{self.line} | "
        shown = visible(text.expandtabs(4))
        indent = len(visible(text[: max(self.column - 1, 0)].expandtabs(4)))
        first = max(indent - _WIDTH // 2, 0) if indent >= _WIDTH else 0
        cut = shown[first : first + _WIDTH]
        return f"    {number}{cut}\n    {' ' * (len(number) + indent - first)}^"


def lines_of(text: str) -> list[str]:
    """The lines as YAML counts them; str.splitlines knows more ends of lines."""
    return re.split("\r\n|[\r\n\x85\u2028\u2029]", text)


def visible(text: str) -> str:
    """`text` with whatever a terminal would obey or hide written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean "…"?` for the nearest of `known`, or ""."""
    from difflib import get_close_matches  # only where something is wrong

    names = [name for name in known if isinstance(name, str)]  # YAML's keys may be anything
    matches = get_close_matches(str(word), names, 1, 0.6)
    return f'did you mean "{matches[0]}"?' if matches else ""


def with_hint(reason: str, hint: str) -> str:
    """Both in one line, where a message has no lines of its own: `reason; hint`."""
    return f"{reason}; {hint}" if hint else reason
