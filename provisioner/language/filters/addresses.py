"""Filters on IP addresses, as in the collection ansible.utils.

They use Python's `ipaddress`. A filter returns False for a value that is not an address, and None
for an address without the requested part. Filters on whole networks and on MAC addresses are in
subnets.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jinja2.exceptions import FilterArgumentError

from provisioner.language.filters.data import describe, is_list
from provisioner.records import dataclass

if TYPE_CHECKING:
    from ipaddress import (
        IPv4Address,
        IPv4Interface,
        IPv4Network,
        IPv6Address,
        IPv6Interface,
        IPv6Network,
    )


@dataclass(frozen=True)
class Address:
    """An address with its network. `bare` is true if it was written without a prefix length."""

    interface: IPv4Interface | IPv6Interface
    bare: bool

    @property
    def ip(self) -> IPv4Address | IPv6Address:
        """The address itself."""
        return self.interface.ip

    @property
    def network(self) -> IPv4Network | IPv6Network:
        """The network of the address."""
        return self.interface.network

    @property
    def size(self) -> int:
        """The number of addresses in the network."""
        return self.network.num_addresses

    @property
    def is_network(self) -> bool:
        """Whether the address is that of its network, not of a host in it."""
        return self.size > 2 and self.ip == self.network.network_address

    @property
    def usable(self) -> tuple[int, int]:
        """The first and the last host address of the network, as numbers.

        They are (1, 0), an empty range, for a network of one address.
        """
        if self.size == 1 and not self.bare:
            return 1, 0
        if self.size == 1:
            raise FilterArgumentError(f"{self.ip} is not a network")
        edge = 0 if self.size == 2 else 1
        first = int(self.network.network_address)
        return first + edge, first + self.size - 1 - edge

    def address_at(self, number: int) -> str:
        """Return the address with a number, as text."""
        return str(type(self.ip)(number))

    def __str__(self) -> str:
        return str(self.ip) if self.bare else str(self.interface)


def parse_address(value: Any, version: int | None = None) -> Address | None:
    """Parse a text or a number; return None if it is not an address."""
    from ipaddress import IPv6Address, ip_address, ip_interface

    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    try:
        if text.isdecimal():
            number = int(text)
            ip = IPv6Address(number) if version == 6 else ip_address(number)
            return Address(ip_interface(ip), True)
        return Address(ip_interface(text), "/" not in text)
    except ValueError:
        return None


def none_unless(condition: bool, value: Any) -> Any:
    """Return the value if the condition is true, else None."""
    return value if condition else None


def step(address: Address, step: int) -> str | None:
    """Return the host address `step` addresses after this one.

    Return None if it is outside of the network.
    """
    first, last = address.usable
    number = int(address.ip) + step
    return address.address_at(number) if first <= number <= last else None


def _usable(address: Address, form: Callable[[str, str], str]) -> str | None:
    """Return the host range of a network in a form; None if it has no hosts."""
    first, last = address.usable
    return form(address.address_at(first), address.address_at(last)) if first <= last else None


def _peer(address: Address) -> str:
    """Return the other host address of a network with two hosts."""
    if address.size not in (2, 4):
        raise FilterArgumentError(f"{address} is not in a network with two hosts")
    first, last = address.usable
    if int(address.ip) not in (first, last):
        raise FilterArgumentError(f"{address} is not a host of its network")
    return address.address_at(last if int(address.ip) == first else first)


def _as_ipv4(address: Address) -> Any:
    """Return the IPv4 form of an address; False for an IPv6 address without an IPv4 form."""
    from ipaddress import IPv6Address

    if not isinstance(address.ip, IPv6Address):
        return str(address)
    inner = address.ip.ipv4_mapped
    prefix = address.network.prefixlen - 96
    return False if inner is None else str(inner) if address.bare else f"{inner}/{prefix}"


def _as_ipv6(address: Address) -> str:
    """Return the IPv6 form of an address: IPv4 addresses are mapped."""
    if address.ip.version == 6:
        return str(address)
    return f"::ffff:{address.ip}/{address.network.prefixlen + 96}"


def _six_to_four(address: Address) -> Any:
    """Return the 6to4 address (RFC 3056) of an IPv4 address; False if it has none."""
    if address.ip.version == 6:
        return none_unless(address.ip in _network("2002::/16"), str(address)) or False
    if address.is_network or address.ip.is_multicast or address.ip.is_loopback:
        return False
    high, low = divmod(int(address.ip), 1 << 16)
    return f"2002:{high:04x}:{low:04x}::1/48"


def _network(text: str) -> IPv4Network | IPv6Network:
    """Return the network of a text."""
    from ipaddress import ip_network

    return ip_network(text)


def _wrapped(address: Address) -> str:
    """Return the address, in brackets if it is an IPv6 address."""
    if address.ip.version == 4:
        return str(address)
    return f"[{address.ip}]" if address.bare else f"[{address.ip}]/{address.network.prefixlen}"


def _number(address: Address) -> Any:
    """Return the address as a number, with the prefix length if it has one."""
    prefix = address.network.prefixlen
    return int(address.ip) if address.bare else f"{int(address.ip)}/{prefix}"


def _host(address: Address) -> Any:
    """Return the address with its prefix length; None for a network's address."""
    return none_unless(not address.is_network, str(address.interface))


