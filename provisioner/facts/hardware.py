"""Processors, memory, mounts, disks and the firmware's tables."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Any

from provisioner.facts.raw import Raw, labelled

_FORM_FACTORS = (
    "Unknown, Other, Unknown, Desktop, Low Profile Desktop, Pizza Box, Mini Tower, Tower, "
    "Portable, Laptop, Notebook, Hand Held, Docking Station, All In One, Sub Notebook, "
    "Space-saving, Lunch Box, Main Server Chassis, Expansion Chassis, Sub Chassis, "
    "Bus Expansion Chassis, Peripheral Chassis, RAID Chassis, Rack Mount Chassis, Sealed-case PC, "
    "Multi-system, CompactPCI, AdvancedTCA, Blade, Blade Enclosure, Tablet, Convertible, "
    "Detachable, IoT Gateway, Embedded PC, Mini PC, Stick PC"
)
FORM_FACTORS = _FORM_FACTORS.split(", ")
"""SMBIOS's chassis types, by number."""

DMI = "/sys/devices/virtual/dmi/id"

_DMI_FACTS = (
    "bios_date bios_vendor bios_version board_asset_tag board_name board_serial board_vendor "
    "board_version chassis_asset_tag chassis_serial chassis_vendor chassis_version product_name "
    "product_serial product_uuid product_version"
)
DMI_FACTS = _DMI_FACTS.split()


def dmi(raw: Raw) -> dict[str, Any]:
    """bios_*, board_*, chassis_*, product_*, system_vendor, form_factor; "NA" is not to be had."""
    facts = {name: raw.text(f"{DMI}/{name}") or "NA" for name in DMI_FACTS}
    kind = raw.text(f"{DMI}/chassis_type")
    number = int(kind) if kind.isdigit() else -1
    known = 0 <= number < len(FORM_FACTORS)
    return facts | {
        "form_factor": FORM_FACTORS[number] if known else kind or "NA",
        "system_vendor": raw.text(f"{DMI}/sys_vendor") or "NA",
    }


MEMORY = ("MemTotal", "MemFree", "SwapTotal", "SwapFree", "SwapCached", "Cached", "Buffers")


