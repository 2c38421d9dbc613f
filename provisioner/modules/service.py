"""service: a service runs or rests, now and at boot, on the body of `systemd`."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import AliasChoices, Field, field_validator, model_validator

from provisioner.modules.base import Module, Sources, Text
from provisioner.modules.systemd import unit
from provisioner.remote.shell import Program, Report


class Service(Module):
    """A service runs or rests, now and at boot; `restarted` and `reloaded` are events."""

    body: ClassVar[str] = unit.BODY

    name: Text
    """The service; any other unit with its suffix (`x.timer`)."""
    state: unit.State | None = None
    """started, stopped; restarted always restarts; reloaded reloads, or starts what is stopped."""
    enabled: bool | None = None
    """Whether it starts at boot. A static unit counts as both."""
    sleep: int | None = None
    """Ignored: systemd itself waits between stop and start."""
    pattern: Text | None = None
    """Ignored: systemd knows its processes, none is searched for."""
    runlevel: Text = "default"
    """Ignored: systemd has targets."""
    arguments: Text = Field("", validation_alias=AliasChoices("arguments", "args"))
    """Ignored: a unit takes no arguments."""
    use: Text = "auto"
    """Ignored: CentOS 7 has systemd."""

    _plain_name = field_validator("name")(unit.plain_name)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.state is None and self.enabled is None:
            raise ValueError("give one of state and enabled")
        return self

    @property
    def acts(self) -> bool:
        return self.state in ("restarted", "reloaded")

    def program(self, sources: Sources) -> Program:
        return unit.program(
            name=self.name,
            state=self.state,
            enabled=self.enabled,
        )

    def returns(self, report: Report) -> dict[str, Any]:
        return unit.returns(report, self.name, self.state, self.enabled)
