"""Lookups of lists, made of the terms alone."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from provisioner import regex
from provisioner.language.filters.data import flatten, is_list, shown
from provisioner.language.filters.text import to_bool
from provisioner.language.lookups.base import MAX_ITEMS, LookupFailedError, T, known_options, words
from provisioner.language.lookups.context import LookupContext


def items(context: LookupContext, terms: list[Any]) -> list[Any]:
    """The terms, lists among them taken apart, one level deep."""
    return flatten(terms, levels=1, skip_nulls=False)


def as_list(context: LookupContext, terms: list[Any]) -> list[Any]:
    """The terms as they are."""
    return list(terms)


def as_dict(context: LookupContext, terms: list[Any]) -> list[dict[str, Any]]:
    """A {key, value} for each key of dicts."""
    for term in terms:
        if not isinstance(term, Mapping):
            raise LookupFailedError(f"with_dict expects a dict, not {shown(term)}")
    return [{"key": key, "value": value} for term in terms for key, value in term.items()]


def flattened(context: LookupContext, terms: list[Any]) -> list[Any]:
    """The items of lists within lists, without nulls."""
    return flatten(terms)


def indexed_items(context: LookupContext, terms: list[Any]) -> list[tuple[int, Any]]:
    """Pairs of a number from 0 and an item."""
    return list(enumerate(flatten(terms, levels=1, skip_nulls=False)))


def nested(context: LookupContext, terms: list[Any]) -> list[list[Any]]:
    """Every pairing of the items of two or more lists."""
    if not terms:
        raise LookupFailedError("at least one list is needed")
    lists = [list(term) if is_list(term) else [term] for term in terms]
    pairings = itertools.islice(itertools.product(*lists), MAX_ITEMS + 1)
    return _bounded([flatten(each, skip_nulls=False) for each in pairings])


def together(context: LookupContext, terms: list[Any]) -> list[list[Any]]:
    """The first items of all lists, the second items, …; null where a list is too short."""
    if not terms:
        raise LookupFailedError("at least one list is needed")
    lists = [list(term) if is_list(term) else [term] for term in terms]
    rows = itertools.zip_longest(*lists)
    return [flatten(row, levels=1, skip_nulls=False) for row in rows]


def random_choice(context: LookupContext, terms: list[Any]) -> list[Any]:
    """One of the terms, by chance."""
    return [secrets.choice(terms)] if terms else []


def subelements(
    context: LookupContext, terms: list[Any], skip_missing: Any = False
) -> list[tuple[Any, Any]]:
    """Pairs (item without the list, element) for each element of the list in each item."""
    match terms:
        case [found, str() as path]:
            skips = to_bool(skip_missing)
        case [found, str() as path, Mapping() as flags]:
            skips = to_bool(known_options(flags, {"skip_missing": skip_missing})["skip_missing"])
        case _:
            raise LookupFailedError("a list, a key and perhaps {skip_missing: true} are needed")
    records = list(found.values()) if isinstance(found, Mapping) else flatten([found], levels=1)
    pairs: list[tuple[Any, Any]] = []
    for record in records:
        if not isinstance(record, Mapping):
            raise LookupFailedError(f"every item is a dict; one is {shown(record)}")
        if record.get("skipped"):
            continue
        rest, elements = _without(record, path.split("."), bool(skips))
        pairs += [(rest, element) for element in elements]
    return pairs


def _without(
    record: Mapping[str, Any], path: list[str], skips: bool
) -> tuple[dict[str, Any], list[Any]]:
    """The record without the list at `path`, and that list."""
    key, *deeper = path
    rest = dict(record)
    if key not in record:
        if skips:
            return rest, []
        raise LookupFailedError(f'there is no "{key}" in {shown(record)}')
    if deeper:
        if not isinstance(record[key], Mapping) and skips:
            return rest, []
        if not isinstance(record[key], Mapping):
            raise LookupFailedError(f'"{key}" is not a dict but {shown(record[key])}')
        rest[key], elements = _without(record[key], deeper, skips)
        return rest, elements
    if not is_list(record[key]):
        raise LookupFailedError(f'"{key}" is not a list but {shown(record[key])}')
    return rest, list(rest.pop(key))


SEQUENCE = {"start": "1", "end": None, "count": None, "stride": "1", "format": "%d"}
SHORT_SEQUENCE = regex.compile(
    r"(?:(?P<start>0x[0-9a-f]+|\d+)-)?(?P<end>0x[0-9a-f]+|\d+)"
    r"(?:/(?P<stride>0x[0-9a-f]+|\d+))?(?::(?P<format>.+))?",
    re.IGNORECASE | re.ASCII,
)


def sequence(context: LookupContext, terms: list[Any], **options: Any) -> list[str]:
    """Numbers as text, of `start=1 end=9 stride=2 format=web%02d`, `count=3` or `1-9/2:web%02d`."""
    given = [str(term) for term in terms] or [""]
    return _bounded([number for term in given for number in _numbers(term, options)])


def _numbers(term: str, options: dict[str, Any]) -> Iterator[str]:
    if short := SHORT_SEQUENCE.fullmatch(term.strip()):
        named: dict[str, Any] = {name: text for name, text in short.groupdict().items() if text}
    else:
        plain, named = words(term)
        if plain:
            raise LookupFailedError(f'"{term}" is not a sequence such as "start=1 end=9" or "1-9"')
    given = known_options({**options, **named}, SEQUENCE)
    if (given["end"] is None) == (given["count"] is None):
        raise LookupFailedError("end or count is needed, and not both")
    start, stride = _integer(given["start"]), _integer(given["stride"])
    if given["count"] is not None:
        count = _integer(given["count"])
        end = start + (count - 1) * stride if count else start - stride
        if count < 0:
            raise LookupFailedError("count can't be negative")
    else:
        end = _integer(given["end"])
    if stride > 0 and end < start and given["count"] is None:
        raise LookupFailedError("to count down, make stride negative")
    if stride < 0 and end > start and given["count"] is None:
        raise LookupFailedError("to count up, make stride positive")
    numbers = range(start, end + (1 if stride > 0 else -1), stride) if stride else range(0)
    for number in itertools.islice(numbers, MAX_ITEMS + 1):
        yield _formatted(str(given["format"]), number)


def _integer(text: Any) -> int:
    try:
        return int(str(text), 0)
    except ValueError:
        raise LookupFailedError(f'"{text}" is not a whole number') from None


def _formatted(form: str, number: int) -> str:
    try:
        return form % number
    except (TypeError, ValueError):
        raise LookupFailedError(f'"{form}" is not a format such as web%02d') from None


def _bounded(found: list[T]) -> list[T]:
    if len(found) > MAX_ITEMS:
        raise LookupFailedError(f"that is more than {MAX_ITEMS} items")
    return found
