"""Filters on numbers, sizes, dates and times, and random values."""

from __future__ import annotations

import math
import random as chance
import re
from collections.abc import Callable, Sequence
from typing import Any

from jinja2.exceptions import FilterArgumentError

from provisioner.language.filters.data import describe

SIZES: dict[str, int] = {letter: 1024**power for power, letter in enumerate("BKMGTPEZY")}
"""Bytes in a unit, by the first letter of its name."""

WORDS = {
    "B": "byte", "K": "kilobyte", "M": "megabyte", "G": "gigabyte", "T": "terabyte",
    "P": "petabyte", "E": "exabyte", "Z": "zetabyte", "Y": "yottabyte",
}  # fmt: skip
"""Names of units, by their first letter."""


def _number(value: Any) -> float:
    if isinstance(value, bool | int | float):
        return value
    raise FilterArgumentError(f"a number is needed, not {describe(value)}")


def log(value: Any, base: float = math.e) -> float:
    """Return the logarithm of a number to a base; the natural logarithm without a base."""
    try:
        return math.log10(_number(value)) if base == 10 else math.log(_number(value), base)
    except (ValueError, ZeroDivisionError):
        raise FilterArgumentError(f"{value} has no logarithm to the base {base}") from None


def power(value: Any, exponent: Any) -> float:
    """Return the number raised to the power of `exponent`."""
    try:
        return math.pow(_number(value), _number(exponent))
    except (ValueError, OverflowError) as error:
        raise FilterArgumentError(f"{value} to the power of {exponent}: {error}") from None


def root(value: Any, base: Any = 2) -> float:
    """Return the square root of a number, or the root of degree `base`."""
    try:
        return math.sqrt(_number(value)) if base == 2 else math.pow(value, 1.0 / _number(base))
    except (ValueError, ZeroDivisionError, OverflowError):
        raise FilterArgumentError(f"{value} has no root of degree {base}") from None


def human_readable(size: Any, isbits: bool = False, unit: str | None = None) -> str:
    """Return a number of bytes as text such as "1.50 KB".

    `unit` selects the unit (K, M, G …). With `isbits` the number is one of bits.
    """
    number, requested = _number(size), (unit or "").upper()
    for letter, limit in reversed(SIZES.items()):
        if letter == requested or (requested not in SIZES and number >= limit):
            break
    smallest = "bits" if isbits else "Bytes"
    name = smallest if limit == 1 else letter + ("b" if isbits else "B")
    return f"{number / limit:.2f} {name}"


def human_to_bytes(size: Any, default_unit: str | None = None, isbits: bool = False) -> int:
    """Return the number of bytes of a text such as "1.5 GB". A unit is 1024 times the one before.

    `default_unit` is the unit of a number without one. With `isbits` the result is a number of
    bits. The rules are those of ansible.builtin.human_to_bytes.
    """
    match = re.fullmatch(r"\s*(\d*\.?\d*)\s*([A-Za-z]+)?\s*", str(size), re.ASCII)
    if match is None or match[1] in ("", "."):
        raise FilterArgumentError(f'"{size}" is not a size such as 1.5 GB')
    unit = match[2] or default_unit or "B"
    letter, mark = unit[0].upper(), "b" if isbits else "B"
    word = WORDS.get(letter, "")
    if isbits:
        word = word.replace("byte", "bit")
    if unit[1:] not in ("", mark) and unit.lower() not in (
        word,
        f"{word}s",
        *_bits(letter, isbits),
    ):
        letter = ""
    if letter not in SIZES:
        raise FilterArgumentError(f'"{size}": unknown unit "{unit}" (use KB, MB, GB …)')
    return round(float(match[1]) * SIZES[letter])


def _bits(letter: str, isbits: bool) -> tuple[str, ...]:
    """Return the other names of a unit of bits that Ansible accepts: Kbit and Kbits."""
    return (f"{letter.lower()}bit", f"{letter.lower()}bits") if isbits else ()


def random(value: Any, start: int | None = None, step: int | None = None, seed: Any = None) -> Any:
    """Return a random item of a list, or a random number below the given one.

    `start` is the smallest number, 0 by default; `step` is the distance between possible numbers.
    The same `seed` gives the same result.
    """
    source = chance.SystemRandom() if seed is None else chance.Random(seed)  # noqa: S311
    if isinstance(value, int):
        try:
            return source.randrange(start or 0, value, step or 1)
        except ValueError:
            raise FilterArgumentError(
                f"there is no number from {start or 0} up to {value}"
            ) from None
    if start or step:
        raise FilterArgumentError("start and step need a number, not a list")
    if not isinstance(value, Sequence):
        raise FilterArgumentError(f"a list or a whole number is needed, not {describe(value)}")
    if not value:
        raise FilterArgumentError("the list is empty")
    return source.choice(value)


