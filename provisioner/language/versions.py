"""Compare versions, for the test `version`. The kinds are those of ansible.builtin.version."""

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
"""The operators of the test, each with its other names."""


@total_ordering
class LooseVersion:
    """A version as runs of digits and letters, as in Python's distutils.version.LooseVersion.

    Digits compare as numbers, letters as text. Comparing a number with text is a `TypeError`.
    """

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
    """Parse a version such as 1.2, 1.2.3, 1.2a3 or 1.2.3b4.

    The rules are those of Python's distutils.version.StrictVersion.
    """
    match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?", text, re.ASCII)
    if match is None:
        raise ValueError(f'"{text}" is not a version such as 1.2.3 or 1.2b1')
    numbers = tuple(int(part or 0) for part in match.group(1, 2, 3))
    return numbers, (match[4], int(match[5])) if match[4] else ("final", 0)


def _semantic_version(text: str) -> Any:
    """Parse a version such as 1.2.3-rc.1+build.

    Its precedence is that of semver.org 2.0.0, chapter 11.
    """
    number = r"(0|[1-9]\d*)"
    match = re.fullmatch(
        rf"{number}\.{number}\.{number}(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?", text, re.ASCII
    )
    if match is None:
        raise ValueError(f'"{text}" is not a semantic version such as 1.2.3 or 1.2.3-rc.1')
    names = match[4].split(".") if match[4] else []
    prerelease = [(0, int(name), "") if name.isdecimal() else (1, 0, name) for name in names]
    return tuple(int(part) for part in match.group(1, 2, 3)), not names, prerelease


def _pep440_version(text: str) -> Any:
    """Parse a version of a Python package (PEP 440)."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except InvalidVersion:
        raise ValueError(f'"{text}" is not a version of PEP 440, such as 1.2.3rc1') from None


KINDS: dict[str, Callable[[str], Any]] = {
    "loose": LooseVersion,
    "strict": _strict_version,
    "semver": _semantic_version,
    "semantic": _semantic_version,
    "pep440": _pep440_version,
}
"""The functions that read a version, by the test's option `version_type`."""


def compare(one: str, operator_name: str, other: str, kind: str) -> bool:
    """Return the result of the comparison of two versions of a kind.

    Raises ValueError for an unknown operator or kind, and for text that is not a version of the
    kind.
    """
    if operator_name not in OPERATORS:
        raise ValueError(f'"{operator_name}" is not an operator ({", ".join(OPERATORS)})')
    if kind not in KINDS:
        raise ValueError(f'"{kind}" is not a version_type ({", ".join(KINDS)})')
    read = KINDS[kind]
    try:
        return OPERATORS[operator_name](read(one), read(other))
    except TypeError:
        reason = f'"{one}" and "{other}" can\'t be compared: a number meets letters'
        raise ValueError(reason) from None
