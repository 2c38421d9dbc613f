"""What differs between a container, as `docker inspect` has it, and what is asked for. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from provisioner.modules.docker_container.fields import ContainerConfig
from provisioner.modules.docker_container.options import OPTIONS, Kind, Seen
from provisioner.records import dataclass

Comparison = Literal["strict", "ignore", "allow_more_present"]


@dataclass(frozen=True)
class Difference:
    """One parameter: as it should be and as it is, both as values that JSON can hold."""

    option: str
    wanted: Any
    actual: Any


DEFAULTS: Mapping[str, Comparison] = {"stop_timeout": "ignore"}
"""Where Ansible's default is another than that of the kind."""


def comparison(option: str, kind: Kind, asked: Mapping[str, Comparison]) -> Comparison:
    """How strictly an option is compared: values and lists strictly, of sets and dictionaries
    there may be more."""
    if option in asked:
        return asked[option]
    if "*" in asked:
        return asked["*"]
    if option in DEFAULTS:
        return DEFAULTS[option]
    return "strict" if kind in ("value", "list") else "allow_more_present"


def differences(
    config: ContainerConfig, seen: Seen, asked: Mapping[str, Comparison]
) -> Sequence[Difference]:
    """All parameters that are given and are otherwise."""
    return [*_differences(config, seen, asked)]


def _differences(
    config: ContainerConfig, seen: Seen, asked: Mapping[str, Comparison]
) -> Iterator[Difference]:
    for name, option in OPTIONS.items():
        given = getattr(config, name)
        if given is None or (name == "command" and config.entrypoint is not None):
            continue
        how = comparison(name, option.kind, asked)
        wanted, actual = option.wanted(given, config, seen), option.actual(seen)
        if how != "ignore" and not _equal(how, option.kind, wanted, actual):
            yield Difference(name, plain(wanted), plain(actual))


def _equal(how: Comparison, kind: Kind, wanted: Any, actual: Any) -> bool:
    if how == "allow_more_present":
        if kind == "dict":
            return all(key in actual and actual[key] == value for key, value in wanted.items())
        if kind == "set":
            return bool(wanted <= actual)
        if kind == "list":
            rest = iter(actual)
            return all(item in rest for item in wanted)
    if isinstance(wanted, float) and isinstance(actual, int | float):
        return math.isclose(wanted, actual)
    return bool(wanted == actual)


def plain(value: Any) -> Any:
    """Sets and tuples as sorted lists, for --diff."""
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value
