"""What `systemd` and `service` share: the body with its variables, names and return values."""

from __future__ import annotations

from typing import Any, Literal

from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Program, Report

State = Literal["reloaded", "restarted", "started", "stopped"]

GENERATED = (
    *("/etc/fstab", "/run/systemd/generator"),
    *("/etc/init.d", "/run/systemd/generator.late"),
)
"""What the generators read and, behind it, what they write whenever systemd reloads."""

FOLDERS = ("/etc/systemd/system", "/run/systemd/system")
"""Where an administrator's unit files and drop-ins are."""

BODY = load_body("systemd/ask.sh", "systemd/freshness.sh", "systemd/proof.sh", "systemd/states.sh")


def program(**values: Any) -> Program:
    """The shared body: every variable that it reads, with systemd's defaults."""
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
    """`systemctl show` as a dict; a value of several lines keeps them."""
    found: dict[str, str] = {}
    name = ""
    for line in report.get("status").splitlines():
        key, equals, value = line.partition("=")
        if equals and key.isidentifier():
            name, found[key] = key, value
        elif name:
            found[name] += f"\n{line}"
    return found


def returns(
    report: Report, name: str | None, state: State | None, enabled: bool | None
) -> dict[str, Any]:
    """What Ansible returns for a unit, and the journal's last lines where it failed."""
    values: dict[str, Any] = {"name": name, "status": status(report)}
    if state is not None:
        values["state"] = "stopped" if state == "stopped" else "started"
    if enabled is not None:
        values["enabled"] = enabled
    if "journal" in report.records:
        values["journal"] = report.get("journal").splitlines()
    return values


def plain_name(name: str | None) -> str | None:
    """`name`, unless it is a pattern or could be taken for an option."""
    if name is not None and (not name or name.startswith("-") or set(name) & set("*?[/ ")):
        raise ValueError(f"{name!r} is not the name of one unit")
    return name
