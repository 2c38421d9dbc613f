"""Versions of the kinds that the test `version` knows: how each is read and compared."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import total_ordering
from typing import Any

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys(("==", "=", "eq"), operator.eq),
    **dict.fromkeys(("!=", "<>", "ne"), operator.ne),
    **dict.fromkeys(("<", "lt"), operator.lt),
    **dict.fromkeys(("<=", "le"), operator.le),
    **dict.fromkeys((">", "gt"), operator.gt),
    **dict.fromkeys((">=", "ge"), operator.ge),
}
"""How two versions are compared."""


@total_ordering
class LooseVersion:
    """A version as runs of digits and letters: digits compare as numbers, letters as text."""

    def __init__(self, text: str) -> None:
        self.text = text
        parts = (part for part in re.split(r"(\d+|[a-z]+|\.)", text) if part and part != ".")
        self.parts = [int(part) if part.isdecimal() else part for part in parts]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LooseVersion) and self.parts == other.parts

    def __lt__(self, other: LooseVersion) -> bool:
        return self.parts < other.parts

    def __hash__(self) -> int:
        return hash(tuple(self.parts))


def _strict_version(text: str) -> Any:
    """1.2, 1.2.3, 1.2a3, 1.2.3b4, as Python's distutils knew them."""
    match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?", text, re.ASCII)
    if match is None:
        raise ValueError(f'"{text}" is not a version such as 1.2.3 or 1.2b1')
    numbers = tuple(int(part or 0) for part in match.group(1, 2, 3))
    return numbers, (match[4], int(match[5])) if match[4] else ("final", 0)


def _semantic_version(text: str) -> Any:
    """1.2.3-rc.1+build, as semver.org says."""
    number = r"(0|[1-9]\d*)"
    match = re.fullmatch(
        rf"{number}\.{number}\.{number}(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?", text, re.ASCII
    )
    if match is None:
        raise ValueError(f'"{text}" is not a semantic version such as 1.2.3 or 1.2.3-rc.1')
    names = match[4].split(".") if match[4] else []
    before = [(0, int(name), "") if name.isdecimal() else (1, 0, name) for name in names]
    return tuple(int(part) for part in match.group(1, 2, 3)), not names, before


def _pep440_version(text: str) -> Any:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except InvalidVersion:
        raise ValueError(f'"{text}" is not a version as PEP 440 says') from None


KINDS: dict[str, Callable[[str], Any]] = {
    "loose": LooseVersion,
    "strict": _strict_version,
    "semver": _semantic_version,
    "semantic": _semantic_version,
    "pep440": _pep440_version,
}
"""How a version is read: `version_type`."""


def compared(one: str, by: str, other: str, kind: str) -> bool:
    """Whether `one` is to `other` as the operator `by` says, both read as `kind`. `ValueError`
    for an operator or a kind that there is not, and for what is no such version."""
    if by not in OPERATORS:
        raise ValueError(f'"{by}" is none of {", ".join(OPERATORS)}')
    if kind not in KINDS:
        raise ValueError(f'version_type "{kind}" is none of {", ".join(KINDS)}')
    read = KINDS[kind]
    try:
        return OPERATORS[by](read(one), read(other))
    except TypeError:
        reason = f'"{one}" and "{other}" differ where one has a number and the other letters'
        raise ValueError(reason) from None
