"""The sections of facts that gather_subset can select, and how each is read.

The functions only read texts (`RawFacts`): the module setup gets them from the host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from provisioner.facts import disks, distribution, hardware, network, security, system, virtual
from provisioner.facts.local_facts import local
from provisioner.facts.raw_facts import RawFacts


def _package_manager(raw: RawFacts) -> dict[str, Any]:
    """Return the fact pkg_mgr."""
    return {"pkg_mgr": distribution.package_manager(raw, distribution.distribution(raw))}


def _only(facts: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a dict with only the fact `name`."""
    return {name: facts[name]}


SECTIONS: dict[str, Callable[[RawFacts], dict[str, Any]]] = {
    "apparmor": lambda raw: _only(security.security(raw), "apparmor"),
    "caps": security.capabilities,
    "chroot": lambda raw: _only(security.security(raw), "is_chroot"),
    "cmdline": system.cmdline,
    "date_time": lambda raw: {"date_time": system.date_time(raw)},
    "distribution": distribution.distribution,
    "dns": lambda raw: {"dns": system.dns(raw)},
    "env": lambda raw: {"env": dict(raw.environment)},
    "fips": lambda raw: _only(security.security(raw), "fips"),
    "local": lambda raw: {"local": local(raw)},
    "lsb": lambda raw: {"lsb": system.lsb(raw)},
    "pkg_mgr": _package_manager,
    "platform": system.platform,
    "python": system.python,
    "selinux": security.selinux,
    "service_mgr": lambda raw: {"service_mgr": distribution.service_manager(raw)},
    "ssh_pub_keys": system.ssh_keys,
    "user": system.user,
    "cpu": hardware.processor,
    "devices": disks.devices,
    "dmi": hardware.dmi,
    "loadavg": hardware.loadavg,
    "lvm": lambda raw: {"lvm": "N/A"},  # the real value would need three slow programs
    "memory": hardware.memory,
    "mounts": lambda raw: {"mounts": disks.mounts(raw)},
    "uptime": hardware.uptime,
    "network": network.network,
    "virtual": virtual.virtualization,
}
"""The sections by the names that gather_subset uses, and the functions that read them."""


def read_facts(raw: RawFacts, sections: Iterable[str]) -> dict[str, Any]:
    """Return the facts of the sections, by their names with `ansible_` in front."""
    facts: dict[str, Any] = {}
    for section in sections:
        facts |= {f"ansible_{name}": value for name, value in SECTIONS[section](raw).items()}
    return dict(sorted(facts.items()))


def matching_facts(facts: Mapping[str, Any], patterns: Iterable[str]) -> dict[str, Any]:
    """Return the facts that match one of the patterns, with or without `ansible_`."""
    patterns = tuple(patterns)
    if not patterns or patterns == ("*",) or patterns == ("",):
        return dict(facts)
    return {name: value for name, value in facts.items() if _matches(name, patterns)}


def _matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a fact's name matches one of the patterns."""
    return any(
        fnmatchcase(name, pattern) or fnmatchcase(name.removeprefix("ansible_"), pattern)
        for pattern in patterns
    )