def _ip(address: Address) -> Any:
    """Return the address without its prefix length; None for a network's address."""
    return none_unless(not address.is_network, str(address.ip))


def _net(address: Address) -> Any:
    """Return the network with its prefix length; None unless the address is that of its network."""
    network = address.network
    is_network = network.prefixlen < address.ip.max_prefixlen
    is_network = is_network and address.ip == network.network_address
    return none_unless(is_network, str(network))


PRIVATE = (
    "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "239.0.0.0/8", "fc00::/7", "fe80::/10", "fec0::/10",
)  # fmt: skip
"""The networks of private addresses. As in netaddr 0.10, the networks for documentation are not
included.
"""


def _is_private(address: Address) -> bool:
    """Whether the address is in one of the networks of `PRIVATE`."""
    return any(address.ip in _network(each) for each in PRIVATE)


def _is_kind(kind: str) -> Callable[[Address], Any]:
    """Return a query for addresses of a kind: the attribute `is_KIND` of Python's addresses."""
    return lambda address: none_unless(getattr(address.ip, f"is_{kind}"), str(address))


def _join(left: str, right: str) -> Callable[[Address], Any]:
    """Return a query that returns the results of two others, separated by a space."""

    def joined(address: Address) -> Any:
        parts = QUERIES[left](address), QUERIES[right](address)
        return (
            None if None in parts or (left == "address" and address.size == 1) else " ".join(parts)
        )

    return joined


QUERIES: dict[str, Callable[[Address], Any]] = {
    "": str,
    **dict.fromkeys(("address", "ip"), _ip),
    **dict.fromkeys(("network", "network_id"), lambda each: str(each.network.network_address)),
    "netmask": lambda each: str(each.network.netmask),
    **dict.fromkeys(("hostmask", "wildcard"), lambda each: str(each.network.hostmask)),
    "prefix": lambda each: each.network.prefixlen,
    "broadcast": lambda each: none_unless(each.size > 2, str(each.network.broadcast_address)),
    "size": lambda each: each.size,
    "size_usable": lambda each: each.usable[1] - each.usable[0] + 1 if each.size > 1 else 0,
    **dict.fromkeys(("subnet", "network/prefix"), lambda each: str(each.network)),
    **dict.fromkeys(
        ("host", "host/prefix", "address/prefix", "hostnet", "gateway", "gw", "router"), _host
    ),
    "ip/prefix": lambda each: None if each.size == 1 else _host(each),
    "cidr": lambda each: str(each.interface),
    "net": _net,
    "type": lambda each: "network" if _net(each) else "address",
    "version": lambda each: each.ip.version,
    "bool": lambda each: True,
    "int": _number,
    "revdns": lambda each: f"{each.ip.reverse_pointer}.",
    "range_usable": lambda each: _usable(each, lambda first, last: f"{first}-{last}"),
    "first_usable": lambda each: _usable(each, lambda first, last: first),
    "last_usable": lambda each: _usable(each, lambda first, last: last),
    "next_usable": lambda each: step(each, 1),
    "previous_usable": lambda each: step(each, -1),
    "peer": _peer,
    "private": lambda each: none_unless(_is_private(each), str(each)),
    "public": lambda each: none_unless(
        not (_is_private(each) or each.ip.is_multicast or each.ip.is_reserved
             or each.ip.is_loopback or int(each.ip) < 1 << 24), str(each)),
    "loopback": _is_kind("loopback"),
    "multicast": _is_kind("multicast"),
    "link-local": _is_kind("link_local"),
    "unicast": lambda each: none_unless(not each.ip.is_multicast, str(each)),
    "ipv4": _as_ipv4,
    "ipv6": _as_ipv6,
    "6to4": _six_to_four,
    "wrap": _wrapped,
    "network_netmask": _join("network", "netmask"),
    "network_wildcard": _join("network", "wildcard"),
    "ip_netmask": _join("address", "netmask"),
}  # fmt: skip
"""The functions for the queries of `ipaddr`."""


