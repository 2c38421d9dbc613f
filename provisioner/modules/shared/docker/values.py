"""Convert values and sizes between Python and the docker command."""

from __future__ import annotations

import re
from typing import Any

from provisioner import regex

_SIZE = regex.compile(r"(\d+(?:\.\d+)?)\s*([bkmgtp]?)i?b?", re.IGNORECASE)


_UNITS = {unit: 1024**power for power, unit in enumerate(("b", "k", "m", "g", "t", "p"))}


def text_of(value: Any) -> str:
    """YAML's value as docker has it: true, not True."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def bytes_of(text: str) -> int:
    """`512M` ▶ bytes; unlimited is -1."""
    if text in ("unlimited", "-1"):
        return -1
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no size: write a number and B, K, M, G, T or P (512M)")
    return int(float(match[1]) * _UNITS[match[2].lower() or "b"])


_ABOUT = regex.compile(r"([\d.]+)\s*([kKMGTP]?)(i?)B")


def bytes_about(text: str) -> int:
    """`12.3MB`, as docker shows sizes (powers of 1000) ▶ bytes, about."""
    match = _ABOUT.search(text)
    if match is None:
        return 0
    base = 1024 if match[3] else 1000
    power = " KMGTP".index(match[2].upper() or " ")
    return round(float(match[1]) * float(base**power))
