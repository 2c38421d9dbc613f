"""Lookups of variables, of Ansible's settings and of the inventory."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from provisioner.language.filters.data import describe, flatten
from provisioner.language.filters.text import compile_pattern
from provisioner.language.lookups.context import LookupContext
from provisioner.language.lookups.terms import LookupFailedError
from provisioner.local_files import with_home
from provisioner.where import nearest, with_hint


def vars(context: LookupContext, terms: list[Any], default: Any = None) -> list[Any]:  # noqa: A001
    """Return the values of variables by their names.

    `default` is the value of undefined variables; without it they are an error.
    """
    return [_variable(context, term, default) for term in terms]


def _variable(context: LookupContext, name: Any, default: Any) -> Any:
    """Return the value of a variable, or `default`."""
    if not isinstance(name, str):
        raise LookupFailedError(f"a variable's name must be text, not {describe(name)}")
    if name in context.variables:
        return context.variables[name]
    if default is None:
        hint = nearest(name, context.variables)
        raise LookupFailedError(with_hint(f'there is no variable "{name}"', hint))
    return default


def varnames(context: LookupContext, terms: list[Any]) -> list[str]:
    """Return the names of the variables that match patterns."""
    names = []
    for term in terms:
        if not isinstance(term, str):
            raise LookupFailedError(f"a pattern must be text, not {describe(term)}")
        pattern = compile_pattern(term)
        names += [name for name in context.variables if pattern.search(name)]
    return names


@cache
def settings() -> Mapping[str, Any]:
    """Return the default values of Ansible's settings.

    tests/language/record_settings.py writes the file settings.txt from Ansible.
    """
    text = Path(__file__).with_name("settings.txt").read_text(encoding="utf-8")
    pairs = (line.partition(" ") for line in text.splitlines())
    return {name: _with_home(json.loads(value)) for name, _, value in pairs}


def _with_home(value: Any) -> Any:
    """Return the value with ~ replaced by the home directory."""
    if isinstance(value, list):
        return [_with_home(item) for item in value]
    in_home = isinstance(value, str) and value.startswith("~/")
    return str(with_home(value)) if in_home else value


def config(context: LookupContext, terms: list[Any], on_missing: str = "error") -> list[Any]:
    """Return the default value of settings of Ansible.

    `on_missing` says what happens for an unknown setting: error, warn or skip.
    """
    values = []
    for term in terms:
        if term in settings():
            values.append(settings()[term])
        elif on_missing == "error":
            hint = nearest(term, settings())
            raise LookupFailedError(with_hint(f'there is no setting "{term}"', hint))
        elif on_missing == "warn":
            context.warn(f'there is no setting "{term}"')
    return values


def inventory_hostnames(context: LookupContext, terms: list[Any]) -> list[str]:
    """Return the hosts of patterns such as `web:!db`, from the variable `groups`."""
    groups: Mapping[str, Any] = context.variables["groups"]
    parts = re.split(r"[,:]", ":".join(str(term) for term in flatten(terms)))
    patterns = [part.strip() for part in parts if part.strip()]
    additions = [pattern for pattern in patterns if pattern[0] not in "!&"]
    restrictions = [pattern for pattern in patterns if pattern[0] in "!&"]
    hosts = [host for pattern in additions for host in _hosts(groups, pattern)]
    if not additions:
        hosts = list(groups.get("all", []))
    for pattern in restrictions:
        matches = set(_hosts(groups, pattern[1:]))
        keeps_matches = pattern[0] == "&"
        hosts = [host for host in hosts if (host in matches) == keeps_matches]
    return list(dict.fromkeys(hosts))


def _hosts(groups: Mapping[str, Any], word: str) -> list[str]:
    """Return the hosts of one group, host or pattern."""
    matches: Callable[[str], object] = re.compile(fnmatch.translate(word)).match
    if word.startswith("~"):
        matches = compile_pattern(word[1:]).match
    in_groups = [host for name, hosts in groups.items() if matches(name) for host in hosts]
    return [*in_groups, *(host for host in groups.get("all", []) if matches(host))]
