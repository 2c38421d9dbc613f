"""Cuts text for a terminal, and formats sizes, durations and counts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from provisioner.escaping import escape

MAX_LINE_LENGTH = 2000
"""Characters of one line that are shown. The others are only counted."""


def similarity_key(text: str, host: str) -> str:
    """Return `text` without the host's name and without numbers.

    Numbers are addresses, ports, times and line numbers. Texts about the same failure on several
    hosts have the same key.
    """
    return re.sub(r"\d+(?:[.:]\d+)*", "#", text.replace(host, "HOST") if host else text)


def lines_of(text: str) -> list[str]:
    """Return the lines of `text`, escaped and cut at `MAX_LINE_LENGTH` characters.

    Only a newline ends a line: `str.splitlines` has nine more separators, which a terminal does not
    treat as such. Newlines at the end of the text and the CR of CRLF are dropped.
    """
    return [_shown_line(line) for line in text.rstrip("\n").split("\n")] if text else []


def tail(text: str, limit: int) -> tuple[int, list[str]]:
    """Return the number of omitted lines and the last `limit` lines, escaped.

    The text is cut before it is escaped, so that 8 MB of output take little time.
    """
    text = text.rstrip("\n")
    if not text:
        return 0, []
    omitted = max(0, text.count("\n") + 1 - limit)
    last_lines = text.rsplit("\n", limit)[1:] if omitted else text.split("\n")
    return omitted, [_shown_line(line) for line in last_lines]


def _shown_line(line: str) -> str:
    line = line.removesuffix("\r")
    omitted = len(line) - MAX_LINE_LENGTH
    if omitted <= 0:
        return escape(line, lines=True)
    return f"{escape(line[:MAX_LINE_LENGTH], lines=True)} ({omitted} more characters)"


def clip(text: str, limit: int) -> str:
    """Return `text` in at most `limit` characters, with `...` at the end if it was cut."""
    return text if len(text) <= limit else text[: max(0, limit - 3)].rstrip() + "..."


def width(text: str) -> int:
    """Return the number of terminal columns of an escaped text."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pad(text: str, columns: int) -> str:
    """Return `text` with spaces at the end, `columns` wide."""
    return text + " " * (columns - width(text))


def duration(seconds: float) -> str:
    """Return a duration for people: `3.4 s`, `2 min 05 s`, `1 h 02 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def size(number: int) -> str:
    """Return a number of bytes for people: `999 B`, `43 MB`, `1.2 GB`."""
    value, unit = float(number), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if unit != "B" and value < 9.95 else f"{value:.0f} {unit}"


def count(number: int, noun: str) -> str:
    """Return the number with the noun in singular or plural: `1 host`, `3 hosts`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def counted(counts: Iterable[tuple[str, int]]) -> str:
    """Return the counts that are not zero: `2 changed, 1 failed`."""
    return ", ".join(f"{number} {word}" for word, number in counts if number)
