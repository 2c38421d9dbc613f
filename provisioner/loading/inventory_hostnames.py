"""Host names in inventories: ranges, ports and IPv6 addresses."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from itertools import islice

from provisioner import regex
from provisioner.errors import LoadError
from provisioner.where import Where

MAX_RANGE = 100_000

_BRACKETED = regex.compile(r"\[([^\[\]]+)\](?::(\d+))?")
_WITH_PORT = regex.compile(r"((?:[^:\[\]]|\[[^\]]*\])*):(\d+)")
_RANGE = regex.compile(r"\[(\w*):(\w*)(?::(\w*))?\]")
_FORBIDDEN = regex.compile(r"[\s/;|&$`\"'<>\\\[\]{}]")


def hosts(pattern: str, where: Where) -> tuple[list[str], int | None]:
    """Return the names and the port of a pattern such as `web[01:20]:2222`.

    Raises LoadError for a wrong range or name, and for more than MAX_RANGE hosts.
    """
    name, port = split_port(pattern)
    names = list(islice(expand(name, where), MAX_RANGE + 1))
    if len(names) > MAX_RANGE:
        raise LoadError(f'"{pattern}" stands for more than {MAX_RANGE:,} hosts', where)
    return names, port


def split_port(text: str) -> tuple[str, int | None]:
    """Split `host:2222` or `[2001:db8::1]:2222` into host and port.

    A bare IPv6 address and a range such as `web[1:3]` have no port.
    """
    match = _BRACKETED.fullmatch(text)
    if match and match[1].count(":") > 1 and not _RANGE.fullmatch(f"[{match[1]}]"):
        return match[1], int(match[2]) if match[2] else None
    if match := _WITH_PORT.fullmatch(text):
        return match[1], int(match[2])
    return text, None


def expand(pattern: str, where: Where) -> Iterator[str]:
    """Yield the names of a range: `db[1:3]`, `db[01:10]` (keeps zeros), `db[a:f]`, `db[0:9:3]`."""
    match = _RANGE.search(pattern)
    if match is None:
        if not pattern or pattern[0] in "-!&~@#" or _FORBIDDEN.search(pattern):
            raise LoadError(f"\"{pattern}\" can't be a host's name", where)
        yield pattern
        return
    for value in _values(match, where):
        yield from expand(pattern[: match.start()] + value + pattern[match.end() :], where)


def _values(match: re.Match[str], where: Where) -> Sequence[str]:
    first, last, step = match[1] or "0", match[2], match[3] or "1"
    letters = string.ascii_letters
    if not step.isdigit() or not int(step):
        raise LoadError(f'the step of "{match[0]}" is not a number above 0', where)
    names: Sequence[str] = ()
    if first.isdigit() and last.isdigit():
        width = len(first) if first.startswith("0") and len(first) > 1 else 0
        if width and width != len(last):
            raise LoadError(
                f'the ends of "{match[0]}" have different lengths', where, "as in [01:20]"
            )
        numbers = range(int(first), int(last) + 1, int(step))
        if len(numbers) <= MAX_RANGE:
            names = [str(number).zfill(width) for number in numbers]
    elif len(first) == len(last) == 1 and first in letters and last in letters:
        names = letters[letters.index(first) : letters.index(last) + 1 : int(step)]
    else:
        raise LoadError(f'"{match[0]}" is not a range', where, "as in [01:20] or [a:f]")
    if not names:
        raise LoadError(
            f'the range "{match[0]}" is empty or has more than {MAX_RANGE:,} names', where
        )
    return names
