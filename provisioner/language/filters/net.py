"""Filters on IP and MAC addresses, as the collection ansible.utils has them.

They stand on Python's own `ipaddress`, so that no package is needed. A filter that is asked about
what is no address gives False, and None where the address has not what is asked for. What is done
with whole networks and with MAC addresses stands in filters_subnets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jinja2.exceptions import FilterArgumentError

from provisioner.language.filters.data import is_list, shown
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
    """An address with its network; `bare` says that it was written without a prefix."""

    interface: IPv4Interface | IPv6Interface
    bare: bool

    @property
    def ip(self) -> IPv4Address | IPv6Address:
        return self.interface.ip

    @property
    def network(self) -> IPv4Network | IPv6Network:
        return self.interface.network

    @property
    def size(self) -> int:
        return self.network.num_addresses

    @property
    def is_network(self) -> bool:
        """Whether it names its network and not a host in it."""
        return self.size > 2 and self.ip == self.network.network_address

    @property
    def usable(self) -> tuple[int, int]:
        """The first and the last address for hosts, as numbers; none where the prefix is full."""
        if self.size == 1 and not self.bare:
            return 1, 0
        if self.size == 1:
            raise FilterArgumentError(f"{self.ip} is not a network")
        edge = 0 if self.size == 2 else 1
        first = int(self.network.network_address)
        return first + edge, first + self.size - 1 - edge

    def at(self, number: int) -> str:
        """The address of that number, as text."""
        return str(type(self.ip)(number))

    def __str__(self) -> str:
        return str(self.ip) if self.bare else str(self.interface)


def address_of(value: Any, version: int | None = None) -> Address | None:
    """The address that text or a number stands for, or None."""
    from ipaddress import ip_address, ip_interface

    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    try:
        if text.isdecimal():
            number = ip_address(f"{_six(int(text))}") if version == 6 else ip_address(int(text))
            return Address(ip_interface(number), True)
        return Address(ip_interface(text), "/" not in text)
    except ValueError:
        return None


def _six(number: int) -> Any:
    from ipaddress import IPv6Address

    return IPv6Address(number)


def only_if(condition: bool, value: Any) -> Any:
    return value if condition else None


def step(address: Address, step: int) -> str | None:
    first, last = address.usable
    number = int(address.ip) + step
    return address.at(number) if first <= number <= last else None


def _usable(address: Address, form: Callable[[str, str], str]) -> str | None:
    first, last = address.usable
    return form(address.at(first), address.at(last)) if first <= last else None


def _peer(address: Address) -> str:
    if address.size not in (2, 4):
        raise FilterArgumentError(f"{address} is not in a network of two hosts")
    first, last = address.usable
    if int(address.ip) not in (first, last):
        raise FilterArgumentError(f"{address} is not a host of its network")
    return address.at(last if int(address.ip) == first else first)


def _as_ipv4(address: Address) -> Any:
    from ipaddress import IPv6Address

    if not isinstance(address.ip, IPv6Address):
        return str(address)
    inner = address.ip.ipv4_mapped
    prefix = address.network.prefixlen - 96
    return False if inner is None else str(inner) if address.bare else f"{inner}/{prefix}"


def _as_ipv6(address: Address) -> str:
    if address.ip.version == 6:
        return str(address)
    return f"::ffff:{address.ip}/{address.network.prefixlen + 96}"


def _six_to_four(address: Address) -> Any:
    if address.ip.version == 6:
        return only_if(address.ip in _network("2002::/16"), str(address)) or False
    if address.is_network or address.ip.is_multicast or address.ip.is_loopback:
        return False
    high, low = divmod(int(address.ip), 1 << 16)
    return f"2002:{high:04x}:{low:04x}::1/48"


def _network(text: str) -> IPv4Network | IPv6Network:
    from ipaddress import ip_network

    return ip_network(text)


def _wrapped(address: Address) -> str:
    if address.ip.version == 4:
        return str(address)
    return f"[{address.ip}]" if address.bare else f"[{address.ip}]/{address.network.prefixlen}"


def _number(address: Address) -> Any:
    prefix = address.network.prefixlen
    return int(address.ip) if address.bare else f"{int(address.ip)}/{prefix}"


def _host(address: Address) -> Any:
    return only_if(not address.is_network, str(address.interface))


def _ip(address: Address) -> Any:
    return only_if(not address.is_network, str(address.ip))


PRIVATE = (
    "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "239.0.0.0/8", "fc00::/7", "fe80::/10", "fec0::/10",
)  # fmt: skip
"""The networks of private addresses, as netaddr 0.10 has them: those of documentation are not."""


def _is_private(address: Address) -> bool:
    return any(address.ip in _network(each) for each in PRIVATE)


def _is_kind(kind: str) -> Callable[[Address], Any]:
    return lambda address: only_if(getattr(address.ip, f"is_{kind}"), str(address))


def _join(left: str, right: str) -> Callable[[Address], Any]:
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
    "broadcast": lambda each: only_if(each.size > 2, str(each.network.broadcast_address)),
    "size": lambda each: each.size,
    "size_usable": lambda each: each.usable[1] - each.usable[0] + 1 if each.size > 1 else 0,
    **dict.fromkeys(("subnet", "network/prefix"), lambda each: str(each.network)),
    **dict.fromkeys(
        ("host", "host/prefix", "address/prefix", "hostnet", "gateway", "gw", "router"), _host
    ),
    "ip/prefix": lambda each: None if each.size == 1 else _host(each),
    "cidr": lambda each: str(each.interface),
    **dict.fromkeys(("net",), lambda each: only_if(each.network.prefixlen < each.ip.max_prefixlen
        and each.ip == each.network.network_address, str(each.network))),
    "type": lambda each: "network" if QUERIES["net"](each) else "address",
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
    "private": lambda each: only_if(_is_private(each), str(each)),
    "public": lambda each: only_if(
        not (_is_private(each) or each.ip.is_multicast or each.ip.is_reserved
             or each.ip.is_loopback or int(each.ip) < 1 << 24), str(each)),
    "loopback": _is_kind("loopback"),
    "multicast": _is_kind("multicast"),
    "link-local": _is_kind("link_local"),
    "unicast": lambda each: only_if(not each.ip.is_multicast, str(each)),
    "ipv4": _as_ipv4,
    "ipv6": _as_ipv6,
    "6to4": _six_to_four,
    "wrap": _wrapped,
    "network_netmask": _join("network", "netmask"),
    "network_wildcard": _join("network", "wildcard"),
    "ip_netmask": _join("address", "netmask"),
}  # fmt: skip
"""What ipaddr can be asked for."""


def ipaddr(value: Any, query: str | int = "", version: int | None = None) -> Any:
    """The address, or what is asked of it (address, network, netmask, prefix …); False if none."""
    if is_list(value):
        answers = (ipaddr(item, query, version) for item in value if _may_be(item))
        return [answer for answer in answers if answer not in (None, False)]
    if not _may_be(value):
        raise FilterArgumentError(f"an address is text, not {shown(value)}")
    address = address_of(value, version)
    if address is None or version not in (None, address.ip.version):
        return False
    return _asked(address, query)


def _may_be(value: Any) -> bool:
    return isinstance(value, str | int)


def _asked(address: Address, query: str | int) -> Any:
    if isinstance(query, str) and query in QUERIES:
        return QUERIES[query](address)
    if re.fullmatch(r"-?\d+", str(query)):
        return nth(address, int(query))
    inside = address_of(query)
    if inside is None:
        raise FilterArgumentError(
            f'an address has no "{query}": {", ".join(filter(None, QUERIES))}'
        )
    return only_if(contains(inside, address), str(address))


def nth(address: Address, number: int) -> Any:
    if address.size == 1:
        return str(address)
    at = number + address.size if number < 0 else number
    if not 0 <= at < address.size:
        return False
    found = address.at(int(address.network.network_address) + at)
    return f"{found}/{address.network.prefixlen}"


def contains(outer: Address, inner: Address) -> bool:
    """Whether all of `inner` (an address, or the whole of a network) is in `outer`."""
    if outer.ip.version != inner.ip.version:
        return False
    first = int(inner.network.network_address if inner.is_network else inner.ip)
    last = first + inner.size - 1 if inner.is_network else first
    start = int(outer.network.network_address)
    return start <= first and last < start + outer.size


def ipv4(value: Any, query: str | int = "") -> Any:
    """As ipaddr, for IPv4 alone."""
    return ipaddr(value, query, 4)


def ipv6(value: Any, query: str | int = "") -> Any:
    """As ipaddr, for IPv6 alone."""
    return ipaddr(value, query, 6)


def ipwrap(value: Any, query: str | int = "") -> Any:
    """The address, in brackets if it is of IPv6; what is no address stays as it is."""
    if is_list(value):
        return [ipwrap(item, query) for item in value]
    answer = ipaddr(value, query) if _may_be(value) else None
    address = address_of(answer)
    return value if address is None else _wrapped(address)
