"""A connection to this machine, for `ansible_connection: local`: processes with pipes."""

from __future__ import annotations

import contextlib
import math
import os
import select
import subprocess
import time
from collections.abc import Sequence

from provisioner.errors import ConnectionLost

CLOSED_LOOK = 0.5
"""Seconds between looks of `receive` whether another thread has closed the channel."""


class LocalChannel:
    """A `Channel` over the pipes of a subprocess."""

    def __init__(self, command: Sequence[str], folder: str | None = None) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C must not reach it, because this process lets tasks finish
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin.fileno(), self._process.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._stdout, select.POLLIN)
        self._has_answered = False
        self._is_closed = False

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._stdin, rest) :]
        except OSError as error:
            if not self._has_answered:
                return  # it has ended already: `receive` returns the output with the reason
            raise ConnectionLost(f"the local shell has ended: {error.strerror}") from error

    def receive(self, timeout: float | None) -> bytes:
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while not self._is_closed:
            rest = deadline - time.monotonic()
            if self._poll.poll(1000 * max(0.0, min(rest, CLOSED_LOOK))):
                break
            if rest <= CLOSED_LOOK:
                raise TimeoutError
        if self._is_closed:
            raise ConnectionLost("the local shell was closed")
        data = os.read(self._stdout, 1 << 16)
        self._has_answered = self._has_answered or bool(data)
        return data

    def exit_status(self) -> int | None:
        return self._process.poll()

    def close(self) -> None:
        self._is_closed = True
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class LocalConnection:
    """A `Connection` to this machine.

    `shell` is the command of the login shell, `folder` its working directory.
    """

    def __init__(self, shell: Sequence[str] = ("/bin/sh",), folder: str | None = None) -> None:
        self._shell, self._folder = tuple(shell), folder
        self._channels: list[LocalChannel] = []

    @property
    def alive(self) -> bool:
        return True

    def keep_alive(self) -> None:
        """Do nothing: a pipe is not closed for being silent."""

    def open(self, command: str, *, terminal: bool = False) -> LocalChannel:
        channel = LocalChannel([*self._shell, "-c", command], self._folder)
        self._channels.append(channel)
        return channel

    def close(self) -> None:
        while self._channels:
            self._channels.pop().close()
