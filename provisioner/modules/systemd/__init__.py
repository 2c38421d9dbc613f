"""systemd: a unit runs or rests, now and at boot; `service` stands on the same body."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import AliasChoices, Field, field_validator, model_validator

from provisioner.modules.base import Module, Sources, Text
from provisioner.modules.systemd.ask import ASK
from provisioner.modules.systemd.freshness import FRESHNESS
from provisioner.modules.systemd.proof import PROOF
from provisioner.modules.systemd.states import STATES
from provisioner.remote.shell import Program, Report

State = Literal["reloaded", "restarted", "started", "stopped"]

GENERATED = (
    *("/etc/fstab", "/run/systemd/generator"),
    *("/etc/init.d", "/run/systemd/generator.late"),
)
"""What the generators read and, behind it, what they write whenever systemd reloads."""

FOLDERS = ("/etc/systemd/system", "/run/systemd/system")
"""Where an administrator's unit files and drop-ins are."""

BODY = ASK + FRESHNESS + PROOF + STATES


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


class Systemd(Module):
    """A systemd unit runs or rests, now and at boot; `restarted` and `reloaded` are events."""

    body: ClassVar[str] = BODY

    name: Text | None = Field(None, validation_alias=AliasChoices("name", "service", "unit"))
    """The unit: a service without its suffix, or any unit with it (`x.timer`, `getty@tty1`)."""
    state: State | None = None
    """started, stopped; restarted always restarts; reloaded reloads, or starts what is stopped."""
    enabled: bool | None = None
    """Whether it starts at boot. A static unit counts as both."""
    force: bool = False
    """Replace links that are in the way when enabling and masking."""
    masked: bool | None = None
    """Whether it is masked: impossible to start."""
    daemon_reload: bool = Field(
        False, validation_alias=AliasChoices("daemon_reload", "daemon-reload")
    )
    """Have systemd read changed unit files first. Done, and a change, only where the unit (without
    a name: any unit) differs from what systemd knows; always before an event."""
    daemon_reexec: bool = Field(
        False, validation_alias=AliasChoices("daemon_reexec", "daemon-reexec")
    )
    """Re-execute systemd itself first: an event."""
    scope: Literal["system", "user", "global"] = "system"
    """Whose manager: the system's, that of the user the task runs as, or all users' (global, which
    knows only enabled and masked)."""
    no_block: bool = False
    """Queue the start or stop without waiting: nothing is proved then."""

    _plain_name = field_validator("name")(plain_name)

    @model_validator(mode="after")
    def _named(self) -> Self:
        wanted = [key for key in ("state", "enabled", "masked") if getattr(self, key) is not None]
        if wanted and self.name is None:
            raise ValueError(f"{wanted[0]} needs the name of a unit")
        if self.scope == "global" and self.state is not None:
            raise ValueError("scope: global has no running units, so state can't be used with it")
        return self

    @property
    def acts(self) -> bool:
        return self.daemon_reexec or self.state in ("restarted", "reloaded")

    def program(self, sources: Sources) -> Program:
        return program(**self.variables())

    def returns(self, report: Report) -> dict[str, Any]:
        return returns(report, self.name, self.state, self.enabled)
