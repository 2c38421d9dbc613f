"""Filters on networks and their subnets, and on MAC addresses, as ansible.utils has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from jinja2.exceptions import FilterArgumentError

from provisioner.language.filters.data import MAX_ITEMS, a_list, is_list, shown
from provisioner.language.filters.net import (
    Address,
    address_of,
    contains,
    ipaddr,
    ipv4,
    ipv6,
    ipwrap,
    nth,
    step,
)


def ipsubnet(value: Any, query: str | int = "", index: int | None = None) -> Any:
    """The subnet of a prefix and index; without an index their number; the place in a network."""
    address = address_of(value)
    if address is None:
        return False
    if query == "":
        return str(address.network)
    if not str(query).isdecimal():
        return _place(address, query)
    prefix = int(query)
    if address.network.prefixlen == address.ip.max_prefixlen:
        return _supernet(address, prefix, index)
    if prefix < address.network.prefixlen or prefix > address.ip.max_prefixlen:
        raise FilterArgumentError(f"{address.network} has no subnets of the size /{prefix}")
    count = 1 << (prefix - address.network.prefixlen)
    if index is None:
        return str(count)
    at = int(index) + count if int(index) < 0 else int(index)
    if not 0 <= at < count:
        return False
    start = int(address.network.network_address) + (at << (address.ip.max_prefixlen - prefix))
    return f"{address.at(start)}/{prefix}"


def _supernet(address: Address, prefix: int, index: int | None) -> Any:
    if index is None:
        return str(address.network.supernet(new_prefix=prefix))
    sizes = range(prefix, address.ip.max_prefixlen)
    if not -len(sizes) <= int(index) < len(sizes):
        return False
    return str(address.network.supernet(new_prefix=sizes[int(index)]))


def _place(address: Address, query: Any) -> Any:
    outer = address_of(query)
    if outer is None:
        raise FilterArgumentError(f'"{query}" is neither a prefix nor a network')
    if not contains(outer, address):
        return False
    start = int(address.network.network_address) - int(outer.network.network_address)
    return str(start // address.size + 1)


def nthhost(value: Any, number: int = 0) -> Any:
    """The address with that number in a network."""
    address = address_of(value)
    if address is None or address.size == 1 or not int(number):
        return False
    found = nth(address, int(number))
    return found.partition("/")[0] if found else False


def network_in_network(value: Any, test: Any) -> bool:
    """Whether an address or network is in the network."""
    outer, inner = address_of(value), address_of(test)
    return outer is not None and inner is not None and contains(outer, inner)


def network_in_usable(value: Any, test: Any) -> bool:
    """Whether an address is one for hosts in the network."""
    outer, inner = address_of(value), address_of(test)
    if outer is None or inner is None or outer.size == 1 or not contains(outer, inner):
        return False
    first, last = outer.usable
    start = int(inner.ip)
    return first <= start and start + (inner.size if inner.is_network else 1) - 1 <= last


def next_nth_usable(value: Any, offset: int) -> Any:
    """The address for hosts that is so many further on."""
    address = address_of(value)
    if address is None or address.size == 1:
        return None
    return step(address, int(offset))


def previous_nth_usable(value: Any, offset: int) -> Any:
    """The address for hosts that is so many before."""
    return next_nth_usable(value, -int(offset))


def ipmath(value: Any, amount: int) -> str:
    """The address that is so many further on, or before."""
    address = _needed(value)
    return address.at(int(address.ip) + int(amount))


def _needed(value: Any) -> Address:
    address = address_of(value)
    if address is None:
        raise FilterArgumentError(f"an address is needed, not {shown(value)}")
    return address


def reduce_on_network(value: Any, network: str) -> list[Any]:
    """The addresses of a list that are in a network."""
    items = value if is_list(value) else [value]
    return [item for item in items if network_in_network(network, item)]


def cidr_merge(value: Any, action: str = "merge") -> Any:
    """The networks of a list with neighbours merged, or with `span` the one that holds all."""
    from ipaddress import collapse_addresses

    networks: list[Any] = [_needed(item).network for item in a_list(value)]
    if action == "merge":
        merged = [
            each
            for version in (4, 6)
            for each in collapse_addresses([n for n in networks if n.version == version])
        ]
        return [str(network) for network in merged]
    if action != "span" or not networks:
        raise FilterArgumentError('cidr_merge makes "merge" or "span" of a list of networks')
    spanning = networks[0]
    while not all(each.subnet_of(spanning) for each in networks):
        spanning = spanning.supernet()
    return str(spanning)


def usable_range(value: Any) -> dict[str, Any]:
    """All addresses of a network, and how many they are."""
    network = _needed(value).network
    if network.num_addresses > MAX_ITEMS:
        raise FilterArgumentError(f"{network} has more than {MAX_ITEMS} addresses")
    found = [str(address) for address in network]
    return {"usable_ips": found, "number_of_ips": len(found)}


def ip4_hex(value: Any, delimiter: str = "") -> str:
    """An IPv4 address in hex."""
    return delimiter.join(f"{byte:02x}" for byte in _needed(value).ip.packed)


def ipv6form(value: Any, format: str = "compress") -> str:  # noqa: A002
    """An IPv6 address written in one way: expand, compress or x509."""
    from ipaddress import IPv6Address

    ip = _needed(value).ip
    match format:
        case "expand":
            return ip.exploded
        case "compress":
            return ip.compressed
        case "x509" if isinstance(ip, IPv6Address):
            return ":".join(f"{int(group, 16):x}" for group in ip.exploded.split(":"))
    raise FilterArgumentError("the format is expand, compress or x509")


HARDWARE: dict[str, Callable[[list[str]], Any]] = {
    "bare": lambda parts: "".join(parts).upper(),
    "bool": lambda parts: True,
    "int": lambda parts: int("".join(parts), 16),
    "cisco": lambda parts: ".".join(a + b for a, b in zip(parts[::2], parts[1::2], strict=True)),
    **dict.fromkeys(("eui48", "win"), lambda parts: "-".join(parts).upper()),
    "linux": lambda parts: ":".join(parts),
    **dict.fromkeys(
        ("pgsql", "postgresql", "psql"), lambda p: f"{''.join(p[:3])}:{''.join(p[3:])}"
    ),
    "unix": lambda parts: ":".join(f"{int(part, 16):x}" for part in parts),
}
"""How hwaddr writes a MAC address."""


def hwaddr(value: Any, query: str = "") -> Any:
    """The MAC address, or as asked: linux, unix, cisco, win, eui48, bare, pgsql, bool, int."""
    if query and query not in HARDWARE:
        raise FilterArgumentError(f'a MAC address has no form "{query}": {", ".join(HARDWARE)}')
    parts = _bytes(value)
    if parts is None:
        if query in ("", "bool"):
            return None
        raise FilterArgumentError(f"a MAC address is needed, not {shown(value)}")
    return HARDWARE[query](parts) if query else value


def _bytes(value: Any) -> list[str] | None:
    """The six bytes of a MAC address in hex."""
    text = str(value).lower()
    if re.fullmatch(r"[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}", text):
        return [part.zfill(2) for part in re.split("[:-]", text)]
    digits = re.sub(r"[.:-]", "", text)
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        return None
    return [digits[at : at + 2] for at in range(0, 12, 2)]


def slaac(value: Any, mac: str) -> Any:
    """The IPv6 address that a host with a MAC address gives itself in a network."""
    address, parts = address_of(value), _bytes(mac)
    if address is None or parts is None or address.ip.version != 6:
        return False
    first = f"{int(parts[0], 16) ^ 2:02x}"
    tail = int("".join([first, *parts[1:3], "ff", "fe", *parts[3:]]), 16)
    return address.at(int(address.ip) >> 64 << 64 | tail)


FILTERS: dict[str, Callable[..., Any]] = {
    "usable_range": usable_range,
    "cidr_merge": cidr_merge,
    "hwaddr": hwaddr,
    "ip4_hex": ip4_hex,
    "ipaddr": ipaddr,
    "ipmath": ipmath,
    "ipsubnet": ipsubnet,
    "ipv4": ipv4,
    "ipv6": ipv6,
    "ipv6form": ipv6form,
    "ipwrap": ipwrap,
    "macaddr": hwaddr,
    "network_in_network": network_in_network,
    "network_in_usable": network_in_usable,
    "next_nth_usable": next_nth_usable,
    "nthhost": nthhost,
    "previous_nth_usable": previous_nth_usable,
    "reduce_on_network": reduce_on_network,
    "slaac": slaac,
}
"""The filters on addresses by name."""
