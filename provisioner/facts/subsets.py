"""The words of gather_subset and the sections that they select, as in Ansible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from provisioner.facts.sections import SECTIONS

_HARDWARE_SECTIONS = frozenset(
    {"cpu", "devices", "dmi", "loadavg", "lvm", "memory", "mounts", "uptime"}
)


_NOT_MINIMAL = _HARDWARE_SECTIONS | {"network", "virtual"}


GROUPS: Mapping[str, frozenset[str]] = {
    "all": frozenset(SECTIONS),
    "min": frozenset(SECTIONS) - _NOT_MINIMAL,
    "hardware": _HARDWARE_SECTIONS,
    "network": frozenset({"network"}),
    "virtual": frozenset({"virtual"}),
    "interfaces": frozenset({"network"}),
    "facter": frozenset(),
    "ohai": frozenset(),
}
"""Words that select several sections. facter and ohai need Ruby on the host: they select nothing.
"""


ALIASES = {
    "processor": frozenset({"cpu"}),
    "virtualization_type": frozenset({"virtual"}),
    "virtualization_role": frozenset({"virtual"}),
    "fibre_channel_wwn": frozenset({"network"}),
    "iscsi": frozenset({"network"}),
    "nvme": frozenset({"network"}),
    "env": frozenset({"env"}),
}
"""Other words for one section."""


_SECTIONS_BY_WORD = {**{name: frozenset({name}) for name in SECTIONS}, **ALIASES, **GROUPS}


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
"""Beginnings of facts' names, with the section that contains these facts."""


def sections_of(name: str) -> frozenset[str]:
    """Return the sections that a word of gather_subset selects.

    As in Ansible, the name of a fact is a word too: `default_ipv4`, `mounts`, `memory_mb`. Raises
    KeyError for an unknown word.
    """
    if name in _SECTIONS_BY_WORD:
        return _SECTIONS_BY_WORD[name]
    for prefix, section in FACT_PREFIXES.items():
        if name.startswith(prefix):
            return frozenset({section})
    raise KeyError(name)


def selected_sections(subset: Iterable[str]) -> frozenset[str]:
    """Return the sections that gather_subset selects. Raises KeyError for an unknown word.

    They are `min` and the sections of words without `!`, except the sections of words with `!`. A
    section that a word names itself is never removed. Unknown words with `!` are ignored.
    """
    words = list(subset)
    included_words = [word for word in words if not word.startswith("!")]
    included_by_name = _union(word for word in included_words if word not in ("all", "min"))
    excluded_words = [word[1:] for word in words if word.startswith("!") and word != "!all"]
    excluded = _union(filter(_is_known, excluded_words))
    if "!all" in words:
        excluded |= GROUPS["all"] - GROUPS["min"]
    return (_union(included_words) | GROUPS["min"]) - (excluded - included_by_name)


def _is_known(word: str) -> bool:
    """Whether a word means at least one section."""
    try:
        return bool(sections_of(word))
    except KeyError:
        return False


def _union(words: Iterable[str]) -> frozenset[str]:
    """Return the sections of several words."""
    return frozenset(section for word in words for section in sections_of(word))
