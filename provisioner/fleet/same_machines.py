"""Find hosts of the inventory that have the same address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.language.templating.template import Template
from provisioner.plan import Options, Plan
from provisioner.remote.target import ARGS, CONNECTION_VARS


def same_machines(plan: Plan) -> Iterator[tuple[str, ...]]:
    """Yield groups of the plan's hosts that are reached over ssh at the same address and port.

    A host whose address depends on a template is left out: the lock on the host finds it during the
    run. Arguments of ssh belong to the address: the same private address behind another jump host
    is another machine.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for host in plan.hosts:
        variables = {**plan.inventory_vars.get(host, {}), **plan.options.extra_vars}
        address = _address(host, variables, plan.options)
        if address is not None:
            groups.setdefault(address, []).append(host)
    yield from (tuple(hosts) for hosts in groups.values() if len(hosts) > 1)


def _address(host: str, variables: Mapping[str, Any], options: Options) -> tuple[str, ...] | None:
    """Return what decides which machine ssh reaches; None if that is not known, or without ssh."""
    connection = variables.get("ansible_connection") or options.connection or "ssh"
    names = (CONNECTION_VARS["address"], CONNECTION_VARS["port"], *((name,) for name in ARGS))
    values = [_first(variables, choices) for choices in names]
    if connection == "local" or any(isinstance(value, Template) for value in (connection, *values)):
        return None
    address, port, *arguments = (str(value) for value in values)
    return (address or host, port or "22", *arguments)


def _first(variables: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    values = (variables.get(name) for name in names)
    return next((value for value in values if value not in (None, "")), "")
