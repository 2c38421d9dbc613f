"""Count the frames, and other data, that a run writes to its hosts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from provisioner.remote.channel import Channel, Connection
from provisioner.remote.ssh import connection
from provisioner.remote.target import Target

_FRAME = re.compile(rb"\d+( \w+)?\n\{\n")


@dataclass
class Writes:
    """What was written to one host."""

    connections: int = 0
    frames: list[bytes] = field(default_factory=list)
    others: list[bytes] = field(default_factory=list)
    """Content of files, passwords: all that is no frame."""


def note_writes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Writes]:
    """Record what the runs of this process write from now on, by host."""
    seen: dict[str, Writes] = {}
    connect = connection.connect

    def connected(target: Target, **more: Any) -> Connection:
        writes = seen.setdefault(target.name, Writes())
        writes.connections += 1
        return _Listening(connect(target, **more), writes)

    monkeypatch.setattr(connection, "connect", connected)
    return seen


@dataclass
class _Listening:
    """A channel or connection that records what is written."""

    inner: Any
    writes: Writes

    def open(self, command: str, *, terminal: bool = False) -> Channel:
        return _Listening(self.inner.open(command), self.writes)

    def send(self, data: bytes) -> None:
        kind = self.writes.frames if _FRAME.match(data) else self.writes.others
        kind.append(data)
        self.inner.send(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def receive(self, timeout: float | None) -> bytes:
        data: bytes = self.inner.receive(timeout)
        return data

    def exit_status(self) -> int | None:
        status: int | None = self.inner.exit_status()
        return status

    def close(self) -> None:
        self.inner.close()
