"""Facts of interfaces, addresses and default routes, from `ip addr` and sysfs."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from provisioner import regex
from provisioner.facts.raw_facts import RawFacts

TARGETS = {"default_ipv4": "8.8.8.8", "default_ipv6": "2404:6800:400a:800::1012"}
"""Addresses whose route is the default route. Nothing is sent to them."""

TYPES = {"1": "ether", "512": "ppp", "772": "loopback"}
"""Types of interfaces, by their number in sysfs."""

IFF_PROMISC = 0x100

HEAD = regex.compile(r"^\d+: (?P<name>[^:@]+)[^:]*: <[^>]*> mtu (?P<mtu>\d+)")
"""The first line of an interface in `ip addr`."""


def network(raw: RawFacts) -> dict[str, Any]:
    """Return the facts interfaces, default_ipv4, all_ipv4_addresses and the like.

    Each interface has a fact of its own too.
    """
    interfaces = _interfaces(raw)
    addresses = [entry for device in interfaces.values() for entry in device["addresses"]]
    facts: dict[str, Any] = {
        "interfaces": list(interfaces),
        "all_ipv4_addresses": [e["address"] for e in addresses if _is_listed(e, 4)],
        "all_ipv6_addresses": [e["address"] for e in addresses if _is_listed(e, 6)],
        "default_ipv4": _default(raw, "default_ipv4", interfaces),
        "default_ipv6": _default(raw, "default_ipv6", interfaces),
        "locally_reachable_ips": {
            "ipv4": _reachable(addresses, 4),
            "ipv6": _reachable(addresses, 6),
        },
        "fibre_channel_wwn": [],
        "hostnqn": raw.text("/etc/nvme/hostnqn"),
        "iscsi_iqn": _iqn(raw),
    }
    # These facts replace those of an interface with the same name, such as `all_ipv4_addresses`.
    return {fact_name(name): _fact(device) for name, device in interfaces.items()} | facts


def fact_name(interface: str) -> str:
    """Return the name of an interface's fact.

    Characters that variables can't have become `_`.
    """
    return re.sub(r"[-.:]", "_", interface)


def _interfaces(raw: RawFacts) -> dict[str, dict[str, Any]]:
    """Return the facts of each interface by name.

    `addresses` are its lines of `ip addr` in order.
    """
    interfaces: dict[str, dict[str, Any]] = {}
    device = ""
    for line in raw.addresses.splitlines():
        words = line.split()
        if head := HEAD.match(line):
            device = head["name"]
            interfaces[device] = _device(raw, device, head) | {"addresses": []}
        elif device and words and words[0] in ("inet", "inet6") and len(words) > 1:
            _add_address(interfaces, device, _entry(words))
        elif line[:1].strip():
            device = ""  # the lines of the routes follow the interfaces
    return interfaces


def _add_address(interfaces: dict[str, dict[str, Any]], device: str, entry: dict[str, Any]) -> None:
    """Add an address to its interface. An alias such as eth0:1 is an interface of its own."""
    label = entry["label"]
    if entry["family"] == 4 and label != device and label.startswith(f"{device}:"):
        interfaces.setdefault(label, {"addresses": []})["addresses"].append(entry)
        if entry["secondary"]:
            interfaces[device]["addresses"].append(entry | {"alias_of": label})
        return
    interfaces[device]["addresses"].append(entry)


def _entry(words: list[str]) -> dict[str, Any]:
    """Return the values in a line `inet` or `inet6` of `ip addr`."""
    family = 4 if words[0] == "inet" else 6
    address, _, prefix = words[1].partition("/")
    after = dict(pairwise(words))
    if "peer" in after and not prefix:
        prefix = after["peer"].partition("/")[2]
    return {
        "family": family,
        "address": address,
        "prefix": prefix or ("32" if family == 4 else "128"),
        "broadcast": after.get("brd", ""),
        "scope": after.get("scope", ""),
        "secondary": "secondary" in words,
        "label": words[-1],
    }


def _device(raw: RawFacts, name: str, head: re.Match[str]) -> dict[str, Any]:
    """Return the facts of an interface without its addresses."""
    folder = f"/sys/class/net/{name}"
    flags = raw.text(f"{folder}/flags")
    facts: dict[str, Any] = {
        "device": name,
        "mtu": int(head["mtu"]),
        "active": raw.text(f"{folder}/operstate") != "down",
        "promisc": flags.startswith("0x") and bool(int(flags, 16) & IFF_PROMISC),
        "type": TYPES.get(raw.text(f"{folder}/type"), "unknown"),
    }
    if (mac := raw.text(f"{folder}/address")) and mac != "00:00:00:00:00:00":
        facts["macaddress"] = mac
    for fact, link in (("module", "device/driver/module"), ("pciid", "device")):
        if target := raw.links.get(f"{folder}/{link}"):
            facts[fact] = target.rpartition("/")[2]
    if (speed := raw.text(f"{folder}/speed")).lstrip("-").isdigit():
        facts["speed"] = int(speed)
    return facts | _bridge(raw, name, folder) | _bonding(raw, folder)


def _bridge(raw: RawFacts, name: str, folder: str) -> dict[str, Any]:
    """Return the facts that only a bridge has."""
    if not (identity := raw.text(f"{folder}/bridge/bridge_id")):
        return {}
    ports = re.findall(
        rf"^\d+: ([^:@]+)[^:]*: .* master {re.escape(name)}(?: |$)", raw.addresses, re.M
    )
    stp = raw.text(f"{folder}/bridge/stp_state") == "1"
    return {"type": "bridge", "id": identity, "interfaces": ports, "stp": stp}


def _bonding(raw: RawFacts, folder: str) -> dict[str, Any]:
    """Return the facts that only a bonding interface has."""
    if not (mode := raw.text(f"{folder}/bonding/mode")):
        return {}
    return {
        "type": "bonding",
        "mode": mode.split()[0],
        "slaves": raw.text(f"{folder}/bonding/slaves").split(),
        "miimon": raw.text(f"{folder}/bonding/miimon"),
        "primary": raw.text(f"{folder}/bonding/primary"),
        "lacp_rate": raw.text(f"{folder}/bonding/lacp_rate").split(" ")[0],
    }


def _fact(device: dict[str, Any]) -> dict[str, Any]:
    """Return the value of an interface's fact, with its addresses."""
    facts = {key: value for key, value in device.items() if key != "addresses"}
    for entry in device["addresses"]:
        if entry["family"] == 6:
            ipv6 = {key: entry[key] for key in ("address", "prefix", "scope")}
            facts.setdefault("ipv6", []).append(ipv6)
        elif "ipv4" in facts or "alias_of" in entry:
            facts.setdefault("ipv4_secondaries", []).append(_ipv4(entry))
        else:
            facts["ipv4"] = _ipv4(entry)
    return facts


