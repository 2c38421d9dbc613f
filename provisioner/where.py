"""A place in a file, with an excerpt for error messages, and suggestions for misspelled names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from provisioner.local_files import read_regular

_MAX_EXCERPT_WIDTH = 160


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file. Line and column count from 1; 0 means unknown."""

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
        """Return the line with a caret below the column.

        Return "" if the line is empty or the file cannot be read.
        """
        if not self.line:
            return ""
        try:
            text = lines_of(read_regular(self.file).decode("utf-8-sig", "replace"))[self.line - 1]
        except (OSError, IndexError, ValueError):
            return ""
        if not text.strip():
            return ""
        prefix = f"{self.line} | "
        line = _visible(text.expandtabs(4))
        caret = len(_visible(text[: max(self.column - 1, 0)].expandtabs(4)))
        first = max(caret - _MAX_EXCERPT_WIDTH // 2, 0) if caret >= _MAX_EXCERPT_WIDTH else 0
        shown = line[first : first + _MAX_EXCERPT_WIDTH]
        return f"    {prefix}{shown}\n    {' ' * (len(prefix) + caret - first)}^"


def lines_of(text: str) -> list[str]:
    """Return the lines as YAML separates them (str.splitlines has more separators)."""
    return re.split("\r\n|[\r\n\x85\u2028\u2029]", text)


def _visible(text: str) -> str:
    """Return `text` with an escape for each character that a terminal interprets or hides."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `did you mean "…"?` with the most similar name of `known`, or "" without one."""
    from difflib import get_close_matches  # imported here because only errors need it

    names = [name for name in known if isinstance(name, str)]  # keys in YAML may have any type
    matches = get_close_matches(str(word), names, 1, 0.6)
    return f'did you mean "{matches[0]}"?' if matches else ""


def with_hint(reason: str, hint: str) -> str:
    """Return reason and hint in one line: `reason; hint`."""
    return f"{reason}; {hint}" if hint else reason
