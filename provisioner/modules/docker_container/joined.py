"""Containers whose network, IPC or processes a container shares: `network_mode: container:NAME`.

Docker writes the other's id for its name, so that ids are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from provisioner.modules.docker_container.fields import ContainerConfig
from provisioner.modules.shared.docker.client import is_container

MODES = ("network_mode", "ipc_mode", "pid_mode")
_PREFIX = "container:"


def joined(config: ContainerConfig) -> Iterator[str]:
    """The names or ids of the others."""
    for _, name in _modes(config):
        yield name


def identified(config: ContainerConfig, objects: Iterable[Any]) -> dict[str, str]:
    """Those modes with the others' ids, as far as the others are among `objects`."""
    others = [*filter(is_container, objects)]
    return {
        mode: f"{_PREFIX}{other['Id']}"
        for mode, name in _modes(config)
        for other in others
        if _is(other, name)
    }


def _modes(config: ContainerConfig) -> Iterator[tuple[str, str]]:
    for mode in MODES:
        value = getattr(config, mode) or ""
        if value.startswith(_PREFIX):
            yield mode, value.removeprefix(_PREFIX)


def _is(container: Mapping[str, Any], name: str) -> bool:
    return container.get("Name") == f"/{name}" or str(container["Id"]).startswith(name)
