"""Convert values and sizes between Python and the docker command."""

from __future__ import annotations

import re
from typing import Any

from provisioner import regex

_SIZE = regex.compile(r"(\d+(?:\.\d+)?)\s*([bkmgtp]?)i?b?", re.IGNORECASE)


_UNITS = {unit: 1024**power for power, unit in enumerate(("b", "k", "m", "g", "t", "p"))}


def text_of(value: Any) -> str:
    """Return a value of YAML as text: true and false in lower case, None as an empty string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def bytes_of(text: str) -> int:
    """Return the bytes of a size such as `512M` (powers of 1024); `unlimited` is -1."""
    if text in ("unlimited", "-1"):
        return -1
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text!r} is not a size: write a number and B, K, M, G, T or P, such as 512M"
        )
    return int(float(match[1]) * _UNITS[match[2].lower() or "b"])


_ROUNDED_SIZE = regex.compile(r"([\d.]+)\s*([kKMGTP]?)(i?)B")


def rounded_bytes(text: str) -> int:
    """Return the bytes of a size that docker has rounded, such as `12.3MB`; 0 if `text` has none.

    Docker means powers of 1000, or of 1024 where it writes `MiB`.
    """
    match = _ROUNDED_SIZE.search(text)
    if match is None:
        return 0
    base = 1024 if match[3] else 1000
    power = " KMGTP".index(match[2].upper() or " ")
    return round(float(match[1]) * float(base**power))
