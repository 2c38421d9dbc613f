"""service: a service runs or rests; `systemd` under the name that all systems have."""

from __future__ import annotations

from provisioner.modules.framework.base import Text
from provisioner.modules.framework.model import AliasChoices, Field
from provisioner.modules.systemd import Systemd


class Service(Systemd):
    """A service runs or rests, now and at boot; `restarted` and `reloaded` are events."""

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
