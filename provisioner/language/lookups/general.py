"""Lookups of the collections community.general and ansible.utils."""

from __future__ import annotations

import base64
import re
import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any

from provisioner.language.filters.data import describe, is_list, merge
from provisioner.language.filters.formats import get_path as path_in
from provisioner.language.filters.formats import index_of as place_in
from provisioner.language.filters.formats import to_paths as paths_in
from provisioner.language.filters.text import to_bool
from provisioner.language.lookups.context import LookupContext
from provisioner.language.lookups.terms import LookupFailedError
from provisioner.user_regex import UserRegex

RANDOM: dict[str, Any] = {
    "length": 8, "upper": True, "lower": True, "numbers": True, "special": True, "min_upper": 0,
    "min_lower": 0, "min_numeric": 0, "min_special": 0, "override_special": None,
    "override_all": None, "ignore_similar_chars": False, "similar_chars": "il1LoO0",
    "base64": False,
}  # fmt: skip
"""The options of the lookup `random_string`, with their defaults."""


KINDS = {
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "numbers": string.digits,
    "special": string.punctuation,
}
"""The characters of each kind."""


def random_string(context: LookupContext, terms: list[Any], **options: Any) -> list[str]:
    """Return a random text.

    `length` is the number of characters. upper, lower, numbers and special select their kinds,
    min_upper and so on their smallest number. The options are those of
    community.general.random_string.
    """
    all_options = {**RANDOM, **options}
    similar = (
        str(all_options["similar_chars"]) if to_bool(all_options["ignore_similar_chars"]) else ""
    )
    kinds = {
        name: "".join(char for char in chars if char not in similar)
        for name, chars in KINDS.items()
    }
    kinds["special"] = str(all_options["override_special"] or kinds["special"])
    allowed = str(all_options["override_all"] or "") or "".join(
        chars for name, chars in kinds.items() if to_bool(all_options[name])
    )
    if not allowed:
        raise LookupFailedError("no characters are left to choose from")
    characters = [] if all_options["override_all"] else _required(kinds, all_options)
    characters += [
        secrets.choice(allowed) for _ in range(int(all_options["length"]) - len(characters))
    ]
    secrets.SystemRandom().shuffle(characters)
    text = "".join(characters)
    return [base64.b64encode(text.encode()).decode() if to_bool(all_options["base64"]) else text]


def _required(kinds: Mapping[str, str], options: Mapping[str, Any]) -> list[str]:
    """Return the minimum characters of each kind that the options require."""
    other_names = {"numbers": "min_numeric"}
    counts = {name: int(options[other_names.get(name, f"min_{name}")]) for name in kinds}
    return [secrets.choice(kinds[name]) for name, count in counts.items() for _ in range(count)]


def _pattern(text: str) -> UserRegex[str]:
    """Return the compiled regular expression."""
    try:
        return UserRegex(text)
    except re.error as error:
        raise LookupFailedError(f'the pattern "{text}" is not valid: {error}') from None


PATTERNS: dict[str, Callable[[str, str], bool]] = {
    "regex": lambda name, pattern: _pattern(pattern).search(name) is not None,
    "prefix": lambda name, pattern: name.startswith(pattern),
    "suffix": lambda name, pattern: name.endswith(pattern),
}
"""The functions that compare a name with a pattern in `merge_variables`, by `pattern_type`."""


def merge_variables(
    context: LookupContext,
    terms: list[Any],
    pattern_type: str = "regex",
    initial_value: Any = None,
    override: str = "error",
    groups: list[str] | None = None,
) -> list[Any]:
    """Return one dict or list of all variables whose names match, in the order of names.

    `pattern_type` is regex, prefix or suffix. A key with two values is an error unless `override`
    is ignore. With `groups`, the variables of all hosts of the groups are merged. The rules are
    those of community.general.merge_variables.
    """
    if pattern_type not in PATTERNS:
        raise LookupFailedError(f"pattern_type must be one of {', '.join(PATTERNS)}")
    match, scopes = PATTERNS[pattern_type], [context.variables]
    if groups:
        hosts = context.variables["hostvars"].values()
        scopes = [each for each in hosts if "all" in groups or {*groups} & {*each["group_names"]}]
    results = []
    for term in terms:
        values = [
            scope[name] for scope in scopes for name in sorted(scope) if match(name, str(term))
        ]
        results.append(_merged([initial_value, *values], override))
    return results


def _merged(values: list[Any], override: str) -> Any:
    """Return the values merged into the first one that is not None."""
    result: Any = None
    for value in values:
        if result is None:
            result = value
        elif isinstance(result, Mapping) and isinstance(value, Mapping):
            if override == "error":
                _refuse_overriding(result, value)
            result = merge(result, value, True, "append")
        elif is_list(result) and is_list(value):
            result = [*result, *value]
        elif value is not None:
            raise LookupFailedError(f"{describe(result)} and {describe(value)} can't be merged")
    return result


def _refuse_overriding(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> None:
    """Raise an error for a key that has different values in both dicts."""
    for key, value in new.items():
        before = old.get(key, value)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            _refuse_overriding(before, value)
        elif before != value and not (is_list(before) and is_list(value)):
            raise LookupFailedError(
                f'the key "{key}" has two values (`override: ignore` allows that)'
            )


def collection_version(
    context: LookupContext, terms: list[Any], result_not_found: Any = None
) -> list[Any]:
    """Return the versions of Ansible's collections. None is installed: it is `result_not_found`."""
    return [result_not_found for _ in terms]


def get_path(context: LookupContext, terms: list[Any], **options: Any) -> list[Any]:
    """Return the value at a path such as `a.b[0]`, like the filter of that name."""
    return [path_in(*terms, **options)]


def to_paths(context: LookupContext, terms: list[Any], **options: Any) -> list[Any]:
    """Return a flat dict of all values by their paths, like the filter of that name."""
    return [paths_in(*terms, **options)]


def index_of(context: LookupContext, terms: list[Any], **options: Any) -> list[Any]:
    """Return the index of an item in a list, like the filter of that name."""
    return [place_in(*terms, **options)]
