"""A connection to this machine that counts its sessions, and may refuse some."""

from __future__ import annotations

from provisioner.errors import SessionRefused
from provisioner.remote.local import LocalChannel, LocalConnection


class CountingConnection(LocalConnection):
    """Allows so many sessions in all; with 1, it is as if sshd had MaxSessions 1."""

    def __init__(self, allowed: int = 1 << 20) -> None:
        super().__init__()
        self._allowed, self.count = allowed, 0

    def open(self, command: str, *, terminal: bool = False) -> LocalChannel:
        self.count += 1
        if self.count > self._allowed:
            raise SessionRefused("sshd refuses another session", "raise MaxSessions")
        return super().open(command)
