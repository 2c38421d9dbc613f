"""service: start, stop or enable a service. On CentOS 7 it is the module systemd."""

from __future__ import annotations

from provisioner.modules.framework.fields import parameter
from provisioner.modules.systemd import Systemd


class Service(Systemd):
    """Start, stop, restart, reload, enable or disable a service."""

    sleep: int | None = None
    """Accepted and ignored: systemd waits between stop and start."""
    pattern: str | None = None
    """Accepted and ignored: systemd knows the processes of a service."""
    runlevel: str = "default"
    """Accepted and ignored: systemd has targets."""
    arguments: str = parameter("", aliases=("args",))
    """Accepted and ignored: a unit has no arguments."""
    use: str = "auto"
    """Accepted and ignored: CentOS 7 has systemd."""
