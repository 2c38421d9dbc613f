"""Facts of the firmware, the memory, the processors, the uptime and the load."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from provisioner.facts.parsing import parse_labels
from provisioner.facts.raw_facts import RawFacts

_FORM_FACTORS = (
    "Unknown, Other, Unknown, Desktop, Low Profile Desktop, Pizza Box, Mini Tower, Tower, "
    "Portable, Laptop, Notebook, Hand Held, Docking Station, All In One, Sub Notebook, "
    "Space-saving, Lunch Box, Main Server Chassis, Expansion Chassis, Sub Chassis, "
    "Bus Expansion Chassis, Peripheral Chassis, RAID Chassis, Rack Mount Chassis, Sealed-case PC, "
    "Multi-system, CompactPCI, AdvancedTCA, Blade, Blade Enclosure, Tablet, Convertible, "
    "Detachable, IoT Gateway, Embedded PC, Mini PC, Stick PC"
)


FORM_FACTORS = _FORM_FACTORS.split(", ")
"""The chassis types of SMBIOS, by number."""


DMI = "/sys/devices/virtual/dmi/id"
"""The folder of the firmware's values."""


_DMI_FACTS = (
    "bios_date bios_vendor bios_version board_asset_tag board_name board_serial board_vendor "
    "board_version chassis_asset_tag chassis_serial chassis_vendor chassis_version product_name "
    "product_serial product_uuid product_version"
)


DMI_FACTS = _DMI_FACTS.split()
"""The facts that are read from a file of the same name."""


def dmi(raw: RawFacts) -> dict[str, Any]:
    """Return the facts bios_*, board_*, chassis_*, product_*, system_vendor and form_factor.

    A value that can't be read is "NA", as in Ansible.
    """
    facts = {name: raw.text(f"{DMI}/{name}") or "NA" for name in DMI_FACTS}
    kind = raw.text(f"{DMI}/chassis_type")
    number = int(kind) if kind.isdigit() else -1
    is_known = 0 <= number < len(FORM_FACTORS)
    return facts | {
        "form_factor": FORM_FACTORS[number] if is_known else kind or "NA",
        "system_vendor": raw.text(f"{DMI}/sys_vendor") or "NA",
    }


MEMORY = ("MemTotal", "MemFree", "SwapTotal", "SwapFree", "SwapCached", "Cached", "Buffers")
"""The values of /proc/meminfo that are used."""


def memory(raw: RawFacts) -> dict[str, Any]:
    """Return the facts memtotal_mb, memfree_mb, swaptotal_mb, swapfree_mb and memory_mb."""
    kilobytes = parse_labels(raw.text("/proc/meminfo"))
    if "MemTotal" not in kilobytes:
        return {}
    megabytes = {name: int(value.split()[0]) // 1024 for name, value in kilobytes.items() if value}
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


def processor(raw: RawFacts) -> dict[str, Any]:
    """Return the facts processor, processor_count (sockets), processor_cores and the like."""
    blocks = _blocks(raw.text("/proc/cpuinfo"))
    described_by = ("processor", "vendor_id", "model name", "Processor", "cpu", "Vendor", "Model")
    words = [value for block in blocks for key, value in block.items() if key in described_by]
    cores = {
        block["physical id"]: int(block["cpu cores"])
        for block in blocks
        if {"physical id", "cpu cores"} <= set(block)
    }
    siblings = [int(block["siblings"]) for block in blocks if "siblings" in block]
    socket_ids = {block["physical id"] for block in blocks if "physical id" in block}
    sockets = len(socket_ids) or len(blocks)
    per_socket = next(iter(cores.values()), 1)
    threads = max(1, siblings[0] // per_socket) if siblings else 1
    return {
        "processor": words,
        "processor_count": sockets,
        "processor_cores": per_socket,
        "processor_threads_per_core": threads,
        "processor_vcpus": threads * sockets * per_socket,
        "processor_nproc": _allowed_processors(raw) or len(blocks),
    }


def _blocks(cpuinfo: str) -> list[dict[str, str]]:
    """Return the lines of each processor in /proc/cpuinfo as a dict.

    On ARM a last block about the board has none.
    """
    starts = [match.start() for match in re.finditer(r"^processor\s*:", cpuinfo, re.M)]
    return [parse_labels(cpuinfo[start:end]) for start, end in pairwise([*starts, len(cpuinfo)])]


def _allowed_processors(raw: RawFacts) -> int:
    """Return the number of processors that the session may use: 5 for `0-3,8`."""
    ranges = parse_labels(raw.text("/proc/self/status")).get("Cpus_allowed_list", "")
    pairs = re.findall(r"(\d+)(?:-(\d+))?", ranges)
    return sum(int(last or first) - int(first) + 1 for first, last in pairs)


def uptime(raw: RawFacts) -> dict[str, Any]:
    """Return the fact uptime_seconds."""
    seconds = raw.text("/proc/uptime").split(".")[0]
    return {"uptime_seconds": int(seconds)} if seconds.isdigit() else {}


def loadavg(raw: RawFacts) -> dict[str, Any]:
    """Return the fact loadavg, with the keys 1m, 5m and 15m."""
    words = raw.text("/proc/loadavg").split()
    return (
        {"loadavg": dict(zip(("1m", "5m", "15m"), map(float, words), strict=False))}
        if words
        else {}
    )
