"""Regular expressions that users write, with a limit of time.

Python's `re` needs years for some patterns, such as (a+)+$ on forty letters and a digit, and no
other thread runs meanwhile: one line of one host would hold up all hosts. A pattern that may take
long on its text therefore runs in the library `regex`, which lets other threads run and stops when
its time is over. Both give the same result for a pattern that `re` accepts, except that `regex`
counts accents that are characters of their own as `\\w`.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, AnyStr, Generic, cast

from provisioner import regex as lazy

MAX_SECONDS = 10
"""The time of one search."""

QUICK_STEPS = 10_000_000
"""Estimated steps of a search for which `re` is used: some tenths of a second."""


class SlowPattern(ValueError):
    """A search takes longer than `MAX_SECONDS`."""


class UserRegex(Generic[AnyStr]):
    """A compiled pattern with the methods of `re.Pattern`. Raises re.error if it is invalid.

    Each method raises SlowPattern if it takes too long.
    """

    def __init__(self, pattern: AnyStr, flags: int = 0) -> None:
        self._pattern: re.Pattern[AnyStr] = re.compile(pattern, flags)
        self.flags: int = self._pattern.flags
        """All flags, also those that the pattern itself sets."""

    def search(self, text: AnyStr) -> re.Match[AnyStr] | None:
        return cast("re.Match[AnyStr] | None", self._call("search", text))

    def match(self, text: AnyStr) -> re.Match[AnyStr] | None:
        return cast("re.Match[AnyStr] | None", self._call("match", text))

    def fullmatch(self, text: AnyStr) -> re.Match[AnyStr] | None:
        return cast("re.Match[AnyStr] | None", self._call("fullmatch", text))

    def findall(self, text: AnyStr) -> list[Any]:
        return cast("list[Any]", self._call("findall", text))

    def subn(self, replacement: AnyStr, text: AnyStr, count: int = 0) -> tuple[AnyStr, int]:
        """As `re.Pattern.subn`. Raises re.error or IndexError if the replacement is invalid."""
        self._pattern.sub(replacement, text[:0])  # `regex` accepts more replacements
        return cast("tuple[AnyStr, int]", self._call("subn", replacement, text, count))

    def _call(self, method: str, *arguments: Any) -> Any:
        text = arguments[1] if method == "subn" else arguments[0]
        if self._steps(len(text)) <= QUICK_STEPS:
            return getattr(self._pattern, method)(*arguments)
        limited = getattr(self._limited, method)
        try:
            return limited(*arguments, timeout=MAX_SECONDS, concurrent=True)
        except TimeoutError:
            pattern = self._pattern.pattern
            shown = pattern if isinstance(pattern, str) else pattern.decode("utf-8", "replace")
            raise SlowPattern(
                f'the pattern "{shown}" takes longer than {MAX_SECONDS} s on a text'
                f" of {len(text)} characters: nested repetitions such as (a+)+ take too many steps"
            ) from None

    def _steps(self, length: int) -> float:
        """Return an upper estimate of the steps of a search in a text of this length."""
        nested, repeats, options = self._shape
        return float("inf") if nested else float(length) ** min(1 + repeats, 30) * 2.0**options

    @cached_property
    def _shape(self) -> tuple[bool, int, int]:
        """Whether a group is repeated, the number of repetitions, and of optional parts."""
        pattern = _as_text(self._pattern.pattern)
        return (
            _REPEATED_GROUP.search(pattern) is not None,
            sum(map(pattern.count, "*+{")),
            min(pattern.count("?"), 1000),
        )

    @cached_property
    def _limited(self) -> Any:
        """The pattern, compiled by the library `regex`."""
        import regex

        source = _as_text(self._pattern.pattern)
        source = _OWN_SYNTAX.sub(_for_regex, source)
        flags = self.flags & (re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE)
        is_text = isinstance(self._pattern.pattern, str)
        return regex.compile(source if is_text else source.encode("latin-1"), flags)


_REPEATED_GROUP = lazy.compile(r"\)[*+{]")

_OWN_SYNTAX = lazy.compile(
    r"""(?P<escape>\\.)
    | \[(?P<set>\^?\]?(?:\\.|[^\]\\])*)\]
    | \{(?!\d*,?\d*\})""",
    re.DOTALL | re.VERBOSE,
)
"""What is plain text for `re` and has a meaning for `regex`: {e}, [[:alpha:]]. Or an escape."""

_BRACKET_IN_SET = lazy.compile(r"(\\.)|\[", re.DOTALL)


def _for_regex(syntax: re.Match[str]) -> str:
    """Return a piece of a pattern that `_OWN_SYNTAX` matches, so that `regex` reads it as `re`."""
    if syntax["escape"]:
        return syntax[0]
    if syntax["set"] is None:
        return "\\" + syntax[0]
    characters = _BRACKET_IN_SET.sub(lambda found: found[1] or r"\[", syntax["set"])
    return f"[{characters}]"


def _as_text(pattern: str | bytes) -> str:
    return pattern if isinstance(pattern, str) else pattern.decode("latin-1")
