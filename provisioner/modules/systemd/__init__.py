"""systemd: a unit runs or rests, now and at boot."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext
from provisioner.modules.framework.fields import fields, parameter
from provisioner.modules.systemd import unit
from provisioner.remote.shell import Program, Report


class Systemd(Module):
    """A systemd unit runs or rests, now and at boot; `restarted` and `reloaded` are events."""

    body: ClassVar[str] = unit.BODY

    name: str | None = parameter(None, aliases=("service", "unit"))
    """The unit: a service without its suffix, or any unit with it (`x.timer`, `getty@tty1`)."""
    state: unit.State | None = None
    """started, stopped; restarted always restarts; reloaded reloads, or starts what is stopped."""
    enabled: bool | None = None
    """Whether it starts at boot. A static unit counts as both."""
    force: bool = False
    """Replace links that are in the way when enabling and masking."""
    masked: bool | None = None
    """Whether it is masked: impossible to start."""
    daemon_reload: bool = parameter(False, aliases=("daemon-reload",))
    """Have systemd read changed unit files first. Done, and a change, only where the unit (without
    a name: any unit) differs from what systemd knows; always before an event."""
    daemon_reexec: bool = parameter(False, aliases=("daemon-reexec",))
    """Re-execute systemd itself first: an event."""
    scope: Literal["system", "user", "global"] = "system"
    """Whose manager: the system's, that of the user the task runs as, or all users' (global, which
    knows only enabled and masked)."""
    no_block: bool = False
    """Queue the start or stop without waiting: nothing is proved then."""

    validate_name = staticmethod(unit.plain_name)

    def validate(self) -> None:
        wanted = [key for key in ("state", "enabled", "masked") if getattr(self, key) is not None]
        if wanted and self.name is None:
            raise ValueError(f"{wanted[0]} needs the name of a unit")
        if self.scope == "global" and self.state is not None:
            raise ValueError("scope: global has no running units, so state can't be used with it")

    @property
    def acts(self) -> bool:
        return self.daemon_reexec or self.state in ("restarted", "reloaded")

    def program(self, context: TaskContext) -> Program:
        return unit.program(**self.as_dict(include={*fields(Systemd)}))

    def returns(self, report: Report) -> dict[str, Any]:
        return unit.returns(report, self.name, self.state, self.enabled)
