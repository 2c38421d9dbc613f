"""Compare a container, as `docker inspect` shows it, with the parameters of the task."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from provisioner.modules.docker_container.fields import ContainerConfig
from provisioner.modules.docker_container.options import OPTIONS, Inspected, Kind
from provisioner.records import dataclass

Comparison = Literal["strict", "ignore", "allow_more_present"]


@dataclass(frozen=True)
class Difference:
    """A parameter that differs. Both values can be written as JSON."""

    parameter: str
    desired: Any
    actual: Any


DEFAULTS: Mapping[str, Comparison] = {"stop_timeout": "ignore"}
"""Parameters whose default in Ansible is not the one of their kind."""


def comparison(parameter: str, kind: Kind, chosen: Mapping[str, Comparison]) -> Comparison:
    """Return how strictly a parameter is compared; `chosen` is the task's `comparisons`.

    By default values and lists must be equal; sets and dictionaries may hold more.
    """
    if parameter in chosen:
        return chosen[parameter]
    if "*" in chosen:
        return chosen["*"]
    if parameter in DEFAULTS:
        return DEFAULTS[parameter]
    return "strict" if kind in ("value", "list") else "allow_more_present"


def differences(
    config: ContainerConfig, inspected: Inspected, chosen: Mapping[str, Comparison]
) -> Sequence[Difference]:
    """Return the parameters that the task sets and that differ in the container."""
    return [*_differences(config, inspected, chosen)]


def _differences(
    config: ContainerConfig, inspected: Inspected, chosen: Mapping[str, Comparison]
) -> Iterator[Difference]:
    for name, option in OPTIONS.items():
        value = getattr(config, name)
        # The command is compared together with the entry point.
        if value is None or (name == "command" and config.entrypoint is not None):
            continue
        how = comparison(name, option.kind, chosen)
        desired, actual = option.desired(value, config, inspected), option.actual(inspected)
        if how != "ignore" and not _equal(how, option.kind, desired, actual):
            yield Difference(name, plain(desired), plain(actual))


def _equal(how: Comparison, kind: Kind, desired: Any, actual: Any) -> bool:
    """Whether two values are equal; with allow_more_present, whether `actual` holds `desired`."""
    if how == "allow_more_present":
        if kind == "dict":
            return all(key in actual and actual[key] == value for key, value in desired.items())
        if kind == "set":
            return bool(desired <= actual)
        if kind == "list":
            remaining = iter(actual)  # so that the order counts
            return all(item in remaining for item in desired)
    if isinstance(desired, float) and isinstance(actual, int | float):
        return math.isclose(desired, actual)
    return bool(desired == actual)


def plain(value: Any) -> Any:
    """Return a value for --diff: sets as sorted lists, tuples as lists."""
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value
