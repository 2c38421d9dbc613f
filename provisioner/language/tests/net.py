"""Tests on IP and MAC addresses, as the collection ansible.utils has them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Any

from provisioner import regex


def _address(value: Any, version: int | None = None) -> Any:
    """The address that a text is; ValueError where it is none (of that version)."""
    found = ipaddress.ip_address(str(value))
    if version not in (None, found.version):
        raise ValueError(value)
    return found


def _network(value: Any, version: int | None = None) -> Any:
    """The network that a text is: of one address, too; ValueError where it has host bits."""
    found = ipaddress.ip_network(str(value))
    if version not in (None, found.version):
        raise ValueError(value)
    return found


def _holds(asked: Callable[..., Any], *values: Any) -> bool:
    try:
        return bool(asked(*values))
    except (ValueError, AttributeError, TypeError):
        return False


def in_network(value: Any, network: Any) -> bool:
    """Whether an address or a network lies in a network."""
    return _holds(lambda a, b: _network(a).subnet_of(_network(b)), value, network)


def in_any_network(value: Any, networks: Iterable[Any]) -> bool:
    """Whether an address or a network lies in one of several networks at least."""
    return any(in_network(value, network) for network in networks)


def in_one_network(value: Any, networks: Iterable[Any]) -> bool:
    """Whether an address or a network lies in just one of several networks."""
    return [in_network(value, network) for network in networks].count(True) == 1


def supernet_of(value: Any, network: Any) -> bool:
    """Whether a network holds another one."""
    return in_network(network, value)


def netmask(value: Any) -> bool:
    """Whether the text is a netmask such as 255.255.255.0."""
    return _holds(lambda mask: str(_network(f"10.0.0.0/{mask}").netmask) == mask, value)


def hostmask(value: Any) -> bool:
    """Whether the text is a hostmask such as 0.0.0.255."""
    return _holds(lambda mask: str(_network(f"10.0.0.0/{mask}").hostmask) == mask, value)


_MAC = regex.compile(
    r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|([0-9a-f]{4}\.){2}[0-9a-f]{4}|[0-9a-f]{12}", re.IGNORECASE
)


def mac(value: Any) -> bool:
    """Whether the text is a MAC address in one of the usual forms."""
    return isinstance(value, str) and _MAC.fullmatch(value) is not None


def resolvable(value: Any) -> bool:
    """Whether the controller finds the address of a name, or the name of an address."""
    import socket

    try:
        return bool(socket.getaddrinfo(str(value), None))
    except (OSError, UnicodeError):
        return False


def _kind(name: str) -> Callable[[Any], bool]:
    def asked(value: Any) -> bool:
        return _holds(lambda text: getattr(_address(text), name), value)

    kind = name.removeprefix("is_").replace("_", " ")
    asked.__doc__ = f"Whether the text is an IP address of the kind: {kind}."
    return asked


def _is(what: str, read: Callable[..., Any], version: int | None = None) -> Callable[[Any], bool]:
    def asked(value: Any) -> bool:
        return _holds(lambda text: read(text, version) is not None, value)

    asked.__doc__ = f"Whether the text is {what}."
    return asked


NET: dict[str, Callable[..., bool]] = {
    "in_network": in_network,
    "in_any_network": in_any_network,
    "in_one_network": in_one_network,
    "subnet_of": in_network,
    "supernet_of": supernet_of,
    "ip": _is("an IP address or network", _network),
    "ip_address": _is("an IP address", _address),
    "ipv4": _is("an IPv4 address or network", _network, 4),
    "ipv4_address": _is("an IPv4 address", _address, 4),
    "ipv4_hostmask": hostmask,
    "ipv4_netmask": netmask,
    "ipv6": _is("an IPv6 address or network", _network, 6),
    "ipv6_address": _is("an IPv6 address", _address, 6),
    "ipv6_ipv4_mapped": _kind("ipv4_mapped"),
    "ipv6_sixtofour": _kind("sixtofour"),
    "ipv6_teredo": _kind("teredo"),
    "loopback": _kind("is_loopback"),
    "mac": mac,
    "multicast": _kind("is_multicast"),
    "private": _kind("is_private"),
    "public": _kind("is_global"),
    "reserved": _kind("is_reserved"),
    "resolvable": resolvable,
    "unspecified": _kind("is_unspecified"),
}
"""Tests by their names in the collection; they are known by their full names only."""
