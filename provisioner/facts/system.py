"""The kernel, the names, the user, the clock and the security settings."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from provisioner.facts.raw import Raw, labelled, settings


def platform(raw: Raw) -> dict[str, Any]:
    """system, kernel, machine, hostname, fqdn, domain, machine_id and the like."""
    system, node, kernel, rest = (*raw.uname.strip().split(" ", 3), "", "", "", "")[:4]
    version, _, machine = rest.rpartition(" ")
    fqdn = _fqdn(raw, node)
    bits = "64" if machine.endswith("64") or machine == "s390x" else "32"
    architecture = "i386" if re.fullmatch(r"i[3456]86|i86pc", machine) else machine
    return {
        "system": system,
        "kernel": kernel,
        "kernel_version": version,
        "machine": machine,
        "architecture": architecture,
        "userspace_architecture": architecture,
        "userspace_bits": bits,
        "nodename": node,
        "hostname": node.split(".")[0],
        "fqdn": fqdn,
        "domain": fqdn.partition(".")[2],
        "machine_id": raw.text("/etc/machine-id", "/var/lib/dbus/machine-id"),
    }


def _fqdn(raw: Raw, node: str) -> str:
    """As socket.getfqdn: of the names of this host the first one with a dot."""
    names = [node]
    for line in raw.text("/etc/hosts").splitlines():
        words = line.partition("#")[0].split()
        if node in words[1:]:
            names = [*words[1:], node]
            break
    else:
        names = [raw.fqdn.strip() or node, node]
    return next((name for name in names if "." in name), names[0])


def user(raw: Raw) -> dict[str, Any]:
    """user_id (the name), user_uid, user_gid, user_gecos, user_dir, user_shell, ..."""
    words = (*raw.passwd.strip().split(":"), "", "", "", "", "", "", "")[:7]
    status = labelled(raw.text("/proc/self/status"))
    real_uid, uid = (*_numbers(status.get("Uid", "")), 0, 0)[:2]
    real_gid, gid = (*_numbers(status.get("Gid", "")), 0, 0)[:2]
    return {
        "user_id": words[0] or raw.environment.get("USER", ""),
        "user_uid": int(words[2]) if words[2].isdigit() else uid,
        "user_gid": int(words[3]) if words[3].isdigit() else gid,
        "user_gecos": words[4],
        "user_dir": words[5],
        "user_shell": words[6],
        "real_user_id": real_uid,
        "effective_user_id": uid,
        "real_group_id": real_gid,
        "effective_group_id": gid,
    }


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split()]


def date_time(raw: Raw) -> dict[str, str]:
    """All of it as text, in the host's zone but for the iso8601 ones, which are UTC."""
    lines = [line.split() for line in raw.date.splitlines()]
    lines = [words for words in lines if len(words) == 4]
    if not lines:
        return {}
    epoch, nanoseconds, offset, zone = lines[0]
    now = datetime.fromtimestamp(int(epoch), UTC).replace(microsecond=int(nanoseconds) // 1000)
    here = now.astimezone(timezone(_offset(offset)))
    formats = {
        "year": "%Y",
        "month": "%m",
        "weekday": "%A",
        "weekday_number": "%w",
        "weeknumber": "%W",
        "day": "%d",
        "hour": "%H",
        "minute": "%M",
        "second": "%S",
        "date": "%Y-%m-%d",
        "time": "%H:%M:%S",
        "iso8601_basic": "%Y%m%dT%H%M%S%f",
        "iso8601_basic_short": "%Y%m%dT%H%M%S",
    }
    return {name: here.strftime(pattern) for name, pattern in formats.items()} | {
        "epoch": epoch,
        "epoch_int": epoch,
        "iso8601_micro": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "iso8601": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tz": zone,
        "tz_dst": max(lines, key=lambda words: _offset(words[2]))[3],
        "tz_offset": offset,
    }


def _offset(text: str) -> timedelta:
    sign = -1 if text.startswith("-") else 1
    return sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5]))


def cmdline(raw: Raw) -> dict[str, Any]:
    """cmdline (the last of a key's values) and proc_cmdline (all of them)."""
    single: dict[str, Any] = {}
    every: dict[str, Any] = {}
    for word in _split(raw.text("/proc/cmdline")):
        name, equals, value = word.partition("=")
        said: str | bool = value if equals else True
        single[name] = said
        if name not in every:
            every[name] = said
        else:
            before = every[name]
            every[name] = [*(before if isinstance(before, list) else [before]), said]
    return {"cmdline": single, "proc_cmdline": every}


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text, posix=False)
    except ValueError:
        return text.split()


