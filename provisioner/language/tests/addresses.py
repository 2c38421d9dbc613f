"""Tests on IP and MAC addresses, as in the collection ansible.utils."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Any

from provisioner import regex


def _address(value: Any, version: int | None = None) -> Any:
    """Parse an address. Raises ValueError if it is not valid, or of another version."""
    address = ipaddress.ip_address(str(value))
    if version not in (None, address.version):
        raise ValueError(value)
    return address


def _network(value: Any, version: int | None = None) -> Any:
    """Parse a network. Raises ValueError if it has host bits, or another version."""
    network = ipaddress.ip_network(str(value))
    if version not in (None, network.version):
        raise ValueError(value)
    return network


def _is_true(condition: Callable[..., Any], *values: Any) -> bool:
    """Whether the condition is true for the values; false if they are not valid."""
    try:
        return bool(condition(*values))
    except (ValueError, AttributeError, TypeError):
        return False


def in_network(value: Any, network: Any) -> bool:
    """Whether the network contains the address or network."""
    return _is_true(lambda a, b: _network(a).subnet_of(_network(b)), value, network)


def in_any_network(value: Any, networks: Iterable[Any]) -> bool:
    """Whether at least one of the networks contains the address or network."""
    return any(in_network(value, network) for network in networks)


def in_one_network(value: Any, networks: Iterable[Any]) -> bool:
    """Whether exactly one of the networks contains the address or network."""
    return [in_network(value, network) for network in networks].count(True) == 1


def supernet_of(value: Any, network: Any) -> bool:
    """Whether the network contains the other one."""
    return in_network(network, value)


def netmask(value: Any) -> bool:
    """Whether the text is a netmask such as 255.255.255.0."""
    return _is_true(lambda mask: str(_network(f"10.0.0.0/{mask}").netmask) == mask, value)


def hostmask(value: Any) -> bool:
    """Whether the text is a hostmask such as 0.0.0.255."""
    return _is_true(lambda mask: str(_network(f"10.0.0.0/{mask}").hostmask) == mask, value)


_MAC = regex.compile(
    r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|([0-9a-f]{4}\.){2}[0-9a-f]{4}|[0-9a-f]{12}", re.IGNORECASE
)


def mac(value: Any) -> bool:
    """Whether the text is a MAC address.

    Accepted are 52:54:00:12:34:56, 52-54-00-12-34-56, 5254.0012.3456 and 525400123456.
    """
    return isinstance(value, str) and _MAC.fullmatch(value) is not None


def resolvable(value: Any) -> bool:
    """Whether the controller can resolve the name or the address."""
    import socket

    try:
        return bool(socket.getaddrinfo(str(value), None))
    except (OSError, UnicodeError):
        return False


def _kind(name: str) -> Callable[[Any], bool]:
    """Return the test of a property of Python's IP addresses."""

    def has_kind(value: Any) -> bool:
        return _is_true(lambda text: getattr(_address(text), name), value)

    kind = name.removeprefix("is_").replace("_", " ")
    has_kind.__doc__ = f"Whether the text is an IP address of the kind {kind}."
    return has_kind


def _is(what: str, read: Callable[..., Any], version: int | None = None) -> Callable[[Any], bool]:
    """Return the test whether a function can read the text."""

    def can_be_read(value: Any) -> bool:
        return _is_true(lambda text: read(text, version) is not None, value)

    can_be_read.__doc__ = f"Whether the text is {what}."
    return can_be_read


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
"""The tests by their names. They need the full name with `ansible.utils.`."""
