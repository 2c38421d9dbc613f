"""Lookups that build lists from their terms alone."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from provisioner import regex
from provisioner.language.filters.data import describe, flatten, is_list
from provisioner.language.filters.text import to_bool
from provisioner.language.lookups.context import LookupContext
from provisioner.language.lookups.terms import (
    MAX_ITEMS,
    LookupFailedError,
    T,
    split_term,
    with_defaults,
)


def items(context: LookupContext, terms: list[Any]) -> list[Any]:
    """Return the terms as one list; a term that is a list gives its items."""
    return flatten(terms, levels=1, skip_nulls=False)


def as_list(context: LookupContext, terms: list[Any]) -> list[Any]:
    """Return the terms unchanged."""
    return list(terms)


def as_dict(context: LookupContext, terms: list[Any]) -> list[dict[str, Any]]:
    """Return a {key, value} dict for each key of the dicts."""
    for term in terms:
        if not isinstance(term, Mapping):
            raise LookupFailedError(f"a dict is needed, not {describe(term)}")
    return [{"key": key, "value": value} for term in terms for key, value in term.items()]


def flattened(context: LookupContext, terms: list[Any]) -> list[Any]:
    """Return the items of lists within lists as one list, without nulls."""
    return flatten(terms)


def indexed_items(context: LookupContext, terms: list[Any]) -> list[tuple[int, Any]]:
    """Return pairs (index, item), counted from 0."""
    return list(enumerate(flatten(terms, levels=1, skip_nulls=False)))


def nested(context: LookupContext, terms: list[Any]) -> list[list[Any]]:
    """Return every combination of one item of each list."""
    if not terms:
        raise LookupFailedError("at least one list is needed")
    lists = [list(term) if is_list(term) else [term] for term in terms]
    combinations = itertools.islice(itertools.product(*lists), MAX_ITEMS + 1)
    return _limited([flatten(each, skip_nulls=False) for each in combinations])


def together(context: LookupContext, terms: list[Any]) -> list[list[Any]]:
    """Return the lists of the first items of all terms, of the second items, and so on.

    Null replaces the missing items of shorter lists.
    """
    if not terms:
        raise LookupFailedError("at least one list is needed")
    lists = [list(term) if is_list(term) else [term] for term in terms]
    rows = itertools.zip_longest(*lists)
    return [flatten(row, levels=1, skip_nulls=False) for row in rows]


def random_choice(context: LookupContext, terms: list[Any]) -> list[Any]:
    """Return one of the terms, chosen at random."""
    return [secrets.choice(terms)] if terms else []


def subelements(
    context: LookupContext, terms: list[Any], skip_missing: Any = False
) -> list[tuple[Any, Any]]:
    """Return pairs (item, element) for the elements of a list in each item.

    The terms are the items, the key of the list such as `a.b`, and possibly {skip_missing: true}.
    The item in a pair lacks that list.
    """
    match terms:
        case [value, str() as path]:
            skips = to_bool(skip_missing)
        case [value, str() as path, Mapping() as flags]:
            skips = to_bool(with_defaults(flags, {"skip_missing": skip_missing})["skip_missing"])
        case _:
            raise LookupFailedError(
                "the terms must be a list, a key and, if needed, {skip_missing: true}"
            )
    records = list(value.values()) if isinstance(value, Mapping) else flatten([value], levels=1)
    pairs: list[tuple[Any, Any]] = []
    for record in records:
        if not isinstance(record, Mapping):
            raise LookupFailedError(f"every item must be a dict; one is {describe(record)}")
        if record.get("skipped"):
            continue
        rest, elements = _split_record(record, path.split("."), bool(skips))
        pairs += [(rest, element) for element in elements]
    return pairs


def _split_record(
    record: Mapping[str, Any], path: list[str], skips: bool
) -> tuple[dict[str, Any], list[Any]]:
    """Return the record without the list at `path`, and that list."""
    key, *deeper = path
    rest = dict(record)
    if key not in record:
        if skips:
            return rest, []
        raise LookupFailedError(f'there is no "{key}" in {describe(record)}')
    if deeper:
        if not isinstance(record[key], Mapping) and skips:
            return rest, []
        if not isinstance(record[key], Mapping):
            raise LookupFailedError(f'"{key}" is not a dict but {describe(record[key])}')
        rest[key], elements = _split_record(record[key], deeper, skips)
        return rest, elements
    if not is_list(record[key]):
        raise LookupFailedError(f'"{key}" is not a list but {describe(record[key])}')
    return rest, list(rest.pop(key))


SEQUENCE = {"start": "1", "end": None, "count": None, "stride": "1", "format": "%d"}
"""The options of the lookup `sequence`, with their defaults."""
SHORT_SEQUENCE = regex.compile(
    r"(?:(?P<start>0x[0-9a-f]+|\d+)-)?(?P<end>0x[0-9a-f]+|\d+)"
    r"(?:/(?P<stride>0x[0-9a-f]+|\d+))?(?::(?P<format>.+))?",
    re.IGNORECASE | re.ASCII,
)
"""The short form of a sequence: START-END/STRIDE:FORMAT."""


def sequence(context: LookupContext, terms: list[Any], **options: Any) -> list[str]:
    """Return numbers as text.

    A term is `start=1 end=9 stride=2 format=web%02d`, or with `count=5` in place of end, or the
    short form `1-9/2:web%02d`.
    """
    texts = [str(term) for term in terms] or [""]
    return _limited([number for text in texts for number in _numbers(text, options)])


def _numbers(term: str, options: dict[str, Any]) -> Iterator[str]:
    """Yield the numbers of one term of `sequence`."""
    if short := SHORT_SEQUENCE.fullmatch(term.strip()):
        named: dict[str, Any] = {name: text for name, text in short.groupdict().items() if text}
    else:
        rest, named = split_term(term)
        if rest:
            raise LookupFailedError(f'"{term}" is not a sequence such as "start=1 end=9" or "1-9"')
    values = with_defaults({**options, **named}, SEQUENCE)
    for number in itertools.islice(_range(values), MAX_ITEMS + 1):
        yield _formatted(str(values["format"]), number)


def _range(values: Mapping[str, Any]) -> range:
    """Return the numbers from `start` to `end`, or `count` numbers, with the distance `stride`."""
    if (values["end"] is None) == (values["count"] is None):
        raise LookupFailedError("give either end or count")
    start, stride = _integer(values["start"]), _integer(values["stride"])
    if values["count"] is not None:
        count = _integer(values["count"])
        if count < 0:
            raise LookupFailedError("count can't be negative")
        return range(start, start + count * stride, stride) if stride else range(0)
    end = _integer(values["end"])
    if stride > 0 and end < start:
        raise LookupFailedError("to count down, make stride negative")
    if stride < 0 and end > start:
        raise LookupFailedError("to count up, make stride positive")
    if stride == 0:
        return range(0)
    return range(start, end + (1 if stride > 0 else -1), stride)


def _integer(text: Any) -> int:
    """Return the whole number of a text, which may be hexadecimal or octal."""
    try:
        return int(str(text), 0)
    except ValueError:
        raise LookupFailedError(f'"{text}" is not a whole number') from None


def _formatted(template: str, number: int) -> str:
    """Return a number in a format of printf."""
    try:
        return template % number
    except (TypeError, ValueError):
        raise LookupFailedError(f'"{template}" is not a format such as web%02d') from None


def _limited(items: list[T]) -> list[T]:
    """Return the items. Raises an error if there are more than `MAX_ITEMS`."""
    if len(items) > MAX_ITEMS:
        raise LookupFailedError(f"the result has more than {MAX_ITEMS} items")
    return items
