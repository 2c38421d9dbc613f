"""Where something stands in a file, and the excerpt that shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path


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
        """The line with a caret below the column; "" where the file can't be read again."""
        try:
            text = Path(self.file).read_text(errors="replace").splitlines()[self.line - 1]
        except (OSError, IndexError):
            return ""
        if not self.line:
            return ""
        number = f"{self.line} | "
        shown = text.expandtabs(4)[:160]
        indent = len(text[: self.column - 1].expandtabs(4))
        return f"    {number}{shown}\n    {' ' * (len(number) + indent)}^"


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean "…"?` for the nearest of `known`, or ""."""
    matches = get_close_matches(word, list(known), 1, 0.6)
    return f'did you mean "{matches[0]}"?' if matches else ""
