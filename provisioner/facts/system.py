"""Facts of the kernel, the host's names, the user, the clock, Python, DNS and ssh's keys."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from provisioner.facts.parsing import parse_assignments, parse_labels
from provisioner.facts.raw_facts import RawFacts


def platform(raw: RawFacts) -> dict[str, Any]:
    """Return the facts system, kernel, machine, hostname, fqdn, domain, machine_id and the like."""
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


def _fqdn(raw: RawFacts, node: str) -> str:
    """Return the first name of the host that has a dot, like Python's socket.getfqdn."""
    names = [node]
    for line in raw.text("/etc/hosts").splitlines():
        words = line.partition("#")[0].split()
        if node in words[1:]:
            names = [*words[1:], node]
            break
    else:
        names = [raw.fqdn.strip() or node, node]
    return next((name for name in names if "." in name), names[0])


def user(raw: RawFacts) -> dict[str, Any]:
    """Return the facts user_id (the name), user_uid, user_gid, user_dir and the like."""
    words = (*raw.passwd.strip().split(":"), "", "", "", "", "", "", "")[:7]
    status = parse_labels(raw.text("/proc/self/status"))
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
    """Return the numbers in a text."""
    return [int(word) for word in text.split()]


def date_time(raw: RawFacts) -> dict[str, str]:
    """Return the fact date_time.

    All values are text in the host's time zone, those of iso8601 in UTC.
    """
    lines = [line.split() for line in raw.date.splitlines()]
    lines = [words for words in lines if len(words) == 4]
    if not lines:
        return {}
    epoch, nanoseconds, offset, zone = lines[0]
    now = datetime.fromtimestamp(int(epoch), UTC).replace(microsecond=int(nanoseconds) // 1000)
    local_time = now.astimezone(timezone(_offset(offset)))
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
    return {name: local_time.strftime(pattern) for name, pattern in formats.items()} | {
        "epoch": epoch,
        "epoch_int": epoch,
        "iso8601_micro": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "iso8601": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tz": zone,
        "tz_dst": max(lines, key=lambda words: _offset(words[2]))[3],
        "tz_offset": offset,
    }


def _offset(text: str) -> timedelta:
    """Return the difference to UTC of a text such as +0100."""
    sign = -1 if text.startswith("-") else 1
    return sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5]))


def cmdline(raw: RawFacts) -> dict[str, Any]:
    """Return the facts cmdline (the last value of each option) and proc_cmdline (all values)."""
    last_values: dict[str, Any] = {}
    all_values: dict[str, Any] = {}
    for word in _split(raw.text("/proc/cmdline")):
        name, equals, value = word.partition("=")
        option: str | bool = value if equals else True
        last_values[name] = option
        if name not in all_values:
            all_values[name] = option
        else:
            before = all_values[name]
            all_values[name] = [*(before if isinstance(before, list) else [before]), option]
    return {"cmdline": last_values, "proc_cmdline": all_values}


def _split(text: str) -> list[str]:
    """Return the words of the kernel's command line."""
    try:
        return shlex.split(text, posix=False)
    except ValueError:
        return text.split()


def python(raw: RawFacts) -> dict[str, Any]:
    """Return the facts python and python_version, of the host's own Python.

    provision does not use it.
    """
    match = re.match(r"(\S+) Python ((\d+)\.(\d+)\.(\d+))", raw.python)
    if match is None:
        return {}
    path, text = match[1], match[2]
    numbers = dict(zip(("major", "minor", "micro"), map(int, match.groups()[2:]), strict=True))
    version = {**numbers, "releaselevel": "final", "serial": 0}
    facts = {
        "version": version,
        "version_info": list(version.values()),
        "executable": path,
        "has_sslcontext": True,
        "type": "cpython" if numbers["major"] > 2 else "CPython",
    }
    return {"python": facts, "python_version": text}


def dns(raw: RawFacts) -> dict[str, Any]:
    """Return the fact dns, from /etc/resolv.conf."""
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


def ssh_keys(raw: RawFacts) -> dict[str, str]:
    """Return the facts ssh_host_key_*_public and ssh_host_key_*_public_keytype."""
    facts = {}
    for kind in ("dsa", "rsa", "ecdsa", "ed25519"):
        words = raw.text(f"/etc/ssh/ssh_host_{kind}_key.pub").split()
        if len(words) >= 2:
            facts[f"ssh_host_key_{kind}_public"] = words[1]
            facts[f"ssh_host_key_{kind}_public_keytype"] = words[0]
    return facts


def lsb(raw: RawFacts) -> dict[str, str]:
    """Return the fact lsb, from /etc/lsb-release (Ubuntu); {} without this file."""
    release = parse_assignments(raw.text("/etc/lsb-release"))
    names = {
        "id": "DISTRIB_ID",
        "release": "DISTRIB_RELEASE",
        "codename": "DISTRIB_CODENAME",
        "description": "DISTRIB_DESCRIPTION",
    }
    facts = {name: release[key] for name, key in names.items() if key in release}
    if "release" in facts:
        facts["major_release"] = facts["release"].split(".")[0]
    return facts
