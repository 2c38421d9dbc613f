"""Counts what a run writes to its hosts, at the connection: frames, and anything that is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from provisioner.cli.run import Arguments, _connector, _load, command
from provisioner.engine.run import Run
from provisioner.events import Event
from provisioner.fleet.sessions import Connect, Login
from provisioner.fleet.threads import Interrupt
from provisioner.plan import plan
from provisioner.remote.channel import Channel, Connection

_FRAME = re.compile(rb"\d+\n\{\n")


@dataclass
class Writes:
    """What was written to one host."""

    frames: list[bytes] = field(default_factory=list)
    others: list[bytes] = field(default_factory=list)
    """Content of files, passwords: all that is no frame."""
    connections: int = 0


@dataclass
class _Listening:
    """A channel or a connection that notes what passes."""

    inner: Any
    writes: Writes

    def open(self, command: str) -> Channel:
        return _Listening(self.inner.open(command), self.writes)

    def send(self, data: bytes) -> None:
        kind = self.writes.frames if _FRAME.match(data) else self.writes.others
        kind.append(data)
        self.inner.send(data)

    def receive(self, timeout: float | None) -> bytes:
        data: bytes = self.inner.receive(timeout)
        return data

    def exit_status(self) -> int | None:
        status: int | None = self.inner.exit_status()
        return status

    def close(self) -> None:
        self.inner.close()


def frames_of_a_run(words: Sequence[str]) -> tuple[list[Event], dict[str, Writes]]:
    """Carry out the command line `words` in this process; its events, and what was written."""
    given = Arguments(command.make_context("provision", list(words)).params)
    seen: dict[str, Writes] = {}
    run = Run(plan(*_load(given)), listening(_connector(given), seen), Interrupt())
    return list(run.events()), seen


def listening(connect: Connect, seen: dict[str, Writes]) -> Connect:
    """`connect`, with what is written noted in `seen` by host."""

    def connected(host: str, variables: Mapping[str, Any]) -> Login:
        login = connect(host, variables)
        writes = seen.setdefault(host, Writes())
        writes.connections += 1
        connection: Connection = _Listening(login.connection, writes)
        return Login(connection, login.user)

    return connected
