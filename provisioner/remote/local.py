"""A connection to this machine, for `ansible_connection: local`: processes with pipes."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
from collections.abc import Sequence

from provisioner.errors import ConnectionLost


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
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._has_answered = False

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
        if not self._selector.select(timeout):
            raise TimeoutError
        data = os.read(self._stdout, 1 << 16)
        self._has_answered = self._has_answered or bool(data)
        return data

    def exit_status(self) -> int | None:
        return self._process.poll()

    def close(self) -> None:
        self._selector.close()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
            return
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
