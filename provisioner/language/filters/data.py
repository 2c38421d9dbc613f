"""Filters on lists and dicts: merging, sets, pairs, reshaping."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import reduce, wraps
from typing import Any

from jinja2 import Environment, pass_environment
from jinja2.exceptions import FilterArgumentError

LIST_MERGES: dict[str, Callable[[list[Any], list[Any]], list[Any]]] = {
    "replace": lambda old, new: new,
    "keep": lambda old, new: old,
    "append": lambda old, new: old + new,
    "prepend": lambda old, new: new + old,
    "append_rp": lambda old, new: [item for item in old if item not in new] + new,
    "prepend_rp": lambda old, new: new + [item for item in old if item not in new],
}
"""How two lists under one key become one: `list_merge` of combine."""

MAX_ITEMS = 1_000_000
"""Items that one combinatorial filter may give; more is a mistake or an attack."""


def is_list(value: Any) -> bool:
    """Whether it is a list or tuple, and not text."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def a_list(value: Any) -> list[Any]:
    """The items of anything that is iterated; text and scalars are refused."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise FilterArgumentError(f"a list is needed, not {shown(value)}")
    return list(value)


def a_dict(value: Any) -> dict[Any, Any]:
    """A dict of any mapping; all else is refused."""
    if not isinstance(value, Mapping):
        raise FilterArgumentError(f"a dict is needed, not {shown(value)}")
    return dict(value)


def shown(value: Any) -> str:
    """What a value is, for an error message: never its text, of which a part might be a secret."""
    match value:
        case None:
            return "null"
        case bool() | int() | float():
            return f"the number {value}" if not isinstance(value, bool) else str(value).lower()
        case str() | bytes():
            return "text"
        case Mapping():
            keys = ", ".join(map(str, itertools.islice(value, 8)))
            return f"a dict with the keys {keys}" if keys else "an empty dict"
        case Sequence():
            return "a list"
    return f"a {type(value).__name__}"


def combine(
    value: Any, *others: Any, recursive: bool = False, list_merge: str = "replace", **options: Any
) -> dict[Any, Any]:
    """One dict of several, the later ones winning; also below the top with `recursive`."""
    if options:
        raise FilterArgumentError(f"there is no option {', '.join(sorted(options))}")
    if list_merge not in LIST_MERGES:
        raise FilterArgumentError(f"list_merge is one of {', '.join(LIST_MERGES)}")
    result: dict[Any, Any] = {}
    for each in flatten((value, *others)):
        result = merge(result, a_dict(each), recursive, list_merge)
    return result


def merge(
    old: Mapping[Any, Any], new: Mapping[Any, Any], recursive: bool, list_merge: str
) -> dict[Any, Any]:
    """`old` with the keys of `new`, which win."""
    result = dict(old)
    for key, value in new.items():
        before = result.get(key)
        if recursive and isinstance(before, Mapping) and isinstance(value, Mapping):
            result[key] = merge(before, value, recursive, list_merge)
        elif key in result and is_list(before) and is_list(value):
            result[key] = LIST_MERGES[list_merge](list(before or ()), list(value))
        else:
            result[key] = value
    return result


def dict2items(
    value: Any, key_name: str = "key", value_name: str = "value"
) -> list[dict[str, Any]]:
    """A list of {key, value} of a dict, for loops."""
    return [{key_name: key, value_name: item} for key, item in a_dict(value).items()]


def items2dict(value: Any, key_name: str = "key", value_name: str = "value") -> dict[Any, Any]:
    """A dict of a list of {key, value}."""
    items = [a_dict(item) for item in a_list(value)]
    for item in items:
        if key_name not in item or value_name not in item:
            raise FilterArgumentError(
                f'every item needs "{key_name}" and "{value_name}"; one is {shown(item)}'
            )
    return {item[key_name]: item[value_name] for item in items}


def flatten(value: Iterable[Any], levels: int | None = None, skip_nulls: bool = True) -> list[Any]:
    """The items of nested lists as one list, `levels` deep, without nulls."""
    result: list[Any] = []
    for item in value:
        if skip_nulls and (item is None or item in ("None", "null")):
            continue
        if not is_list(item) or levels == 0:
            result.append(item)
        else:
            deeper = None if levels is None else int(levels) - 1
            result.extend(flatten(item, deeper, skip_nulls))
    return result


def _key(item: Any) -> Hashable:
    """Something equal for equal items, and hashable even where they are not."""
    if isinstance(item, Mapping):
        return ("dict", frozenset((key, _key(each)) for key, each in item.items()))
    if is_list(item):
        return ("list", tuple(map(_key, item)))
    return item if isinstance(item, Hashable) else ("repr", repr(item))


def distinct(items: Iterable[Any]) -> list[Any]:
    """The items without repetition, in the order of their first sight."""
    result: dict[Hashable, Any] = {}
    for item in items:
        result.setdefault(_key(item), item)
    return list(result.values())


@pass_environment
def unique(
    environment: Environment,
    value: Any,
    case_sensitive: bool = False,
    attribute: str | int | None = None,
) -> list[Any]:
    """The items without repetition; text is compared without case unless `case_sensitive`."""
    from jinja2.filters import make_attrgetter

    attribute_of = make_attrgetter(environment, attribute)
    seen: set[Hashable] = set()
    result = []
    for item in value:
        found = attribute_of(item)
        key = _key(found.lower() if isinstance(found, str) and not case_sensitive else found)
        if key not in seen:
            seen.add(key)
            result.append(item)
    return result


def union(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """The items of both lists, each once."""
    return distinct((*value, *other))


def intersect(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """The items that both lists have, each once."""
    there = set(map(_key, other))
    return distinct(item for item in value if _key(item) in there)


def difference(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """The items of the first list that the second lacks, each once."""
    there = set(map(_key, other))
    return distinct(item for item in value if _key(item) not in there)


def symmetric_difference(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """The items that only one of the two lists has, each once."""
    left, right = list(value), list(other)
    return difference(left, right) + difference(right, left)


def of_many(of_two: Callable[[Any, Any], list[Any]]) -> Callable[..., list[Any]]:
    """A filter of two lists for any number of them."""

    @wraps(of_two)
    def over(*lists: Any, flatten: bool = False) -> list[Any]:
        given = [part for each in lists for part in _parts(each)] if flatten else lists
        return reduce(of_two, [a_list(each) for each in given])

    return over


def _parts(lists: Any) -> list[Any]:
    """The lists that a list of nothing but lists holds; any other list is itself one of them."""
    return list(lists) if is_list(lists) and all(map(is_list, lists)) else [lists]


def zipped(value: Iterable[Any], *others: Iterable[Any], strict: bool = False) -> list[Any]:
    """Tuples of the first items, the second items, …, as long as the shortest list."""
    return list(zip(value, *others, strict=strict))


def zip_longest(value: Iterable[Any], *others: Iterable[Any], fillvalue: Any = None) -> list[Any]:
    """Tuples of the first items, the second items, …, as long as the longest list."""
    return list(itertools.zip_longest(value, *others, fillvalue=fillvalue))


def product(value: Iterable[Any], *others: Iterable[Any], repeat: int = 1) -> list[Any]:
    """Every pairing of the items of two or more lists."""
    return _bounded(itertools.product(value, *others, repeat=repeat))


def permutations(value: Iterable[Any], length: int | None = None) -> list[Any]:
    """Every order of `length` of the items."""
    return _bounded(itertools.permutations(value, length))


def combinations(value: Iterable[Any], length: int) -> list[Any]:
    """Every choice of `length` of the items, in their order."""
    return _bounded(itertools.combinations(value, length))


def _bounded(items: Iterable[Any]) -> list[Any]:
    result = list(itertools.islice(items, MAX_ITEMS + 1))
    if len(result) > MAX_ITEMS:
        raise FilterArgumentError(f"that would give more than {MAX_ITEMS} items")
    return result


def subelements(
    value: Any, path: str | Sequence[str], skip_missing: bool = False
) -> list[tuple[Any, Any]]:
    """Pairs (item, element) for each element of the list that each item has at `path`."""
    keys = path.split(".") if isinstance(path, str) else list(path)
    items = list(value.values()) if isinstance(value, Mapping) else a_list(value)
    return [(item, element) for item in items for element in _at(item, keys, skip_missing)]


def _at(item: Any, keys: Sequence[str], skip_missing: bool) -> list[Any]:
    found = item
    for key in keys:
        if isinstance(found, Mapping) and key in found:
            found = found[key]
        elif skip_missing:
            return []
        else:
            raise FilterArgumentError(f'there is no "{key}" in {shown(item)}')
    if not is_list(found):
        raise FilterArgumentError(f'"{".".join(keys)}" is not a list but {shown(found)}')
    return list(found)


def rekey_on_member(value: Any, key: str, duplicates: str = "error") -> dict[Any, Any]:
    """A dict of the items by one of their members; `duplicates` is error or overwrite."""
    if duplicates not in ("error", "overwrite"):
        raise FilterArgumentError('duplicates is "error" or "overwrite"')
    result: dict[Any, Any] = {}
    for item in value.values() if isinstance(value, Mapping) else a_list(value):
        if key not in a_dict(item):
            raise FilterArgumentError(f'there is no "{key}" in {shown(item)}')
        if item[key] in result and duplicates == "error":
            raise FilterArgumentError(f'two items have the {key} "{item[key]}"')
        result[item[key]] = item
    return result


@pass_environment
def extract(environment: Environment, value: Any, container: Any, morekeys: Any = None) -> Any:
    """The value that a key or index has in a container, and `morekeys` below it."""
    for key in (value, *flatten([morekeys])):
        container = environment.getitem(container, key)
    return container


def dict_of_pairs(value: Any) -> dict[Any, Any]:
    """A dict of a list of pairs."""
    return dict(a_list(value))


def dict_kv(value: Any, key: str) -> dict[str, Any]:
    """A dict of one key with the value."""
    return {key: value}


def counter(value: Any) -> dict[Any, int]:
    """How often each item (or character of a text) occurs, as a dict by item."""
    result: dict[Any, int] = {}
    for item in value if isinstance(value, str) else a_list(value):
        result[item] = result.get(item, 0) + 1
    return result


def lists_mergeby(
    *lists: Any, recursive: bool = False, list_merge: str = "replace"
) -> list[dict[Any, Any]]:
    """Lists of dicts as one, sorted by a key (the last argument); equals are merged."""
    *terms, index = lists
    if wrong := [each for each in terms if not isinstance(each, list | tuple)]:
        raise FilterArgumentError(
            "All arguments before the argument index for community.general.lists_mergeby must be "
            f"lists. {wrong[0]} is {type(wrong[0])}"
        )
    given = terms if len(terms) > 1 else terms[0]
    values = [each for each in given if each]
    if len(values) < 2:
        return list(values[0]) if values else []
    merged: dict[Any, dict[Any, Any]] = {}
    for item in flatten(values):
        if index in a_dict(item):
            merged[item[index]] = merge(merged.get(item[index], {}), item, recursive, list_merge)
    return sorted(merged.values(), key=lambda item: item[index])


def groupby_as_dict(value: Any, attribute: str) -> dict[Any, Any]:
    """A dict of the dicts of a list by one of their keys, which must differ."""
    return rekey_on_member(value, attribute)
