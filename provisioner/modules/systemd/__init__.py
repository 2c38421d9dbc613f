"""systemd: start, stop and restart a unit, and enable it at boot."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext
from provisioner.modules.framework.fields import fields, parameter
from provisioner.modules.systemd import unit
from provisioner.remote.shell import Program, Report


class Systemd(Module):
    """Start, stop, restart or reload a systemd unit, and enable it at boot."""

    body: ClassVar[str] = unit.BODY

    name: str | None = parameter(None, aliases=("service", "unit"))
    """The unit's name. A service needs no suffix; other units need theirs, such as `x.timer`."""
    state: unit.State | None = None
    """`started` starts the unit if it is not running, `stopped` stops it, `restarted` always
    restarts it, `reloaded` reloads it, or starts it if it is not running."""
    enabled: bool | None = None
    """Whether the unit starts at boot. A static unit is neither enabled nor disabled: both values
    accept it."""
    force: bool = False
    """Replace existing symlinks when enabling or masking the unit."""
    masked: bool | None = None
    """Whether the unit is masked, so that it can't be started."""
    daemon_reload: bool = parameter(False, aliases=("daemon-reload",))
    """Run `systemctl daemon-reload` first. Done, and reported as a change, only if unit files on
    disk differ from those that systemd has loaded: the files of this unit, or of any unit without
    `name`. Always done before a restart or reload."""
    daemon_reexec: bool = parameter(False, aliases=("daemon-reexec",))
    """Run `systemctl daemon-reexec` first. Always a change."""
    scope: Literal["system", "user", "global"] = "system"
    """The systemd manager to talk to: the system's, that of the task's user, or the settings for
    all users (`global`, which has only `enabled` and `masked`)."""
    no_block: bool = False
    """Do not wait until the unit has started or stopped. The result is not checked then."""

    validate_name = staticmethod(unit.plain_name)

    def validate(self) -> None:
        needing_name = [
            key for key in ("state", "enabled", "masked") if getattr(self, key) is not None
        ]
        if needing_name and self.name is None:
            raise ValueError(f"{needing_name[0]} needs name: the unit")
        if self.scope == "global" and self.state is not None:
            raise ValueError("state can't be used with scope: global, which has no running units")

    @property
    def acts(self) -> bool:
        return self.daemon_reexec or self.state in ("restarted", "reloaded")

    def program(self, context: TaskContext) -> Program:
        return unit.program(**self.as_dict(include={*fields(Systemd)}))

    def returns(self, report: Report) -> dict[str, Any]:
        return unit.returns(report, self.name, self.state, self.enabled)
