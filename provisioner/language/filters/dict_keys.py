"""Filters on the keys of nested data, as in the collection ansible.utils."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2.exceptions import FilterArgumentError

from provisioner.language.filters.data import describe, is_list, require_dict, require_list
from provisioner.user_regex import UserRegex

MATCHES: dict[str, Callable[[str, str], bool]] = {
    "equality": lambda key, name: key == name,
    "starts_with": lambda key, name: key.startswith(name),
    "ends_with": lambda key, name: key.endswith(name),
    "regex": lambda key, name: UserRegex(name).match(key) is not None,
}
"""The ways to compare a key with a name in `target`, by the value of `matching_parameter`."""


def keep_keys(value: Any, target: list[str], matching_parameter: str = "equality") -> Any:
    """Return nested data with only the values whose keys are in `target`.

    The dicts and lists that contain such a value stay. `matching_parameter` is equality,
    starts_with, ends_with or regex.
    """
    is_target = _target_test(target, matching_parameter)
    return _keep(_require_data(value), is_target)


def remove_keys(value: Any, target: list[str], matching_parameter: str = "equality") -> Any:
    """Return nested data without the keys in `target`.

    Items of lists that become empty are removed. `matching_parameter` is equality, starts_with,
    ends_with or regex.
    """
    is_target = _target_test(target, matching_parameter)
    return _remove(_require_data(value), is_target)


def replace_keys(
    value: Any, target: list[dict[str, str]], matching_parameter: str = "equality"
) -> Any:
    """Return nested data with keys renamed.

    `target` is a list of {before, after}. `matching_parameter` is equality, starts_with, ends_with
    or regex.
    """
    match = _match(matching_parameter)
    pairs = [
        (str(each["before"]), each["after"]) for each in map(require_dict, require_list(target))
    ]

    def renamed(item: Any) -> Any:
        if is_list(item):
            return [renamed(each) for each in item]
        if not isinstance(item, Mapping):
            return item
        named = ((_new_name(str(key), pairs, match) or key, each) for key, each in item.items())
        return {key: renamed(each) for key, each in named}

    return renamed(_require_data(value))


def _new_name(
    key: str, pairs: list[tuple[str, str]], match: Callable[[str, str], bool]
) -> str | None:
    """Return the new name of a key; None if it keeps its name."""
    return next((after for before, after in pairs if match(key, before)), None)


def _require_data(value: Any) -> Any:
    """Return a dict or a list unchanged. Raises FilterArgumentError for other values."""
    if not isinstance(value, Mapping) and not is_list(value):
        raise FilterArgumentError(f"a dict or a list is needed, not {describe(value)}")
    return value


def _match(name: str) -> Callable[[str, str], bool]:
    """Return the function for a value of `matching_parameter`."""
    if name not in MATCHES:
        raise FilterArgumentError(f"matching_parameter must be one of {', '.join(MATCHES)}")
    return MATCHES[name]


def _target_test(target: list[str], matching_parameter: str) -> Callable[[Any], bool]:
    """Return a function that says whether a key is one of `target`."""
    match, names = _match(matching_parameter), [str(each) for each in require_list(target)]
    return lambda key: any(match(str(key), each) for each in names)


def _keep(value: Any, is_target: Callable[[Any], bool]) -> Any:
    """Return the data with only the keys that `is_target` accepts."""
    if is_list(value):
        return [_keep(item, is_target) for item in value]
    if not isinstance(value, Mapping):
        return value
    result = {}
    for key, item in value.items():
        if not isinstance(item, Mapping) and not is_list(item):
            if is_target(key):
                result[key] = item
            continue
        inside = _keep(item, is_target)
        if is_list(inside):  # as in ansible.utils, lists of text only are removed under any key
            inside = [each for each in inside if each not in ([], {})]
            if all(isinstance(each, str) for each in inside):
                continue
        if inside not in ([], {}):
            result[key] = inside
    return result


def _remove(value: Any, is_target: Callable[[Any], bool]) -> Any:
    """Return the data without the keys that `is_target` accepts."""
    if is_list(value):
        return [item for item in (_remove(each, is_target) for each in value) if item]
    if not isinstance(value, Mapping):
        return value
    return {key: _remove(item, is_target) for key, item in value.items() if not is_target(key)}