def ipaddr(value: Any, query: str | int = "", version: int | None = None) -> Any:
    """Return the address, or the part of it that `query` names; False if the value is no address.

    Queries are address, network, netmask, prefix, broadcast, size and others of
    ansible.utils.ipaddr; a number for that address of the network; or a network that must contain
    the address. In a list, values without a result are left out. `version` is 4 or 6.
    """
    if is_list(value):
        results = (ipaddr(item, query, version) for item in value if _is_text_or_number(item))
        return [result for result in results if result not in (None, False)]
    if not _is_text_or_number(value):
        raise FilterArgumentError(f"an address must be text or a number, not {describe(value)}")
    address = parse_address(value, version)
    if address is None or version not in (None, address.ip.version):
        return False
    return _answer(address, query)


def _is_text_or_number(value: Any) -> bool:
    """Whether a value can be an address."""
    return isinstance(value, str | int)


def _answer(address: Address, query: str | int) -> Any:
    """Return the result of a query."""
    if isinstance(query, str) and query in QUERIES:
        return QUERIES[query](address)
    if re.fullmatch(r"-?\d+", str(query)):
        return nth(address, int(query))
    network = parse_address(query)
    if network is None:
        known = ", ".join(filter(None, QUERIES))
        raise FilterArgumentError(f'unknown query "{query}" (known are {known})')
    return none_unless(contains(network, address), str(address))


def nth(address: Address, number: int) -> Any:
    """Return the address with that index in the network, or False.

    A negative index counts from the end.
    """
    if address.size == 1:
        return str(address)
    index = number + address.size if number < 0 else number
    if not 0 <= index < address.size:
        return False
    nth_address = address.address_at(int(address.network.network_address) + index)
    return f"{nth_address}/{address.network.prefixlen}"


def contains(outer: Address, inner: Address) -> bool:
    """Whether `outer` contains `inner`: the address, or all of the network if it is a network's."""
    if outer.ip.version != inner.ip.version:
        return False
    first = int(inner.network.network_address if inner.is_network else inner.ip)
    last = first + inner.size - 1 if inner.is_network else first
    start = int(outer.network.network_address)
    return start <= first and last < start + outer.size


def ipv4(value: Any, query: str | int = "") -> Any:
    """Return the result of `ipaddr` for IPv4 addresses, and False for others."""
    return ipaddr(value, query, 4)


def ipv6(value: Any, query: str | int = "") -> Any:
    """Return the result of `ipaddr` for IPv6 addresses, and False for others."""
    return ipaddr(value, query, 6)


def ipwrap(value: Any, query: str | int = "") -> Any:
    """Return the address, in brackets if it is an IPv6 address. Other values stay as they are."""
    if is_list(value):
        return [ipwrap(item, query) for item in value]
    result = ipaddr(value, query) if _is_text_or_number(value) else None
    address = parse_address(result)
    return value if address is None else _wrapped(address)
