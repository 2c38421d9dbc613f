"""wait_for_connection: wait until the host can be logged in to."""

from __future__ import annotations

from provisioner.modules.framework.base import ControlModule


class WaitForConnection(ControlModule):
    """Wait until the host can be logged in to, with a new connection."""

    connect_timeout: float = 5
    """Accepted and ignored: -T and ansible_timeout set the time for each attempt."""
    delay: float = 0
    """Seconds to wait before the first attempt."""
    sleep: float = 1
    """Seconds between attempts."""
    timeout: float = 600
    """Seconds after which the task fails."""