def memory(raw: Raw) -> dict[str, Any]:
    """memtotal_mb, memfree_mb, swaptotal_mb, swapfree_mb and memory_mb."""
    given = labelled(raw.text("/proc/meminfo"))
    if "MemTotal" not in given:
        return {}
    megabytes = {name: int(value.split()[0]) // 1024 for name, value in given.items() if value}
    total, free, swap, swap_free, swap_cached, cached, buffers = (
        megabytes.get(name, 0) for name in MEMORY
    )
    available = free + cached + buffers
    return {
        "memtotal_mb": total,
        "memfree_mb": free,
        "swaptotal_mb": swap,
        "swapfree_mb": swap_free,
        "memory_mb": {
            "real": {"total": total, "used": total - free, "free": free},
            "nocache": {"free": available, "used": total - available},
            "swap": {
                "total": swap,
                "free": swap_free,
                "used": swap - swap_free,
                "cached": swap_cached,
            },
        },
    }


def processor(raw: Raw) -> dict[str, Any]:
    """processor, processor_count (sockets), processor_cores, ..._vcpus, ..._nproc."""
    blocks = _blocks(raw.text("/proc/cpuinfo"))
    kept = ("processor", "vendor_id", "model name", "Processor", "cpu", "Vendor", "Model")
    words = [value for block in blocks for key, value in block.items() if key in kept]
    cores = {
        b["physical id"]: int(b["cpu cores"])
        for b in blocks
        if {"physical id", "cpu cores"} <= set(b)
    }
    siblings = [int(b["siblings"]) for b in blocks if "siblings" in b]
    sockets = len({b["physical id"] for b in blocks if "physical id" in b}) or len(blocks)
    per_socket = next(iter(cores.values()), 1)
    threads = max(1, siblings[0] // per_socket) if siblings else 1
    return {
        "processor": words,
        "processor_count": sockets,
        "processor_cores": per_socket,
        "processor_threads_per_core": threads,
        "processor_vcpus": threads * sockets * per_socket,
        "processor_nproc": _allowed(raw) or len(blocks),
    }


def _blocks(cpuinfo: str) -> list[dict[str, str]]:
    """One dict a processor; ARM ends with a block about the board, which has none."""
    starts = [match.start() for match in re.finditer(r"^processor\s*:", cpuinfo, re.M)]
    return [labelled(cpuinfo[start:end]) for start, end in pairwise([*starts, len(cpuinfo)])]


def _allowed(raw: Raw) -> int:
    """How many processors this session may run on: of `0-3,8` it is 5."""
    ranges = labelled(raw.text("/proc/self/status")).get("Cpus_allowed_list", "")
    pairs = re.findall(r"(\d+)(?:-(\d+))?", ranges)
    return sum(int(last or first) - int(first) + 1 for first, last in pairs)


def uptime(raw: Raw) -> dict[str, Any]:
    seconds = raw.text("/proc/uptime").split(".")[0]
    return {"uptime_seconds": int(seconds)} if seconds.isdigit() else {}


def loadavg(raw: Raw) -> dict[str, Any]:
    words = raw.text("/proc/loadavg").split()
    return (
        {"loadavg": dict(zip(("1m", "5m", "15m"), map(float, words), strict=False))}
        if words
        else {}
    )


# -- file systems


def mounts(raw: Raw) -> list[dict[str, Any]]:
    """What is mounted from a device or another host, with sizes in bytes."""
    sizes = dict(map(_size, raw.sizes.splitlines()))
    names = _names(raw, "by-uuid")
    found = []
    for line in raw.text("/proc/mounts").splitlines():
        words = [unescape(word) for word in line.split(" ")]
        if len(words) >= 4 and is_mount(words[0], words[2]):
            device, point, kind, options = words[:4]
            entry = {"mount": point, "device": device, "fstype": kind, "options": options}
            uuid = next(iter(names.get(_real(raw, device), [])), "N/A")
            found.append(entry | sizes.get(point, {}) | {"uuid": uuid})
    return found


def is_mount(device: str, kind: str) -> bool:
    return (device.startswith(("/", "\\")) or ":/" in device) and kind != "none"


def unescape(word: str) -> str:
    """The kernel writes space, tab, newline and backslash of a path as `\\040`."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), word)


def _size(line: str) -> tuple[str, dict[str, int]]:
    """One line of `stat -f -c '%S %b %f %a %c %d %s %n'`."""
    *numbers, point = line.split(" ", 7)
    if len(numbers) != 7 or not all(number.isdigit() for number in numbers):
        return "", {}
    unit, total, _, available, inodes, free_inodes, block = map(int, numbers)
    return point, {
        "size_total": unit * total,
        "size_available": unit * available,
        "block_size": block,
        "block_total": total,
        "block_available": available,
        "block_used": total - available,
        "inode_total": inodes,
        "inode_available": free_inodes,
        "inode_used": inodes - free_inodes,
    }


# -- disks


def devices(raw: Raw) -> dict[str, Any]:
    """devices and device_links."""
    kinds = {kind: _names(raw, f"by-{folder}") for kind, folder in LINKS.items()}
    links = {kind: {_base(d): names for d, names in found.items()} for kind, found in kinds.items()}
    links["masters"] = _masters(raw)
    disks: dict[str, dict[str, str]] = {}
    for parts, text in raw.below("/sys/block"):
        disks.setdefault(parts[0], {})["/".join(parts[1:])] = text
    shown = {name: _disk(name, disks[name], links) for name in sorted(disks)}
    return {"devices": {n: d for n, d in shown.items() if d["size"]}, "device_links": links}


LINKS = {"ids": "id", "uuids": "uuid", "labels": "label"}


def _masters(raw: Raw) -> dict[str, list[str]]:
    """Device ▶ the devices that stand on it (LVM, RAID)."""
    found: dict[str, list[str]] = {}
    for link in raw.links:
        if holds := re.match(r"^/sys/block/([^/]+)/slaves/([^/]+)$", link):
            found.setdefault(holds[2], []).append(holds[1])
    return found


def _of(links: dict[str, dict[str, list[str]]], name: str) -> dict[str, list[str]]:
    return {kind: sorted(links[kind].get(name, [])) for kind in (*LINKS, "masters")}


def _disk(
    name: str, said: dict[str, str], links: dict[str, dict[str, list[str]]]
) -> dict[str, Any]:
    sectors = int(said.get("size") or 0)
    return {
        "virtual": 1,
        "links": _of(links, name),
        "vendor": said.get("device/vendor"),
        "model": said.get("device/model"),
        "sas_address": None,
        "sas_device_handle": None,
        "removable": said.get("removable", "0"),
        "rotational": said.get("queue/rotational", "0"),
        "support_discard": said.get("queue/discard_granularity", "0"),
        "scheduler_mode": _scheduler(said.get("queue/scheduler", "")),
        "partitions": _partitions(said, links),
        "sectors": str(sectors),
        "sectorsize": said.get("queue/logical_block_size", "512"),
        "size": human(sectors * 512),
        "host": "",
        "holders": _of(links, name)["masters"],
    }


def _partitions(said: dict[str, str], links: dict[str, dict[str, list[str]]]) -> dict[str, Any]:
    found = {}
    unit = said.get("queue/logical_block_size", "512")
    for part in sorted(path.split("/")[0] for path in said if path.endswith("/start")):
        sectors, own = int(said.get(f"{part}/size") or 0), _of(links, part)
        found[part] = {
            "links": own,
            "start": said[f"{part}/start"],
            "sectors": str(sectors),
            "sectorsize": unit,
            "size": human(sectors * 512),
            "uuid": next(iter(own["uuids"]), None),
            "holders": own["masters"],
        }
    return found


def _scheduler(text: str) -> str:
    """The one in brackets of `noop [deadline] cfq`."""
    found = re.search(r"\[(.*)\]", text)
    return found[1] if found else ""


def human(size: int) -> str:
    """Bytes as Ansible writes them: `20.00 GB`."""
    units = ("Bytes", "KB", "MB", "GB", "TB", "PB", "EB")
    power = min(int(math.log2(size) // 10), len(units) - 1) if size > 0 else 0
    return f"{size / (1 << (10 * power)):.2f} {units[power]}"


def _names(raw: Raw, folder: str) -> dict[str, list[str]]:
    """Device ▶ its names in /dev/disk/FOLDER."""
    found: dict[str, list[str]] = {}
    for link, target in raw.links.items():
        if link.startswith(f"/dev/disk/{folder}/"):
            name = _udev(link.rpartition("/")[2])
            found.setdefault("/dev/" + _base(target), []).append(name)
    return found


def _udev(name: str) -> str:
    """udev writes what a file name can't hold as `\\x20`."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), name)


def _real(raw: Raw, device: str) -> str:
    """/dev/mapper/NAME is a link to /dev/dm-N."""
    return "/dev/" + _base(raw.links[device]) if device in raw.links else device


def _base(path: str) -> str:
    return path.rpartition("/")[2]
