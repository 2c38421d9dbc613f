"""Filters on the keys of nested data, as ansible.utils has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2.exceptions import FilterArgumentError

from provisioner.language.filters.data import a_dict, a_list, is_list, shown

MATCHES: dict[str, Callable[[str, str], bool]] = {
    "equality": lambda key, wanted: key == wanted,
    "starts_with": lambda key, wanted: key.startswith(wanted),
    "ends_with": lambda key, wanted: key.endswith(wanted),
    "regex": lambda key, wanted: re.match(wanted, key) is not None,
}
"""How a key is compared with those that are named: `matching_parameter`."""


def keep_keys(value: Any, target: list[str], matching_parameter: str = "equality") -> Any:
    """Nested data with only those values whose keys are named, and what leads to them."""
    wanted = _wanted(_data(value), target, matching_parameter)
    return _kept(value, wanted)


def remove_keys(value: Any, target: list[str], matching_parameter: str = "equality") -> Any:
    """Nested data without the keys that are named, nor items of lists that are empty then."""
    wanted = _wanted(_data(value), target, matching_parameter)
    return _without(value, wanted)


def replace_keys(
    value: Any, target: list[dict[str, str]], matching_parameter: str = "equality"
) -> Any:
    """Nested data with keys renamed: `target` is a list of {before, after}."""
    match = _match(matching_parameter)
    pairs = [(str(each["before"]), each["after"]) for each in map(a_dict, a_list(target))]

    def renamed(item: Any) -> Any:
        if is_list(item):
            return [renamed(each) for each in item]
        if not isinstance(item, Mapping):
            return item
        named = ((_new_name(str(key), pairs, match) or key, each) for key, each in item.items())
        return {key: renamed(each) for key, each in named}

    return renamed(_data(value))


def _new_name(
    key: str, pairs: list[tuple[str, str]], match: Callable[[str, str], bool]
) -> str | None:
    return next((after for before, after in pairs if match(key, before)), None)


def _data(value: Any) -> Any:
    if not isinstance(value, Mapping) and not is_list(value):
        raise FilterArgumentError(f"a dict or a list is needed, not {shown(value)}")
    return value


def _match(name: str) -> Callable[[str, str], bool]:
    if name not in MATCHES:
        raise FilterArgumentError(f"matching_parameter is one of {', '.join(MATCHES)}")
    return MATCHES[name]


def _wanted(value: Any, target: list[str], name: str) -> Callable[[Any], bool]:
    match, names = _match(name), [str(each) for each in a_list(target)]
    return lambda key: any(match(str(key), each) for each in names)


def _kept(value: Any, wanted: Callable[[Any], bool]) -> Any:
    if is_list(value):
        return [_kept(item, wanted) for item in value]
    if not isinstance(value, Mapping):
        return value
    result = {}
    for key, item in value.items():
        if not isinstance(item, Mapping) and not is_list(item):
            if wanted(key):
                result[key] = item
            continue
        inside = _kept(item, wanted)
        if is_list(inside):  # as Ansible: lists of mere text go, whatever their key
            inside = [each for each in inside if each not in ([], {})]
            if all(isinstance(each, str) for each in inside):
                continue
        if inside not in ([], {}):
            result[key] = inside
    return result


def _without(value: Any, wanted: Callable[[Any], bool]) -> Any:
    if is_list(value):
        return [item for item in (_without(each, wanted) for each in value) if item]
    if not isinstance(value, Mapping):
        return value
    return {key: _without(item, wanted) for key, item in value.items() if not wanted(key)}
