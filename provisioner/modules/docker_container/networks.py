"""A container's networks: which to join, to leave, or to join again otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provisioner.modules.docker_container.create import network_options
from provisioner.modules.docker_container.fields import Network
from provisioner.modules.shared.docker.steps import Step


def attached(container: Mapping[str, Any]) -> Mapping[str, Any]:
    """Name of each network ▶ the container's settings in it."""
    settings = container.get("NetworkSettings") or {}
    return settings.get("Networks") or {}


def changes(
    networks: Sequence[Network], there: Mapping[str, Any], name: str, strict: bool
) -> Iterator[Step]:
    """The steps that make `name` be in `networks`; in no others if `strict`."""
    for network in networks:
        if network.name not in there:
            yield _connect(network, name)
        elif not fits(network, there[network.name] or {}):
            yield _leave(network.name, name)
            yield _connect(network, name)
    if strict:
        wanted = {network.name for network in networks}
        yield from (_leave(other, name) for other in there if other not in wanted)


def fits(network: Network, endpoint: Mapping[str, Any]) -> bool:
    """What is given for the network is so; there may be more aliases and links."""
    ipam = endpoint.get("IPAMConfig") or {}
    for wanted, key in (
        (network.ipv4_address, "IPv4Address"),
        (network.ipv6_address, "IPv6Address"),
    ):
        if wanted and wanted != ipam.get(key):
            return False
    if not set(network.aliases or ()) <= set(endpoint.get("Aliases") or ()):
        return False
    links = {link if ":" in link else f"{link}:{link}" for link in network.links or ()}
    if not links <= set(endpoint.get("Links") or ()):
        return False
    mac = network.mac_address
    return not mac or mac.lower() == str(endpoint.get("MacAddress")).lower()


def _connect(network: Network, name: str) -> Step:
    words = ["network", "connect", *network_options(network), network.name, name]
    return Step(f"connect {name} to network {network.name}", words)


def _leave(network: str, name: str) -> Step:
    return Step(
        f"disconnect {name} from network {network}", ["network", "disconnect", network, name]
    )
