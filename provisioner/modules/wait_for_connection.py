"""wait_for_connection: wait until the host can be logged in to."""

from __future__ import annotations

from provisioner.modules.framework.base import ControlModule


class WaitForConnection(ControlModule):
    """Wait until the host answers, connecting anew."""

    connect_timeout: float = 5
    """Accepted for Ansible's sake: -T and ansible_timeout set how long each attempt may take."""
    delay: float = 0
    """Seconds to wait before the first attempt."""
    sleep: float = 1
    """Seconds between attempts."""
    timeout: float = 600
    """Seconds after which it fails."""
