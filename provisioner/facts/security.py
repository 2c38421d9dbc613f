"""Facts of SELinux, FIPS, AppArmor, chroot and capabilities."""

from __future__ import annotations

import re
from typing import Any

from provisioner.facts.parsing import parse_assignments, parse_labels
from provisioner.facts.raw_facts import RawFacts


def selinux(raw: RawFacts) -> dict[str, Any]:
    """Return the fact selinux. selinux_python_present is true: the Python binding is not needed."""
    enforcing = raw.text("/sys/fs/selinux/enforce")
    if not enforcing:
        return {"selinux": {"status": "disabled"}, "selinux_python_present": True}
    config = parse_assignments(raw.text("/etc/selinux/config"))
    version = raw.text("/sys/fs/selinux/policyvers")
    facts = {
        "status": "enabled",
        "policyvers": int(version) if version.isdigit() else "unknown",
        "config_mode": config.get("SELINUX", "unknown"),
        "mode": {"1": "enforcing", "0": "permissive"}.get(enforcing, "unknown"),
        "type": config.get("SELINUXTYPE", "unknown"),
    }
    return {"selinux": facts, "selinux_python_present": True}


def security(raw: RawFacts) -> dict[str, Any]:
    """Return the facts fips, apparmor and is_chroot."""
    apparmor = "/sys/kernel/security/apparmor" in raw.present
    return {
        "fips": raw.text("/proc/sys/crypto/fips_enabled") == "1",
        "apparmor": {"status": "enabled" if apparmor else "disabled"},
        "is_chroot": "chroot" in raw.present,
    }


_CAPABILITIES = (
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable "
    "net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio "
    "sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time "
    "sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog "
    "wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"
)


CAPABILITIES = _CAPABILITIES.split()
"""The names of capabilities, by their bit."""


def capabilities(raw: RawFacts) -> dict[str, Any]:
    """Return the facts system_capabilities and system_capabilities_enforced of the session.

    The names are those of `capsh --print`.
    """
    mask = parse_labels(raw.text("/proc/self/status")).get("CapEff", "")
    number = int(mask, 16) if re.fullmatch(r"[0-9a-fA-F]+", mask) else 0
    names = [f"cap_{name}" for bit, name in enumerate(CAPABILITIES) if number >> bit & 1]
    has_all = len(names) >= 37  # the kernel of EL7 has 37 capabilities
    return {
        "system_capabilities": [] if has_all else names,
        "system_capabilities_enforced": "False" if has_all else "True",
    }
