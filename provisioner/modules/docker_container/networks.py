"""Connect a container to its networks, and disconnect it from others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provisioner.modules.docker_container.create import network_options
from provisioner.modules.docker_container.fields import Network
from provisioner.modules.shared.docker.commands import DockerCommand


def attached(container: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the container's settings in each of its networks, by name of the network."""
    settings = container.get("NetworkSettings") or {}
    return settings.get("Networks") or {}


def changes(
    networks: Sequence[Network], endpoints: Mapping[str, Any], name: str, strict: bool
) -> Iterator[DockerCommand]:
    """Yield the commands that connect the container `name` to `networks`.

    `endpoints` are its settings in the networks that it is in now. With `strict` it is disconnected
    from all others.
    """
    for network in networks:
        if network.name not in endpoints:
            yield _connect(network, name)
        elif not fits(network, endpoints[network.name] or {}):
            yield _disconnect(network.name, name)
            yield _connect(network, name)
    if strict:
        names = {network.name for network in networks}
        yield from (_disconnect(other, name) for other in endpoints if other not in names)


def fits(network: Network, endpoint: Mapping[str, Any]) -> bool:
    """Whether the settings in a network are those of the task, or have more aliases and links."""
    ipam = endpoint.get("IPAMConfig") or {}
    for address, key in (
        (network.ipv4_address, "IPv4Address"),
        (network.ipv6_address, "IPv6Address"),
    ):
        if address and address != ipam.get(key):
            return False
    if not set(network.aliases or ()) <= set(endpoint.get("Aliases") or ()):
        return False
    links = {link if ":" in link else f"{link}:{link}" for link in network.links or ()}
    if not links <= set(endpoint.get("Links") or ()):
        return False
    mac = network.mac_address
    return not mac or mac.lower() == str(endpoint.get("MacAddress")).lower()


def _connect(network: Network, name: str) -> DockerCommand:
    arguments = ["network", "connect", *network_options(network), network.name, name]
    return DockerCommand(f"connect {name} to network {network.name}", arguments)


def _disconnect(network: str, name: str) -> DockerCommand:
    return DockerCommand(
        f"disconnect {name} from network {network}", ["network", "disconnect", network, name]
    )
