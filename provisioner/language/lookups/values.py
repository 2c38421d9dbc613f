"""Lookups of variables, settings and the inventory."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from provisioner.language.filters.data import flatten, shown
from provisioner.language.filters.text import pattern_of
from provisioner.language.lookups.base import LookupFailedError
from provisioner.language.lookups.context import LookupContext
from provisioner.where import nearest, with_hint


def vars(context: LookupContext, terms: list[Any], default: Any = None) -> list[Any]:  # noqa: A001
    """The values of variables by their names."""
    return [_variable(context, term, default) for term in terms]


def _variable(context: LookupContext, name: Any, default: Any) -> Any:
    if not isinstance(name, str):
        raise LookupFailedError(f"the name of a variable is text, not {shown(name)}")
    if name in context.variables:
        return context.variables[name]
    if default is None:
        hint = nearest(name, context.variables)
        raise LookupFailedError(with_hint(f'there is no variable "{name}"', hint))
    return default


def varnames(context: LookupContext, terms: list[Any]) -> list[str]:
    """The names of variables in which patterns are found."""
    found = []
    for term in terms:
        if not isinstance(term, str):
            raise LookupFailedError(f"a pattern is text, not {shown(term)}")
        pattern = pattern_of(term)
        found += [name for name in context.variables if pattern.search(name)]
    return found


@cache
def settings() -> Mapping[str, Any]:
    """What Ansible's settings are where nobody sets them; settings.txt is made by
    tests/language/record_settings."""
    text = Path(__file__).with_name("settings.txt").read_text(encoding="utf-8")
    pairs = (line.partition(" ") for line in text.splitlines())
    return {name: _at_home(json.loads(value)) for name, _, value in pairs}


def _at_home(value: Any) -> Any:
    if isinstance(value, list):
        return [_at_home(item) for item in value]
    home = isinstance(value, str) and value.startswith("~/")
    return str(Path(value).expanduser()) if home else value


def config(context: LookupContext, terms: list[Any], on_missing: str = "error") -> list[Any]:
    """What a setting of Ansible is out of the box; `on_missing` is error, warn or skip."""
    found = []
    for term in terms:
        if term in settings():
            found.append(settings()[term])
        elif on_missing == "error":
            hint = nearest(term, settings())
            raise LookupFailedError(with_hint(f'there is no setting "{term}"', hint))
        elif on_missing == "warn":
            context.warn(f'there is no setting "{term}"')
    return found


def inventory_hostnames(context: LookupContext, terms: list[Any]) -> list[str]:
    """The hosts of patterns such as web:!db, from the variable `groups`."""
    groups: Mapping[str, Any] = context.variables["groups"]
    parts = re.split(r"[,:]", ":".join(str(term) for term in flatten(terms)))
    words = [part.strip() for part in parts if part.strip()]
    chosen: list[str] = []
    for word in words:
        if word[0] not in "!&":
            chosen += [host for host in _hosts(groups, word) if host not in chosen]
    if not chosen and all(word[0] in "!&" for word in words):
        chosen = list(groups.get("all", []))
    for word in words:
        if word[0] in "!&":
            named = set(_hosts(groups, word[1:]))
            chosen = [host for host in chosen if (host in named) == (word[0] == "&")]
    return chosen


def _hosts(groups: Mapping[str, Any], word: str) -> list[str]:
    matches: Callable[[str], object] = re.compile(fnmatch.translate(word)).match
    if word.startswith("~"):
        matches = pattern_of(word[1:]).match
    inside = [host for name, hosts in groups.items() if matches(name) for host in hosts]
    return [*inside, *(host for host in groups.get("all", []) if matches(host))]
