"""Makes text of hosts, users and files safe for a terminal.

All text that is printed passes `escape` once, before colours are added. rich and click do not
sanitize text: off a terminal rich passes a raw ESC, and always the C1 and bidi controls.
"""

from __future__ import annotations

import re

from provisioner import regex

# C0 except tab and newline, DEL and C1, the bidi controls of Trojan Source (CVE-2021-42574), the
# two separators that some programs treat as the end of a line, and lone surrogates (bytes that are
# not UTF-8).
_UNSAFE = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_UNSAFE_IN_LINES = regex.compile(f"[{_UNSAFE}]")
_UNSAFE_IN_LINE = regex.compile(f"[\t\n{_UNSAFE}]")
_NAMED_ESCAPES = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}


def escape(text: str, *, lines: bool = False) -> str:
    r"""Return `text` with each character that could control a terminal as a visible escape.

    ESC becomes `\x1b`, U+202E `\u202e`, a C1 control `\u009b`, and a byte that is not UTF-8
    (surrogateescape) `\xff`. Backslashes are not escaped: the result is only for people. With
    `lines`, newlines and tabs stay.
    """
    unsafe = _UNSAFE_IN_LINES if lines else _UNSAFE_IN_LINE
    if text.isascii() and text.isprintable():
        return text
    return unsafe.sub(_visible_escape, text)


def _visible_escape(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if character in _NAMED_ESCAPES:
        return _NAMED_ESCAPES[character]
    if code < 0x80:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}"
