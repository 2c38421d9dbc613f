"""Containers whose network, IPC or PID namespace a container uses: `container:NAME`.

`docker inspect` shows the id of the other container, even if it was given by name. So its id is
looked up before the parameters are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from provisioner.modules.docker_container.fields import ContainerConfig
from provisioner.modules.shared.docker.client import is_container

MODES = ("network_mode", "ipc_mode", "pid_mode")
_PREFIX = "container:"


def namespace_owners(config: ContainerConfig) -> Iterator[str]:
    """Yield the names or ids of the other containers."""
    for _, owner in _modes(config):
        yield owner


def modes_by_id(config: ContainerConfig, objects: Iterable[Any]) -> dict[str, str]:
    """Return the modes with ids for names, for each other container that is in `objects`."""
    containers = [*filter(is_container, objects)]
    return {
        mode: f"{_PREFIX}{container['Id']}"
        for mode, owner in _modes(config)
        for container in containers
        if _is(container, owner)
    }


def _modes(config: ContainerConfig) -> Iterator[tuple[str, str]]:
    """Yield the parameters that name another container, each with its name or id."""
    for mode in MODES:
        value = getattr(config, mode) or ""
        if value.startswith(_PREFIX):
            yield mode, value.removeprefix(_PREFIX)


def _is(container: Mapping[str, Any], name: str) -> bool:
    return container.get("Name") == f"/{name}" or str(container["Id"]).startswith(name)
