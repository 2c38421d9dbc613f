"""Filters on lists and dicts: merging, sets, pairs, combinations."""

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
"""The ways to merge two lists under the same key, by the value of `list_merge` of combine."""

MAX_ITEMS = 1_000_000
"""The largest number of items that one combinatorial filter returns."""


def is_list(value: Any) -> bool:
    """Whether a value is a list or a tuple."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def require_list(value: Any) -> list[Any]:
    """Return the items of an iterable as a list.

    Raises FilterArgumentError for text, numbers and other values that are not iterable.
    """
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise FilterArgumentError(f"a list is needed, not {describe(value)}")
    return list(value)


def require_dict(value: Any) -> dict[Any, Any]:
    """Return a dict of any mapping. Raises FilterArgumentError for other values."""
    if not isinstance(value, Mapping):
        raise FilterArgumentError(f"a dict is needed, not {describe(value)}")
    return dict(value)


def describe(value: Any) -> str:
    """Return a value's type for error messages. Text is never included: it may contain a secret."""
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
    """Return one dict with the keys of all given dicts. Of equal keys, the last dict's value wins.

    With `recursive`, dicts under the same key are merged too. `list_merge` says what happens with
    lists under the same key: replace, keep, append, prepend, append_rp or prepend_rp. The rules are
    those of ansible.builtin.combine.
    """
    if options:
        raise FilterArgumentError(f"there is no option {', '.join(sorted(options))}")
    if list_merge not in LIST_MERGES:
        raise FilterArgumentError(f"list_merge must be one of {', '.join(LIST_MERGES)}")
    result: dict[Any, Any] = {}
    for each in flatten((value, *others)):
        result = merge(result, require_dict(each), recursive, list_merge)
    return result


def merge(
    old: Mapping[Any, Any], new: Mapping[Any, Any], recursive: bool, list_merge: str
) -> dict[Any, Any]:
    """Return `old` with the keys of `new`, which win: the rules of `combine` for two dicts."""
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
    """Return a list of {key, value} dicts, one for each key of a dict.

    `key_name` and `value_name` name the two keys.
    """
    return [{key_name: key, value_name: item} for key, item in require_dict(value).items()]


def items2dict(value: Any, key_name: str = "key", value_name: str = "value") -> dict[Any, Any]:
    """Return a dict of a list of {key, value} dicts.

    `key_name` and `value_name` name the two keys.
    """
    items = [require_dict(item) for item in require_list(value)]
    for item in items:
        if key_name not in item or value_name not in item:
            raise FilterArgumentError(
                f'every item needs "{key_name}" and "{value_name}"; one is {describe(item)}'
            )
    return {item[key_name]: item[value_name] for item in items}


def flatten(value: Iterable[Any], levels: int | None = None, skip_nulls: bool = True) -> list[Any]:
    """Return one list of the items of nested lists.

    `levels` limits the depth. Nulls are left out unless `skip_nulls` is false.
    """
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
    """Return a hashable value that is equal for equal items."""
    if isinstance(item, Mapping):
        return ("dict", frozenset((key, _key(each)) for key, each in item.items()))
    if is_list(item):
        return ("list", tuple(map(_key, item)))
    return item if isinstance(item, Hashable) else ("repr", repr(item))


def unique_items(items: Iterable[Any]) -> list[Any]:
    """Return the items without duplicates, in the order of their first occurrence."""
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
    """Return the items without duplicates, in the order of their first occurrence.

    Text is compared without case unless `case_sensitive` is true. With `attribute`, items with the
    same value of it are duplicates.
    """
    from jinja2.filters import make_attrgetter

    attribute_of = make_attrgetter(environment, attribute)
    seen: set[Hashable] = set()
    result = []
    for item in value:
        compared = attribute_of(item)
        if isinstance(compared, str) and not case_sensitive:
            compared = compared.lower()
        key = _key(compared)
        if key not in seen:
            seen.add(key)
            result.append(item)
    return result