def shuffle(value: Any, seed: Any = None) -> Any:
    """Return the items of a list in random order. The same `seed` gives the same order."""
    try:
        items = list(value)
    except TypeError:
        return value
    source = chance.SystemRandom() if seed is None else chance.Random(seed)  # noqa: S311
    source.shuffle(items)
    return items


def random_mac(value: Any, seed: Any = None) -> str:
    """Return a MAC address with the given beginning, such as 52:54:00, and a random rest.

    The same `seed` gives the same address.
    """
    parts = str(value).lower().strip(":").split(":")
    if len(parts) > 5 or not all(re.fullmatch(r"[0-9a-f]{2}", part) for part in parts):
        raise FilterArgumentError(f'"{value}" is not the beginning of a MAC address')
    source = chance.SystemRandom() if seed is None else chance.Random(seed)  # noqa: S311
    rest = f"{source.randint(0x1000000000, 0xFFFFFFFFFF):x}"
    return ":".join([*parts, *(rest[at : at + 2] for at in range(0, 10, 2))][:6])


def to_datetime(value: Any, format: str = "%Y-%m-%d %H:%M:%S") -> Any:  # noqa: A002
    """Return the date and time of a text as a Python datetime.

    `format` is that of strptime. The difference of two has the attributes `days` and `seconds`.
    """
    from datetime import datetime

    try:
        return datetime.strptime(str(value), format)
    except ValueError as error:
        raise FilterArgumentError(str(error)) from None


def strftime(format: Any, second: Any = None, utc: bool = False) -> str:  # noqa: A002
    """Return the current time, or the time `second`, in a format of strftime.

    `second` is a number of seconds since 1970-01-01 UTC. The time is local unless `utc` is true.
    """
    import time

    try:
        moment = time.time() if second is None else float(second)
        return time.strftime(str(format), time.gmtime(moment) if utc else time.localtime(moment))
    except (ValueError, TypeError, OverflowError, OSError):
        raise FilterArgumentError(f'"{second}" is not a number of seconds') from None


UNITS = {
    "millisecond": 1, "second": 1000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000,
    "week": 604_800_000, "month": 2_592_000_000, "year": 31_536_000_000,
}  # fmt: skip
"""Milliseconds in each unit of time. A month has 30 days, a year 365."""

SHORT = {
    "ms": "millisecond", "msec": "millisecond", "s": "second", "sec": "second", "m": "minute",
    "min": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year",
}  # fmt: skip
"""Abbreviations of the units of time."""


def to_time_unit(
    value: Any, unit: str = "ms", *, year: float | None = None, month: float | None = None
) -> float:
    """Return a duration such as "1h 30m" as a number of units, milliseconds by default.

    A month has 30 days and a year 365, unless `month` or `year` give other numbers of days.
    """
    sizes = UNITS | {
        name: int(days * UNITS["day"])
        for name, days in (("year", year), ("month", month))
        if days is not None
    }
    total = 0.0
    for part in [] if value == "0" else str(value).split():
        match = re.fullmatch(r"(-?\d+)([a-z]+)", part, re.ASCII)
        if match is None:
            raise FilterArgumentError(f'"{value}" is not a duration such as "1h 30m"')
        total += int(match[1]) * sizes[_unit(match[2])]
    return round(total / sizes[_unit(unit)], 12)


def _unit(text: str) -> str:
    """Return the unit of time for its name or an abbreviation of it."""
    word = text.lower()
    name = SHORT.get(word) or word.removesuffix("s")
    name = SHORT.get(name, name)
    if name not in UNITS:
        raise FilterArgumentError(f'"{text}" is not a unit of time ({", ".join(UNITS)})')
    return name


def _in_unit(name: str) -> Callable[..., float]:
    """Return the filter that converts a duration to a number of one unit."""

    def converted(value: Any, **options: Any) -> float:
        return to_time_unit(value, name, **options)

    converted.__doc__ = f"""Return a duration such as "1h 30m" as a number of {name}s."""
    return converted


TIME_UNITS: dict[str, Callable[..., float]] = {
    "to_time_unit": to_time_unit,
    **{f"to_{name}s": _in_unit(name) for name in UNITS},
}
"""The filters that convert durations, by name."""