def _ipv4(entry: dict[str, Any]) -> dict[str, str]:
    """Return an IPv4 address with its network."""
    net = _net(entry)
    return {
        "address": entry["address"],
        "broadcast": entry["broadcast"],
        "netmask": str(net.netmask) if net else "",
        "network": str(net.network_address) if net else "",
        "prefix": entry["prefix"],
    }


def _net(entry: dict[str, Any]) -> ipaddress.IPv4Network | None:
    """Return the network of an IPv4 address; None if it has none."""
    try:
        return ipaddress.IPv4Network(f"{entry['address']}/{entry['prefix']}", strict=False)
    except ValueError:
        return None


def _is_listed(entry: dict[str, Any], family: int) -> bool:
    """Whether an address is in all_ipv4_addresses or all_ipv6_addresses: loopback's are not."""
    is_loopback = entry["address"].startswith("127.") or entry["address"] == "::1"
    return bool(entry["family"] == family) and not is_loopback and "alias_of" not in entry


def _reachable(entries: list[dict[str, Any]], family: int) -> list[str]:
    """Return the addresses at which the host can reach itself, and the loopback network."""
    own = [entry for entry in entries if entry["family"] == family and "alias_of" not in entry]
    nets = [_net(entry) for entry in own if entry["address"].startswith("127.")]
    return sorted({entry["address"] for entry in own} | {str(net) for net in nets if net})


def _default(raw: RawFacts, fact: str, interfaces: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the interface, gateway and source address of the default route; {} without one."""
    line = next(_lines(raw.addresses, TARGETS[fact]), "")
    words = line.split()
    route = dict(pairwise(words))
    device = interfaces.get(route.get("dev", ""), {})
    if not device or "src" not in route or route["dev"] == "lo":
        return {}
    facts = {"address": route["src"], "interface": route["dev"]}
    facts |= {"gateway": route["via"]} if "via" in route else {}
    for entry in device["addresses"]:
        if entry["address"] == route["src"]:
            return facts | _default_of(device, entry)
    return facts


def _default_of(device: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of the default route that are those of its interface."""
    shared = {key: device[key] for key in ("macaddress", "mtu", "type") if key in device}
    if entry["family"] == 6:
        return shared | {"prefix": entry["prefix"], "scope": entry["scope"]}
    return shared | _ipv4(entry) | {"alias": entry["label"]}


def _lines(text: str, first: str) -> Iterator[str]:
    """Yield the lines whose first word is `first`."""
    return (line for line in text.splitlines() if line.split(" ")[0] == first)


def _iqn(raw: RawFacts) -> str:
    """Return the iSCSI name of the host."""
    match = re.search(r"^InitiatorName=(.*)$", raw.text("/etc/iscsi/initiatorname.iscsi"), re.M)
    return match[1].strip() if match else ""