def python(raw: Raw) -> dict[str, Any]:
    """python and python_version: the host's own, which nothing here uses; nothing without one."""
    found = re.match(r"(\S+) Python ((\d+)\.(\d+)\.(\d+))", raw.python)
    if found is None:
        return {}
    path, text = found[1], found[2]
    numbers = dict(zip(("major", "minor", "micro"), map(int, found.groups()[2:]), strict=True))
    version = {**numbers, "releaselevel": "final", "serial": 0}
    facts = {
        "version": version,
        "version_info": list(version.values()),
        "executable": path,
        "has_sslcontext": True,
        "type": "cpython" if numbers["major"] > 2 else "CPython",
    }
    return {"python": facts, "python_version": text}


def selinux(raw: Raw) -> dict[str, Any]:
    """selinux; selinux_python_present is true, since nothing here needs the Python binding."""
    enforcing = raw.text("/sys/fs/selinux/enforce")
    if not enforcing:
        return {"selinux": {"status": "disabled"}, "selinux_python_present": True}
    config = settings(raw.text("/etc/selinux/config"))
    version = raw.text("/sys/fs/selinux/policyvers")
    facts = {
        "status": "enabled",
        "policyvers": int(version) if version.isdigit() else "unknown",
        "config_mode": config.get("SELINUX", "unknown"),
        "mode": {"1": "enforcing", "0": "permissive"}.get(enforcing, "unknown"),
        "type": config.get("SELINUXTYPE", "unknown"),
    }
    return {"selinux": facts, "selinux_python_present": True}


def dns(raw: Raw) -> dict[str, Any]:
    """/etc/resolv.conf."""
    facts: dict[str, Any] = {}
    for line in raw.text("/etc/resolv.conf").splitlines():
        words = line.split()
        if not words or words[0][0] in "#;":
            continue
        key, values = words[0], words[1:]
        if key == "nameserver":
            facts.setdefault("nameservers", []).extend(values)
        elif key == "domain" and values:
            facts["domain"] = values[0]
        elif key in ("search", "sortlist"):
            facts[key] = values
        elif key == "options":
            pairs = (word.partition(":") for word in values)
            facts[key] = {name: value if colon else True for name, colon, value in pairs}
    return facts


def ssh_keys(raw: Raw) -> dict[str, str]:
    """ssh_host_key_ed25519_public and the like, and ..._keytype."""
    facts = {}
    for kind in ("dsa", "rsa", "ecdsa", "ed25519"):
        words = raw.text(f"/etc/ssh/ssh_host_{kind}_key.pub").split()
        if len(words) >= 2:
            facts[f"ssh_host_key_{kind}_public"] = words[1]
            facts[f"ssh_host_key_{kind}_public_keytype"] = words[0]
    return facts


def lsb(raw: Raw) -> dict[str, str]:
    """/etc/lsb-release where it is there (Ubuntu); {} elsewhere."""
    given = settings(raw.text("/etc/lsb-release"))
    names = {
        "id": "DISTRIB_ID",
        "release": "DISTRIB_RELEASE",
        "codename": "DISTRIB_CODENAME",
        "description": "DISTRIB_DESCRIPTION",
    }
    facts = {name: given[key] for name, key in names.items() if key in given}
    if "release" in facts:
        facts["major_release"] = facts["release"].split(".")[0]
    return facts


def security(raw: Raw) -> dict[str, Any]:
    """fips, apparmor, is_chroot, system_capabilities."""
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


def capabilities(raw: Raw) -> dict[str, Any]:
    """system_capabilities of the session, as `capsh --print` names them."""
    mask = labelled(raw.text("/proc/self/status")).get("CapEff", "")
    number = int(mask, 16) if re.fullmatch(r"[0-9a-fA-F]+", mask) else 0
    names = [f"cap_{name}" for bit, name in enumerate(CAPABILITIES) if number >> bit & 1]
    every = len(names) >= 37  # EL7's kernel knows 37 of them
    return {
        "system_capabilities": [] if every else names,
        "system_capabilities_enforced": "False" if every else "True",
    }
