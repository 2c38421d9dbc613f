"""Filters on networks, their subnets, and MAC addresses, as in the collection ansible.utils."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from jinja2.exceptions import FilterArgumentError

from provisioner.language.filters.addresses import (
    Address,
    contains,
    ipaddr,
    ipv4,
    ipv6,
    ipwrap,
    nth,
    parse_address,
    step,
)
from provisioner.language.filters.data import MAX_ITEMS, describe, is_list, require_list


def ipsubnet(value: Any, query: str | int = "", index: int | None = None) -> Any:
    """Return the subnet with that prefix length and index, or the number of such subnets.

    `query` is the prefix length of the subnets. Without `index` the number of subnets is returned.
    If `query` is a network, return the position of the value among its subnets of that size. For a
    single address, return the network with that prefix length which contains it.
    """
    address = parse_address(value)
    if address is None:
        return False
    if query == "":
        return str(address.network)
    if not str(query).isdecimal():
        return _index_in(address, query)
    prefix = int(query)
    if address.network.prefixlen == address.ip.max_prefixlen:
        return _supernet(address, prefix, index)
    if prefix < address.network.prefixlen or prefix > address.ip.max_prefixlen:
        raise FilterArgumentError(
            f"{address.network} has no subnets with the prefix length {prefix}"
        )
    count = 1 << (prefix - address.network.prefixlen)
    if index is None:
        return str(count)
    number = int(index) + count if int(index) < 0 else int(index)
    if not 0 <= number < count:
        return False
    start = int(address.network.network_address) + (number << (address.ip.max_prefixlen - prefix))
    return f"{address.address_at(start)}/{prefix}"


def _supernet(address: Address, prefix: int, index: int | None) -> Any:
    """Return the network around a single address."""
    if index is None:
        return str(address.network.supernet(new_prefix=prefix))
    sizes = range(prefix, address.ip.max_prefixlen)
    if not -len(sizes) <= int(index) < len(sizes):
        return False
    return str(address.network.supernet(new_prefix=sizes[int(index)]))


def _index_in(address: Address, query: Any) -> Any:
    """Return the position of a network among the subnets of its size in another network."""
    outer = parse_address(query)
    if outer is None:
        raise FilterArgumentError(f'"{query}" is neither a prefix length nor a network')
    if not contains(outer, address):
        return False
    start = int(address.network.network_address) - int(outer.network.network_address)
    return str(start // address.size + 1)


def nthhost(value: Any, number: int = 0) -> Any:
    """Return the address with that index in a network, or False."""
    address = parse_address(value)
    if address is None or address.size == 1 or not int(number):
        return False
    host = nth(address, int(number))
    return host.partition("/")[0] if host else False


def network_in_network(value: Any, test: Any) -> bool:
    """Return whether the network contains the address or network `test`."""
    outer, inner = parse_address(value), parse_address(test)
    return outer is not None and inner is not None and contains(outer, inner)


def network_in_usable(value: Any, test: Any) -> bool:
    """Return whether `test` consists of host addresses of the network."""
    outer, inner = parse_address(value), parse_address(test)
    if outer is None or inner is None or outer.size == 1 or not contains(outer, inner):
        return False
    first, last = outer.usable
    start = int(inner.ip)
    return first <= start and start + (inner.size if inner.is_network else 1) - 1 <= last


def next_nth_usable(value: Any, offset: int) -> Any:
    """Return the host address `offset` addresses after this one, or null if there is none."""
    address = parse_address(value)
    if address is None or address.size == 1:
        return None
    return step(address, int(offset))


def previous_nth_usable(value: Any, offset: int) -> Any:
    """Return the host address `offset` addresses before this one, or null if there is none."""
    return next_nth_usable(value, -int(offset))


def ipmath(value: Any, amount: int) -> str:
    """Return the address plus `amount`, which may be negative."""
    address = _require_address(value)
    return address.address_at(int(address.ip) + int(amount))


def _require_address(value: Any) -> Address:
    """Parse an address. Raises FilterArgumentError if the value is not an address."""
    address = parse_address(value)
    if address is None:
        raise FilterArgumentError(f"an address is needed, not {describe(value)}")
    return address


def reduce_on_network(value: Any, network: str) -> list[Any]:
    """Return the addresses of a list that are in the network."""
    items = value if is_list(value) else [value]
    return [item for item in items if network_in_network(network, item)]


def cidr_merge(value: Any, action: str = "merge") -> Any:
    """Return the networks of a list, with adjacent ones merged.

    With `action: span`, return the smallest network that contains all of them.
    """
    from ipaddress import collapse_addresses

    networks: list[Any] = [_require_address(item).network for item in require_list(value)]
    if action == "merge":
        merged = [
            each
            for version in (4, 6)
            for each in collapse_addresses([n for n in networks if n.version == version])
        ]
        return [str(network) for network in merged]
    if action != "span" or not networks:
        raise FilterArgumentError('action must be "merge", or "span" with at least one network')
    spanning = networks[0]
    while not all(each.subnet_of(spanning) for each in networks):
        spanning = spanning.supernet()
    return str(spanning)


def usable_range(value: Any) -> dict[str, Any]:
    """Return all addresses of a network and their number: {usable_ips, number_of_ips}."""
    network = _require_address(value).network
    if network.num_addresses > MAX_ITEMS:
        raise FilterArgumentError(f"{network} has more than {MAX_ITEMS} addresses")
    addresses = [str(address) for address in network]
    return {"usable_ips": addresses, "number_of_ips": len(addresses)}


def ip4_hex(value: Any, delimiter: str = "") -> str:
    """Return an IPv4 address in hexadecimal. `delimiter` separates the bytes."""
    return delimiter.join(f"{byte:02x}" for byte in _require_address(value).ip.packed)


def ipv6form(value: Any, format: str = "compress") -> str:  # noqa: A002
    """Return an IPv6 address in the form expand, compress or x509."""
    from ipaddress import IPv6Address

    ip = _require_address(value).ip
    match format:
        case "expand":
            return ip.exploded
        case "compress":
            return ip.compressed
        case "x509" if isinstance(ip, IPv6Address):
            return ":".join(f"{int(group, 16):x}" for group in ip.exploded.split(":"))
    raise FilterArgumentError("format must be expand, compress or x509")


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
"""The forms of a MAC address, by the query of `hwaddr`."""


def hwaddr(value: Any, query: str = "") -> Any:
    """Return the MAC address, or the form of it that `query` names.

    Forms are linux, unix, cisco, win, eui48, bare, pgsql, bool and int. Without a query, or with
    bool, the result is null if the value is not a MAC address.
    """
    if query and query not in HARDWARE:
        raise FilterArgumentError(f'unknown query "{query}" (known are {", ".join(HARDWARE)})')
    parts = _bytes(value)
    if parts is None:
        if query in ("", "bool"):
            return None
        raise FilterArgumentError(f"a MAC address is needed, not {describe(value)}")
    return HARDWARE[query](parts) if query else value


def _bytes(value: Any) -> list[str] | None:
    """Return the six bytes of a MAC address in hexadecimal; None if it is not valid."""
    text = str(value).lower()
    if re.fullmatch(r"[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}", text):
        return [part.zfill(2) for part in re.split("[:-]", text)]
    digits = re.sub(r"[.:-]", "", text)
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        return None
    return [digits[start : start + 2] for start in range(0, 12, 2)]


def slaac(value: Any, mac: str) -> Any:
    """Return the IPv6 address of the host with a MAC address in a network (RFC 4291), or False."""
    address, parts = parse_address(value), _bytes(mac)
    if address is None or parts is None or address.ip.version != 6:
        return False
    first = f"{int(parts[0], 16) ^ 2:02x}"
    tail = int("".join([first, *parts[1:3], "ff", "fe", *parts[3:]]), 16)
    return address.address_at(int(address.ip) >> 64 << 64 | tail)


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
"""The filters on addresses, by name."""
