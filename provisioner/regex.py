"""Regular expressions that are compiled at their first use.

Python takes up to 8 ms to compile a pattern, and a short run uses few of the patterns that its
modules define.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def compile(pattern: AnyStr, flags: int | re.RegexFlag = 0) -> re.Pattern[AnyStr]:  # noqa: A001
    """Return an object with the methods and attributes of `re.compile(pattern, flags)`.

    The functions of `re` do not accept it in place of a pattern: call its own methods. A pattern
    with a syntax error raises `re.error` at its first use.
    """
    return cast("re.Pattern[AnyStr]", _LazyPattern(pattern, flags))


class _LazyPattern:
    """A pattern that is compiled when one of its attributes is first read."""

    def __init__(self, pattern: str | bytes, flags: int | re.RegexFlag) -> None:
        self.__dict__["arguments"] = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        attribute = getattr(re.compile(*self.__dict__["arguments"]), name)
        self.__dict__[name] = attribute  # later reads do not call __getattr__
        return attribute
