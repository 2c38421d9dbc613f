"""The protocols `Connection` and `Channel`: remote processes as pairs of byte streams.

ssh/connection.py implements them over paramiko, local.py over a subprocess.
"""

from __future__ import annotations

from typing import Protocol

LONGEST = 2e6
"""The longest wait in seconds, 23 days: poll(2) counts milliseconds up to 2³¹."""


class Channel(Protocol):
    """A remote process. Its stdout and stderr arrive as one stream of bytes."""

    @property
    def alive(self) -> bool:
        """Whether the process runs and the connection is up.

        Sends nothing, so the answer may be outdated.
        """

    def send(self, data: bytes) -> None:
        """Write all of `data` to its stdin. Raises ConnectionLost when the connection broke."""

    def receive(self, timeout: float | None) -> bytes:
        """Return the next bytes of the output, b"" at its end.

        Raises TimeoutError after `timeout` seconds without a byte (None: no limit), and
        ConnectionLost when the connection broke or the host did not answer its heartbeat.
        """

    def exit_status(self) -> int | None:
        """Return the process's exit status after the end of the output, or None."""

    def close(self) -> None:
        """Close the process's input and output; never raises, may be called twice."""


class Connection(Protocol):
    """An authenticated connection to a host that can start several processes."""

    @property
    def alive(self) -> bool:
        """Whether the connection is up. Sends nothing, so the answer may be outdated."""

    def open(self, command: str, *, terminal: bool = False) -> Channel:
        """Start `command` under the remote user's login shell.

        With `terminal` it has a terminal that passes all bytes on unchanged, where the connection
        can provide one.
        """

    def keep_alive(self) -> None:
        """Send a message if it is silent, so that sshd and firewalls keep it open."""

    def close(self) -> None:
        """Close every channel and the connection; never raises, may be called twice."""
