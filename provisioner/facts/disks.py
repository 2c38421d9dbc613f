"""Facts of mounted file systems and of disks."""

from __future__ import annotations

import math
import re
from typing import Any

from provisioner.facts.raw_facts import RawFacts


def mounts(raw: RawFacts) -> list[dict[str, Any]]:
    """Return the fact mounts: file systems of a device or of another host, with sizes in bytes."""
    sizes = dict(map(_size, raw.sizes.splitlines()))
    names = _names(raw, "by-uuid")
    entries = []
    for line in raw.text("/proc/mounts").splitlines():
        words = [unescape(word) for word in line.split(" ")]
        if len(words) >= 4 and is_mount(words[0], words[2]):
            device, point, kind, options = words[:4]
            entry = {"mount": point, "device": device, "fstype": kind, "options": options}
            uuid = next(iter(names.get(_real(raw, device), [])), "N/A")
            entries.append(entry | sizes.get(point, {}) | {"uuid": uuid})
    return entries


def is_mount(device: str, kind: str) -> bool:
    """Whether the fact lists a line of /proc/mounts."""
    return (device.startswith(("/", "\\")) or ":/" in device) and kind != "none"


def unescape(word: str) -> str:
    r"""Return a field of /proc/mounts with escapes such as \040 (space) decoded."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), word)


def _size(line: str) -> tuple[str, dict[str, int]]:
    """Return the mount point and the sizes in one line of `stat -f`.

    The format of the line is '%S %b %f %a %c %d %s %n'.
    """
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


def devices(raw: RawFacts) -> dict[str, Any]:
    """Return the facts devices and device_links."""
    kinds = {kind: _names(raw, f"by-{folder}") for kind, folder in LINKS.items()}
    links = {
        kind: {_base(device): names for device, names in by_device.items()}
        for kind, by_device in kinds.items()
    }
    links["masters"] = _masters(raw)
    disks: dict[str, dict[str, str]] = {}
    for parts, text in raw.below("/sys/block"):
        disks.setdefault(parts[0], {})["/".join(parts[1:])] = text
    facts = {name: _disk(name, disks[name], links) for name in sorted(disks)}
    return {
        "devices": {name: disk for name, disk in facts.items() if disk["size"]},
        "device_links": links,
    }


LINKS = {"ids": "id", "uuids": "uuid", "labels": "label"}
"""The kinds of links, with their folders in /dev/disk (without `by-`)."""


def _masters(raw: RawFacts) -> dict[str, list[str]]:
    """Return for each device the devices that are built on it (LVM, RAID)."""
    masters: dict[str, list[str]] = {}
    for link in raw.links:
        if match := re.match(r"^/sys/block/([^/]+)/slaves/([^/]+)$", link):
            masters.setdefault(match[2], []).append(match[1])
    return masters


def _links_of(links: dict[str, dict[str, list[str]]], name: str) -> dict[str, list[str]]:
    """Return the links to one device, by kind."""
    return {kind: sorted(links[kind].get(name, [])) for kind in (*LINKS, "masters")}


def _disk(
    name: str, values: dict[str, str], links: dict[str, dict[str, list[str]]]
) -> dict[str, Any]:
    """Return the facts of one disk, from its values in /sys/block."""
    sectors = int(values.get("size") or 0)
    return {
        "virtual": 1,
        "links": _links_of(links, name),
        "vendor": values.get("device/vendor"),
        "model": values.get("device/model"),
        "sas_address": None,
        "sas_device_handle": None,
        "removable": values.get("removable", "0"),
        "rotational": values.get("queue/rotational", "0"),
        "support_discard": values.get("queue/discard_granularity", "0"),
        "scheduler_mode": _scheduler(values.get("queue/scheduler", "")),
        "partitions": _partitions(values, links),
        "sectors": str(sectors),
        "sectorsize": values.get("queue/logical_block_size", "512"),
        "size": _readable_size(sectors * 512),
        "host": "",
        "holders": _links_of(links, name)["masters"],
    }


def _partitions(values: dict[str, str], links: dict[str, dict[str, list[str]]]) -> dict[str, Any]:
    """Return the facts of a disk's partitions."""
    partitions = {}
    unit = values.get("queue/logical_block_size", "512")
    for part in sorted(path.split("/")[0] for path in values if path.endswith("/start")):
        sectors, own = int(values.get(f"{part}/size") or 0), _links_of(links, part)
        partitions[part] = {
            "links": own,
            "start": values[f"{part}/start"],
            "sectors": str(sectors),
            "sectorsize": unit,
            "size": _readable_size(sectors * 512),
            "uuid": next(iter(own["uuids"]), None),
            "holders": own["masters"],
        }
    return partitions


def _scheduler(text: str) -> str:
    """Return the active scheduler, which is in brackets: `noop [deadline] cfq`."""
    match = re.search(r"\[(.*)\]", text)
    return match[1] if match else ""


def _readable_size(size: int) -> str:
    """Return a size as Ansible shows it: `20.00 GB`."""
    units = ("Bytes", "KB", "MB", "GB", "TB", "PB", "EB")
    power = min(int(math.log2(size) // 10), len(units) - 1) if size > 0 else 0
    return f"{size / (1 << (10 * power)):.2f} {units[power]}"


def _names(raw: RawFacts, folder: str) -> dict[str, list[str]]:
    """Return the names of each device in /dev/disk/FOLDER."""
    names: dict[str, list[str]] = {}
    for link, target in raw.links.items():
        if link.startswith(f"/dev/disk/{folder}/"):
            name = _decode_udev(link.rpartition("/")[2])
            names.setdefault("/dev/" + _base(target), []).append(name)
    return names


def _decode_udev(name: str) -> str:
    r"""Return a name with udev's escapes such as \x20 (space) decoded."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda match: chr(int(match[1], 16)), name)


def _real(raw: RawFacts, device: str) -> str:
    """Return the device of a path, which may be a link: /dev/mapper/NAME leads to /dev/dm-N."""
    return "/dev/" + _base(raw.links[device]) if device in raw.links else device


def _base(path: str) -> str:
    """Return the last component of a path."""
    return path.rpartition("/")[2]