def union(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """Return the items of both lists, without duplicates."""
    return unique_items((*value, *other))


def intersect(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """Return the items that both lists contain, without duplicates."""
    other_keys = set(map(_key, other))
    return unique_items(item for item in value if _key(item) in other_keys)


def difference(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """Return the items of the first list that the second does not contain, without duplicates."""
    other_keys = set(map(_key, other))
    return unique_items(item for item in value if _key(item) not in other_keys)


def symmetric_difference(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """Return the items that only one of the two lists contains, without duplicates."""
    left, right = list(value), list(other)
    return difference(left, right) + difference(right, left)


def for_many_lists(of_two: Callable[[Any, Any], list[Any]]) -> Callable[..., list[Any]]:
    """Return a filter of two lists, extended to any number of lists.

    With `flatten`, each argument may be a list of lists.
    """

    @wraps(of_two)
    def combined(*lists: Any, flatten: bool = False) -> list[Any]:
        all_lists = [part for each in lists for part in _lists_in(each)] if flatten else lists
        return reduce(of_two, [require_list(each) for each in all_lists])

    return combined


def _lists_in(lists: Any) -> list[Any]:
    """Return the lists in a list of lists, or a list with the argument itself."""
    return list(lists) if is_list(lists) and all(map(is_list, lists)) else [lists]


def zipped(value: Iterable[Any], *others: Iterable[Any], strict: bool = False) -> list[Any]:
    """Return tuples of the first items of all lists, of the second items, and so on.

    The shortest list decides how many; with `strict` all must have the same length.
    """
    return list(zip(value, *others, strict=strict))


def zip_longest(value: Iterable[Any], *others: Iterable[Any], fillvalue: Any = None) -> list[Any]:
    """Return tuples of the first items of all lists, of the second items, and so on.

    `fillvalue` replaces the missing items of shorter lists.
    """
    return list(itertools.zip_longest(value, *others, fillvalue=fillvalue))


def product(value: Iterable[Any], *others: Iterable[Any], repeat: int = 1) -> list[Any]:
    """Return every combination of one item of each list, as tuples.

    `repeat` uses the lists several times.
    """
    return _limited(itertools.product(value, *others, repeat=repeat))


def permutations(value: Iterable[Any], length: int | None = None) -> list[Any]:
    """Return every order of the items, or of `length` of them, as tuples."""
    return _limited(itertools.permutations(value, length))


def combinations(value: Iterable[Any], length: int) -> list[Any]:
    """Return every selection of `length` items, in the order of the list, as tuples."""
    return _limited(itertools.combinations(value, length))


def _limited(items: Iterable[Any]) -> list[Any]:
    """Return the items as a list. Raises FilterArgumentError if there are more than `MAX_ITEMS`."""
    result = list(itertools.islice(items, MAX_ITEMS + 1))
    if len(result) > MAX_ITEMS:
        raise FilterArgumentError(f"the result has more than {MAX_ITEMS} items")
    return result


def subelements(
    value: Any, path: str | Sequence[str], skip_missing: bool = False
) -> list[tuple[Any, Any]]:
    """Return pairs (item, element) for the elements of a list in each item.

    The list is at `path`, such as `a.b`, in the item. With `skip_missing`, items without it give no
    pairs.
    """
    keys = path.split(".") if isinstance(path, str) else list(path)
    items = list(value.values()) if isinstance(value, Mapping) else require_list(value)
    return [(item, element) for item in items for element in _elements_at(item, keys, skip_missing)]


def _elements_at(item: Any, keys: Sequence[str], skip_missing: bool) -> list[Any]:
    """Return the elements of the list that an item has at a path of keys."""
    value = item
    for key in keys:
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif skip_missing:
            return []
        else:
            raise FilterArgumentError(f'there is no "{key}" in {describe(item)}')
    if not is_list(value):
        raise FilterArgumentError(f'"{".".join(keys)}" is not a list but {describe(value)}')
    return list(value)


def rekey_on_member(value: Any, key: str, duplicates: str = "error") -> dict[Any, Any]:
    """Return a dict of the items of a list or dict, by the value of their key `key`.

    For two items with the same value, `duplicates: error` fails and `overwrite` keeps the later
    one.
    """
    if duplicates not in ("error", "overwrite"):
        raise FilterArgumentError('duplicates must be "error" or "overwrite"')
    result: dict[Any, Any] = {}
    for item in value.values() if isinstance(value, Mapping) else require_list(value):
        if key not in require_dict(item):
            raise FilterArgumentError(f'there is no "{key}" in {describe(item)}')
        if item[key] in result and duplicates == "error":
            raise FilterArgumentError(f'two items have the {key} "{item[key]}"')
        result[item[key]] = item
    return result


@pass_environment
def extract(environment: Environment, value: Any, container: Any, morekeys: Any = None) -> Any:
    """Return the item of a list or dict at an index or key, as in `[0, 2] | map('extract', names)`.

    `morekeys` are keys to follow in that item.
    """
    for key in (value, *flatten([morekeys])):
        container = environment.getitem(container, key)
    return container


def dict_of_pairs(value: Any) -> dict[Any, Any]:
    """Return a dict of a list of (key, value) pairs."""
    return dict(require_list(value))


def dict_kv(value: Any, key: str) -> dict[str, Any]:
    """Return a dict that maps the key to the value."""
    return {key: value}


def counter(value: Any) -> dict[Any, int]:
    """Return how often each item of a list, or character of a text, occurs, as a dict."""
    result: dict[Any, int] = {}
    for item in value if isinstance(value, str) else require_list(value):
        result[item] = result.get(item, 0) + 1
    return result


def lists_mergeby(
    *lists: Any, recursive: bool = False, list_merge: str = "replace"
) -> list[dict[Any, Any]]:
    """Return one list of the dicts of all lists, sorted by the key that the last argument names.

    Dicts with the same value of that key are merged, as `combine` does.
    """
    *terms, index = lists
    if wrong := [each for each in terms if not isinstance(each, list | tuple)]:
        raise FilterArgumentError(
            "All arguments before the argument index for community.general.lists_mergeby must be "
            f"lists. {wrong[0]} is {type(wrong[0])}"
        )
    lists_given = terms if len(terms) > 1 else terms[0]
    values = [each for each in lists_given if each]
    if len(values) < 2:
        return list(values[0]) if values else []
    merged: dict[Any, dict[Any, Any]] = {}
    for item in flatten(values):
        if index in require_dict(item):
            merged[item[index]] = merge(merged.get(item[index], {}), item, recursive, list_merge)
    return sorted(merged.values(), key=lambda item: item[index])


def groupby_as_dict(value: Any, attribute: str) -> dict[Any, Any]:
    """Return a dict of the dicts in a list, by the value of their key `attribute`.

    The values must be different.
    """
    return rekey_on_member(value, attribute)
