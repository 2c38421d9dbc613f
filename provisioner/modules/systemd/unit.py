"""What systemd and service share: the body, its variables and the return values."""

from __future__ import annotations

from typing import Any, Literal

from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Program, Report

State = Literal["reloaded", "restarted", "started", "stopped"]

GENERATED = (
    *("/etc/fstab", "/run/systemd/generator"),
    *("/etc/init.d", "/run/systemd/generator.late"),
)
"""Pairs of a path that a generator of systemd reads, and one that it writes on each reload."""

FOLDERS = ("/etc/systemd/system", "/run/systemd/system")
"""The directories of the administrator's unit files and drop-ins."""

BODY = load_body("systemd/ask.sh", "systemd/freshness.sh", "systemd/proof.sh", "systemd/states.sh")


def program(**values: Any) -> Program:
    """Return the body with all variables that it reads; those not in `values` have defaults."""
    defaults = {
        "masked": None,
        "daemon_reload": False,
        "daemon_reexec": False,
        "scope": "system",
        "no_block": False,
        "force": False,
        "generated": GENERATED,
        "folders": FOLDERS,
    }
    return Program("systemd", BODY, defaults | values)


def status(report: Report) -> dict[str, str]:
    """Return the output of `systemctl show` as a mapping; values may have several lines."""
    properties: dict[str, str] = {}
    name = ""
    for line in report.get("status").splitlines():
        key, equals, value = line.partition("=")
        if equals and key.isidentifier():
            name, properties[key] = key, value
        elif name:
            properties[name] += f"\n{line}"
    return properties


def returns(
    report: Report, name: str | None, state: State | None, enabled: bool | None
) -> dict[str, Any]:
    """Return Ansible's return values for a unit; after a failure, also its last journal lines."""
    values: dict[str, Any] = {"name": name, "status": status(report)}
    if state is not None:
        values["state"] = "stopped" if state == "stopped" else "started"
    if enabled is not None:
        values["enabled"] = enabled
    if "journal" in report.records:
        values["journal"] = report.get("journal").splitlines()
    return values


def plain_name(name: str | None) -> str | None:
    """Return `name`; ValueError if it is a pattern or looks like an option."""
    if name is not None and (not name or name.startswith("-") or set(name) & set("*?[/ ")):
        raise ValueError(f"{name!r} is not the name of one unit")
    return name
