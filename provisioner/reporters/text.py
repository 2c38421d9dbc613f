"""Remote and user text made safe for a terminal, and small words about sizes and times.

`escape` is the one place where text that somebody else wrote becomes printable. Everything that a
reporter shows passes it once, before any colour is added: rich is no sanitizer (it passes a raw
ESC off a terminal, and C1 and bidi controls always).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from provisioner import regex

# C0 but tab and newline, DEL and C1, the bidi controls of Trojan Source (CVE-2021-42574), the two
# separators that some readers take for a line's end, lone surrogates (bytes that aren't UTF-8).
_UNSAFE = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_UNSAFE_IN_LINES = regex.compile(f"[{_UNSAFE}]")
_UNSAFE_IN_LINE = regex.compile(f"[\t\n{_UNSAFE}]")
_NAMED = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}

LONGEST_LINE = 2000
"""Characters of one line that are shown before the rest is only counted."""


def escape(text: str, *, lines: bool = False) -> str:
    r"""`text` with every character that could steer a terminal shown as a visible escape.

    ESC becomes `\x1b`, U+202E `\u202e`, a byte that was no UTF-8 (surrogateescape) `\xff`, and a
    C1 control `\u009b`, so that the two can be told apart. Backslashes stay as they are: the result
    is for eyes, not for reading back. With `lines`, newlines and tabs are kept.
    """
    unsafe = _UNSAFE_IN_LINES if lines else _UNSAFE_IN_LINE
    if text.isascii() and text.isprintable():
        return text
    return unsafe.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if code < 0x80:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}"


def alike(text: str, host: str) -> str:
    """What is the same in texts about several hosts: without the host's name, and without numbers
    (addresses, ports, times, line numbers)."""
    return re.sub(r"\d+(?:[.:]\d+)*", "#", text.replace(host, "HOST") if host else text)


def lines_of(text: str, *, longest: int = LONGEST_LINE) -> list[str]:
    """The lines of a remote text, each safe to print and cut at `longest` characters.

    Only newlines end a line (`str.splitlines` knows nine more that a terminal doesn't); the empty
    line after the last newline and the CR of CRLF are dropped.
    """
    return [_line(line, longest) for line in text.rstrip("\n").split("\n")] if text else []


def tail(text: str, limit: int, *, longest: int = LONGEST_LINE) -> tuple[int, list[str]]:
    """How many lines come before the last `limit` ones, and those, safe to print.

    The text is cut before it is escaped, so that 8 MB of output cost next to nothing.
    """
    text = text.rstrip("\n")
    if not text:
        return 0, []
    cut = max(0, text.count("\n") + 1 - limit)
    kept = text.rsplit("\n", limit)[1:] if cut else text.split("\n")
    return cut, [_line(line, longest) for line in kept]


def _line(line: str, longest: int) -> str:
    line = line.removesuffix("\r")
    more = len(line) - longest
    if more <= 0:
        return escape(line, lines=True)
    return f"{escape(line[:longest], lines=True)} ({more} characters more)"


def clip(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, with ... where something is missing."""
    return text if len(text) <= limit else text[: max(0, limit - 3)].rstrip() + "..."


def width(text: str) -> int:
    """The columns that `text` takes on a terminal; `text` is escaped already."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pad(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def duration(seconds: float) -> str:
    """`3.4 s`, `2 min 05 s`, `1 h 02 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def size(number: int) -> str:
    """Bytes for people: `999 B`, `43 MB`, `1.2 GB`."""
    value, unit = float(number), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if unit != "B" and value < 9.95 else f"{value:.0f} {unit}"


def count(number: int, noun: str) -> str:
    """`1 host`, `3 hosts`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def counted(counts: Iterable[tuple[str, int]]) -> str:
    """`2 changed, 1 failed`: the words whose count is not zero."""
    return ", ".join(f"{number} {word}" for word, number in counts if number)
