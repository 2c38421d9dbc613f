"""Raw texts of a host ▶ Ansible's facts, with its names and types. Pure: no host is asked here.

Nothing here uses a Python of the hosts; `python` and `python_version` say which one there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from provisioner.facts import distribution, hardware, network, system, virtual
from provisioner.facts.raw import Raw, files, local

__all__ = ["GROUPS", "Raw", "chosen", "facts", "files", "matching"]


def _distribution(raw: Raw) -> dict[str, Any]:
    return distribution.distribution(raw)


def _package_manager(raw: Raw) -> dict[str, Any]:
    return {"pkg_mgr": distribution.package_manager(raw, distribution.distribution(raw))}


SECTIONS: dict[str, Callable[[Raw], dict[str, Any]]] = {
    "apparmor": lambda raw: _only(system.security(raw), "apparmor"),
    "caps": system.capabilities,
    "chroot": lambda raw: _only(system.security(raw), "is_chroot"),
    "cmdline": system.cmdline,
    "date_time": lambda raw: {"date_time": system.date_time(raw)},
    "distribution": _distribution,
    "dns": lambda raw: {"dns": system.dns(raw)},
    "env": lambda raw: {"env": dict(raw.environment)},
    "fips": lambda raw: _only(system.security(raw), "fips"),
    "local": lambda raw: {"local": local(raw)},
    "lsb": lambda raw: {"lsb": system.lsb(raw)},
    "pkg_mgr": _package_manager,
    "platform": system.platform,
    "python": system.python,
    "selinux": system.selinux,
    "service_mgr": lambda raw: {"service_mgr": distribution.service_manager(raw)},
    "ssh_pub_keys": system.ssh_keys,
    "user": system.user,
    "cpu": hardware.processor,
    "devices": hardware.devices,
    "dmi": hardware.dmi,
    "loadavg": hardware.loadavg,
    "lvm": lambda raw: {"lvm": "N/A"},  # reading it takes three slow programs
    "memory": hardware.memory,
    "mounts": lambda raw: {"mounts": hardware.mounts(raw)},
    "uptime": hardware.uptime,
    "network": network.network,
    "virtual": virtual.virtualization,
}
"""A part that gather_subset can name ▶ how it is read."""

_HARDWARE = frozenset({"cpu", "devices", "dmi", "loadavg", "lvm", "memory", "mounts", "uptime"})
_REST = frozenset({"network", "virtual"})

GROUPS: Mapping[str, frozenset[str]] = {
    "all": frozenset(SECTIONS),
    "min": frozenset(SECTIONS) - _HARDWARE - _REST,
    "hardware": _HARDWARE,
    "network": frozenset({"network"}),
    "virtual": frozenset({"virtual"}),
    "interfaces": frozenset({"network"}),
    "facter": frozenset(),
    "ohai": frozenset(),
}
"""Names of several parts. facter and ohai need Ruby on the host: nothing is gathered for them."""

ALIASES = {
    "processor": frozenset({"cpu"}),
    "virtualization_type": frozenset({"virtual"}),
    "virtualization_role": frozenset({"virtual"}),
    "fibre_channel_wwn": frozenset({"network"}),
    "iscsi": frozenset({"network"}),
    "nvme": frozenset({"network"}),
    "env": frozenset({"env"}),
}

KNOWN = {**{name: frozenset({name}) for name in SECTIONS}, **ALIASES, **GROUPS}


def parts(name: str) -> frozenset[str]:
    """The parts that one word of gather_subset stands for; KeyError for an unknown one.

    A fact's own name is one too (`default_ipv4`, `mounts`, `memory_mb`), as in Ansible.
    """
    if name in KNOWN:
        return KNOWN[name]
    for prefix, part in FACT_PREFIXES.items():
        if name.startswith(prefix):
            return frozenset({part})
    raise KeyError(name)


FACT_PREFIXES = {
    "all_ipv": "network",
    "architecture": "platform",
    "bios_": "dmi",
    "board_": "dmi",
    "chassis_": "dmi",
    "date_time": "date_time",
    "default_ipv": "network",
    "device_links": "devices",
    "distribution_": "distribution",
    "domain": "platform",
    "effective_": "user",
    "form_factor": "dmi",
    "fqdn": "platform",
    "hostname": "platform",
    "is_chroot": "chroot",
    "kernel": "platform",
    "machine": "platform",
    "mem": "memory",
    "nodename": "platform",
    "os_family": "distribution",
    "proc_cmdline": "cmdline",
    "processor_": "cpu",
    "product_": "dmi",
    "python_version": "python",
    "real_": "user",
    "ssh_host_": "ssh_pub_keys",
    "swap": "memory",
    "system_cap": "caps",
    "system_vendor": "dmi",
    "system": "platform",
    "uptime": "uptime",
    "user_": "user",
    "userspace_": "platform",
    "virtualization_": "virtual",
}


def chosen(subset: Iterable[str]) -> frozenset[str]:
    """The parts to gather: min and what is asked for, less what has `!` before it and is not
    asked for by name as well. Nothing is left out by a name that no part has."""
    words = list(subset)
    asked = [word for word in words if not word.startswith("!")]
    named = _union(word for word in asked if word not in ("all", "min"))
    excluded = [word[1:] for word in words if word.startswith("!") and word != "!all"]
    unwanted = _union(filter(_known, excluded))
    if "!all" in words:
        unwanted |= GROUPS["all"] - GROUPS["min"]
    return (_union(asked) | GROUPS["min"]) - (unwanted - named)


def _known(word: str) -> bool:
    try:
        return bool(parts(word))
    except KeyError:
        return False


def _union(words: Iterable[str]) -> frozenset[str]:
    return frozenset(part for word in words for part in parts(word))


def facts(raw: Raw, wanted: Iterable[str]) -> dict[str, Any]:
    """The facts of the wanted parts, named with `ansible_` before them."""
    found: dict[str, Any] = {}
    for part in wanted:
        found |= {f"ansible_{name}": value for name, value in SECTIONS[part](raw).items()}
    return dict(sorted(found.items()))


def matching(found: Mapping[str, Any], patterns: Iterable[str]) -> dict[str, Any]:
    """The facts that one of the shell patterns matches, with or without `ansible_`."""
    patterns = tuple(patterns)
    if not patterns or patterns == ("*",) or patterns == ("",):
        return dict(found)
    return {name: value for name, value in found.items() if _matches(name, patterns)}


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(
        fnmatchcase(name, pattern) or fnmatchcase(name.removeprefix("ansible_"), pattern)
        for pattern in patterns
    )


def _only(found: dict[str, Any], name: str) -> dict[str, Any]:
    return {name: found[name]}
