"""service: start, stop or enable a service. On CentOS 7 it is the module systemd."""

from __future__ import annotations

from provisioner.modules.framework.fields import parameter
from provisioner.modules.systemd import Systemd


class Service(Systemd):
    """A service runs or rests, now and at boot; `restarted` and `reloaded` are events."""

    sleep: int | None = None
    """Ignored: systemd itself waits between stop and start."""
    pattern: str | None = None
    """Ignored: systemd knows its processes, none is searched for."""
    runlevel: str = "default"
    """Ignored: systemd has targets."""
    arguments: str = parameter("", aliases=("args",))
    """Ignored: a unit takes no arguments."""
    use: str = "auto"
    """Ignored: CentOS 7 has systemd."""
