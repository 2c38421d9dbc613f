"""Interfaces, addresses and the default routes, from `ip addr` and sysfs."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from provisioner import regex
from provisioner.facts.raw import Raw

TARGETS = {"default_ipv4": "8.8.8.8", "default_ipv6": "2404:6800:400a:800::1012"}
"""The addresses whose route counts as the default one: they are only looked up, never sent to."""

TYPES = {"1": "ether", "512": "ppp", "772": "loopback"}

IFF_PROMISC = 0x100

HEAD = regex.compile(r"^\d+: (?P<name>[^:@]+)[^:]*: <[^>]*> mtu (?P<mtu>\d+)")


def network(raw: Raw) -> dict[str, Any]:
    """interfaces, one fact for each, default_ipv4, default_ipv6, all_ipv4_addresses, ..."""
    interfaces = _interfaces(raw)
    addresses = [entry for device in interfaces.values() for entry in device["addresses"]]
    facts: dict[str, Any] = {
        "interfaces": list(interfaces),
        "all_ipv4_addresses": [e["address"] for e in addresses if _counts(e, 4)],
        "all_ipv6_addresses": [e["address"] for e in addresses if _counts(e, 6)],
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
    # The interfaces last: one called `all_ipv4_addresses` is the host's own joke.
    return {fact_name(name): _fact(device) for name, device in interfaces.items()} | facts


def fact_name(interface: str) -> str:
    """The fact that holds an interface: no `-`, `.` or `:` in the name of a variable."""
    return re.sub(r"[-.:]", "_", interface)


def _interfaces(raw: Raw) -> dict[str, dict[str, Any]]:
    """Name ▶ the interface's facts and, in `addresses`, its entries of `ip addr` in order."""
    found: dict[str, dict[str, Any]] = {}
    device = ""
    for line in raw.addresses.splitlines():
        words = line.split()
        if head := HEAD.match(line):
            device = head["name"]
            found[device] = _device(raw, device, head) | {"addresses": []}
        elif device and words and words[0] in ("inet", "inet6") and len(words) > 1:
            _add(found, device, _entry(words))
        elif line[:1].strip():
            device = ""  # behind the interfaces come the routes
    return found


def _add(found: dict[str, dict[str, Any]], device: str, entry: dict[str, Any]) -> None:
    """Give the entry to its interface. An alias (`eth0:1`) counts as an interface of its own."""
    label = entry["label"]
    if entry["family"] == 4 and label != device and label.startswith(f"{device}:"):
        found.setdefault(label, {"addresses": []})["addresses"].append(entry)
        if entry["secondary"]:
            found[device]["addresses"].append(entry | {"alias_of": label})
        return
    found[device]["addresses"].append(entry)


def _entry(words: list[str]) -> dict[str, Any]:
    """One `inet` or `inet6` line."""
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


def _device(raw: Raw, name: str, head: re.Match[str]) -> dict[str, Any]:
    """What an interface is, without its addresses."""
    here = f"/sys/class/net/{name}"
    flags = raw.text(f"{here}/flags")
    facts: dict[str, Any] = {
        "device": name,
        "mtu": int(head["mtu"]),
        "active": raw.text(f"{here}/operstate") != "down",
        "promisc": flags.startswith("0x") and bool(int(flags, 16) & IFF_PROMISC),
        "type": TYPES.get(raw.text(f"{here}/type"), "unknown"),
    }
    if (mac := raw.text(f"{here}/address")) and mac != "00:00:00:00:00:00":
        facts["macaddress"] = mac
    for fact, link in (("module", "device/driver/module"), ("pciid", "device")):
        if target := raw.links.get(f"{here}/{link}"):
            facts[fact] = target.rpartition("/")[2]
    if (speed := raw.text(f"{here}/speed")).lstrip("-").isdigit():
        facts["speed"] = int(speed)
    return facts | _bridge(raw, name, here) | _bonding(raw, here)


def _bridge(raw: Raw, name: str, here: str) -> dict[str, Any]:
    if not (identity := raw.text(f"{here}/bridge/bridge_id")):
        return {}
    ports = re.findall(
        rf"^\d+: ([^:@]+)[^:]*: .* master {re.escape(name)}(?: |$)", raw.addresses, re.M
    )
    stp = raw.text(f"{here}/bridge/stp_state") == "1"
    return {"type": "bridge", "id": identity, "interfaces": ports, "stp": stp}


def _bonding(raw: Raw, here: str) -> dict[str, Any]:
    if not (mode := raw.text(f"{here}/bonding/mode")):
        return {}
    return {
        "type": "bonding",
        "mode": mode.split()[0],
        "slaves": raw.text(f"{here}/bonding/slaves").split(),
        "miimon": raw.text(f"{here}/bonding/miimon"),
        "primary": raw.text(f"{here}/bonding/primary"),
        "lacp_rate": raw.text(f"{here}/bonding/lacp_rate").split(" ")[0],
    }


def _fact(device: dict[str, Any]) -> dict[str, Any]:
    """An interface as its own fact shows it."""
    facts = {key: value for key, value in device.items() if key != "addresses"}
    for entry in device["addresses"]:
        if entry["family"] == 6:
            shown = {key: entry[key] for key in ("address", "prefix", "scope")}
            facts.setdefault("ipv6", []).append(shown)
        elif "ipv4" in facts or "alias_of" in entry:
            facts.setdefault("ipv4_secondaries", []).append(_ipv4(entry))
        else:
            facts["ipv4"] = _ipv4(entry)
    return facts


def _ipv4(entry: dict[str, Any]) -> dict[str, str]:
    net = _net(entry)
    return {
        "address": entry["address"],
        "broadcast": entry["broadcast"],
        "netmask": str(net.netmask) if net else "",
        "network": str(net.network_address) if net else "",
        "prefix": entry["prefix"],
    }


def _net(entry: dict[str, Any]) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(f"{entry['address']}/{entry['prefix']}", strict=False)
    except ValueError:
        return None


def _counts(entry: dict[str, Any], family: int) -> bool:
    """Whether an entry is one of all_ipvN_addresses: loopback's are not."""
    own = entry["address"].startswith("127.") or entry["address"] == "::1"
    return bool(entry["family"] == family) and not own and "alias_of" not in entry


def _reachable(entries: list[dict[str, Any]], family: int) -> list[str]:
    """The addresses that reach this host from itself, and loopback's network."""
    own = [entry for entry in entries if entry["family"] == family and "alias_of" not in entry]
    nets = [_net(entry) for entry in own if entry["address"].startswith("127.")]
    return sorted({entry["address"] for entry in own} | {str(net) for net in nets if net})


def _default(raw: Raw, which: str, interfaces: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The interface, gateway and source address of the default route; {} without one."""
    line = next(_lines(raw.addresses, TARGETS[which]), "")
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
    shared = {key: device[key] for key in ("macaddress", "mtu", "type") if key in device}
    if entry["family"] == 6:
        return shared | {"prefix": entry["prefix"], "scope": entry["scope"]}
    return shared | _ipv4(entry) | {"alias": entry["label"]}


def _lines(text: str, first: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.split(" ")[0] == first)


def _iqn(raw: Raw) -> str:
    found = re.search(r"^InitiatorName=(.*)$", raw.text("/etc/iscsi/initiatorname.iscsi"), re.M)
    return found[1].strip() if found else ""
