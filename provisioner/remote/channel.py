"""What a session needs of a connection: a remote process as one pair of byte streams.

`ssh` implements it over paramiko, `local` over a subprocess; tests bring their own.
"""

from __future__ import annotations

from typing import Protocol

LONGEST = 2e6
"""Seconds, 23 days, for which anything is waited: poll(2) counts milliseconds up to 2³¹."""


class Channel(Protocol):
    """One remote process. Its stdout and stderr arrive merged, in one stream of bytes."""

    @property
    def alive(self) -> bool:
        """Whether the process and the connection are there, as far as is known without asking."""

    def send(self, data: bytes) -> None:
        """Write all of `data` to the process's stdin; `ConnectionLost` when the host is gone."""

    def receive(self, timeout: float | None) -> bytes:
        """The next bytes of the output, b"" at its end.

        Raises TimeoutError after `timeout` seconds without a byte (None waits without end), and
        `ConnectionLost` when the connection broke or its heartbeat went unanswered.
        """

    def exit_status(self) -> int | None:
        """The process's exit status once the output has ended, where one is known."""

    def close(self) -> None:
        """End the process's input and output; never raises, may be called twice."""


class Connection(Protocol):
    """One authenticated connection to a host, able to start several processes."""

    @property
    def alive(self) -> bool:
        """Whether it is up, as far as is known without asking."""

    def open(self, command: str, *, terminal: bool = False) -> Channel:
        """Start `command` under the remote user's login shell; with `terminal` on one that passes
        all bytes on as they are, where that is to be had."""

    def keep_alive(self) -> None:
        """Send a word if it is silent, so that nobody on the way takes it for forgotten."""

    def close(self) -> None:
        """Close every channel and the connection; never raises, may be called twice."""
