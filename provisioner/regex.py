"""Regular expressions that are compiled when they are first used: a short run uses few of those
that its modules name, and Python takes up to 8 ms to compile one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, AnyStr, cast


def compile(pattern: AnyStr, flags: int | re.RegexFlag = 0) -> re.Pattern[AnyStr]:  # noqa: A001
    """What `re.compile` gives, but for what only `re` itself can take: as the pattern of `re.sub`
    and its like."""
    return cast("re.Pattern[AnyStr]", _Later(pattern, flags))


class _Later:
    """A pattern that is compiled for the first of its methods that is called."""

    def __init__(self, *arguments: Any) -> None:
        self.__dict__["arguments"] = arguments

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(_compile(*self.__dict__["arguments"]), name)
        self.__dict__[name] = found  # from now on found without this method
        return found


_compile = re.compile


@contextmanager
def compiled_later() -> Iterator[None]:
    """Patterns of what is imported meanwhile, before there are threads, are such ones, too."""
    re.compile = compile  # type: ignore[assignment]
    try:
        yield
    finally:
        re.compile = _compile
