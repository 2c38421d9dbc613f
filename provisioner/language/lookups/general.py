"""Lookups of the collections community.general and ansible.utils."""

from __future__ import annotations

import base64
import re
import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any

from provisioner.language.filters.data import is_list, merge, shown
from provisioner.language.filters.formats import get_path as path_in
from provisioner.language.filters.formats import index_of as place_in
from provisioner.language.filters.formats import to_paths as paths_in
from provisioner.language.filters.text import to_bool
from provisioner.language.lookups.base import LookupFailedError
from provisioner.language.lookups.context import LookupContext

RANDOM: dict[str, Any] = {
    "length": 8, "upper": True, "lower": True, "numbers": True, "special": True, "min_upper": 0,
    "min_lower": 0, "min_numeric": 0, "min_special": 0, "override_special": None,
    "override_all": None, "ignore_similar_chars": False, "similar_chars": "il1LoO0",
    "base64": False,
}  # fmt: skip


KINDS = {
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "numbers": string.digits,
    "special": string.punctuation,
}


def random_string(context: LookupContext, terms: list[Any], **options: Any) -> list[str]:
    """A random text of `length` characters, of the kinds that the options leave."""
    given = {**RANDOM, **options}
    similar = str(given["similar_chars"]) if to_bool(given["ignore_similar_chars"]) else ""
    kinds = {
        name: "".join(char for char in chars if char not in similar)
        for name, chars in KINDS.items()
    }
    kinds["special"] = str(given["override_special"] or kinds["special"])
    allowed = str(given["override_all"] or "") or "".join(
        chars for name, chars in kinds.items() if to_bool(given[name])
    )
    if not allowed:
        raise LookupFailedError("no characters are left to choose from")
    made = [] if given["override_all"] else _at_least(kinds, given)
    made += [secrets.choice(allowed) for _ in range(int(given["length"]) - len(made))]
    secrets.SystemRandom().shuffle(made)
    text = "".join(made)
    return [base64.b64encode(text.encode()).decode() if to_bool(given["base64"]) else text]


def _at_least(kinds: Mapping[str, str], given: Mapping[str, Any]) -> list[str]:
    """As many characters of each kind as the options ask for."""
    least = {"numbers": "min_numeric"}
    wanted = ((chars, int(given[least.get(n, f"min_{n}")])) for n, chars in kinds.items())
    return [secrets.choice(chars) for chars, count in wanted for _ in range(count)]


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise LookupFailedError(f'"{text}" is no regular expression: {error}') from None


PATTERNS: dict[str, Callable[[str, str], bool]] = {
    "regex": lambda name, pattern: _pattern(pattern).search(name) is not None,
    "prefix": lambda name, pattern: name.startswith(pattern),
    "suffix": lambda name, pattern: name.endswith(pattern),
}


def merge_variables(
    context: LookupContext,
    terms: list[Any],
    pattern_type: str = "regex",
    initial_value: Any = None,
    override: str = "error",
    groups: list[str] | None = None,
) -> list[Any]:
    """One dict or list of all variables whose names match, in the order of their names."""
    if pattern_type not in PATTERNS:
        raise LookupFailedError(f"pattern_type is one of {', '.join(PATTERNS)}")
    match, scopes = PATTERNS[pattern_type], [context.variables]
    if groups:
        found = context.variables["hostvars"].values()
        scopes = [each for each in found if "all" in groups or {*groups} & {*each["group_names"]}]
    results = []
    for term in terms:
        values = [
            scope[name] for scope in scopes for name in sorted(scope) if match(name, str(term))
        ]
        results.append(_merged([initial_value, *values], override))
    return results


def _merged(values: list[Any], override: str) -> Any:
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
            raise LookupFailedError(f"{shown(result)} and {shown(value)} can't be merged")
    return result


def _refuse_overriding(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> None:
    for key, value in new.items():
        before = old.get(key, value)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            _refuse_overriding(before, value)
        elif before != value and not (is_list(before) and is_list(value)):
            raise LookupFailedError(f'the key "{key}" has two values; `override: ignore` allows it')


def collection_version(
    context: LookupContext, terms: list[Any], result_not_found: Any = None
) -> list[Any]:
    """The versions of Ansible's collections; there are none here."""
    return [result_not_found for _ in terms]


def get_path(context: LookupContext, terms: list[Any], **options: Any) -> list[Any]:
    """The value at a path such as a.b[0]; what the filter of that name gives."""
    return [path_in(*terms, **options)]


def to_paths(context: LookupContext, terms: list[Any], **options: Any) -> list[Any]:
    """All values by their paths; what the filter of that name gives."""
    return [paths_in(*terms, **options)]


def index_of(context: LookupContext, terms: list[Any], **options: Any) -> list[Any]:
    """Where an item stands in a list; what the filter of that name gives."""
    return [place_in(*terms, **options)]
