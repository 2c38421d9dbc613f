"""A worker's end of the line: the functions that the controller calls in a worker's process.

Dask sees their names, a run's random number, and sealed bytes (fleet/sealing.py).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from provisioner import __version__
from provisioner.fleet import protocol
from provisioner.fleet.sealing import Pair, Sealing
from provisioner.fleet.worker import WorkerRun
from provisioner.remote.ssh import config, keys, known_hosts

PATIENCE = 20.0
"""Seconds after which `collect` returns even if there is nothing to say."""

LEASE = 90.0
"""Seconds without a word from the controller after which a worker's hosts stop."""


async def hello(run: str, public: bytes) -> tuple[bytes, str]:
    """Open a line for the run; gives this side's public key, and what program it is."""
    pair = Pair()
    sealing, loop = pair.with_(public, leads=False), asyncio.get_running_loop()
    _stations[run] = WorkerEndpoint(sealing, loop, lambda: _stations.pop(run, None))
    return pair.public, program()


async def deliver(run: str, sealed: bytes) -> None:
    """Take messages of the controller in."""
    _stations[run].deliver(sealed)


async def collect(run: str) -> bytes:
    """The messages for the controller: waits until there are some, or for `PATIENCE`."""
    return await _stations[run].collect()


async def leave(run: str) -> None:
    """The run is over."""
    if station := _stations.pop(run, None):
        station.end()


def leave_terminal() -> None:
    """Ctrl-C there is for the command, whose workers finish their tasks."""
    os.setsid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # what runs here may use it


def program() -> str:
    """What must be the same on both ends: pickles are of classes and of Python's own version."""
    major, minor, _ = platform.python_version_tuple()
    return f"provision {__version__}, Python {major}.{minor}"


def differing(files: Mapping[str, str]) -> list[str]:
    """Those of `files` that are not here, or not as their SHA-256 says."""
    return [name for name, digest in files.items() if digest_of(name) != digest]


def digest_of(name: str) -> str:
    try:
        return hashlib.sha256(Path(name).read_bytes()).hexdigest()
    except OSError:
        return ""


class WorkerEndpoint:
    """The line of one run. Messages go out in the order in which they are told. `forget` is called
    when the controller is gone without a word."""

    def __init__(
        self,
        sealing: Sealing,
        loop: asyncio.AbstractEventLoop,
        forget: Callable[[], Any] = lambda: None,
    ) -> None:
        self._sealing, self._loop = sealing, loop
        self._out: list[Any] = []
        self._lock = threading.Lock()
        self._some = asyncio.Event()
        self._answers: dict[int, Future[Any]] = {}
        self._asked = 0
        self._walker: WorkerRun | None = None
        self._heard = time.monotonic()
        self._forget = forget
        self.ended = threading.Event()
        threading.Thread(target=self._watch, name="lease", daemon=True).start()

    def deliver(self, sealed: bytes) -> None:
        self._heard = time.monotonic()
        packed = self._sealing.open(sealed)
        try:
            for message in protocol.unpack(packed, self._learned):
                self._take(message)
        except Exception:  # a bug, whose words are not for Dask's logs
            self._tell(protocol.Crashed(traceback.format_exc()))

    def _take(self, message: Any) -> None:
        match message:
            case protocol.Start():
                self._start(message)
            case protocol.Answered(number, value):
                self._answers.pop(number).set_result(value)
            case _ if self._walker is not None:  # nothing begins on a worker that is refused
                self._walker.take(message)

    async def collect(self) -> bytes:
        self._heard = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._some.wait()
        except TimeoutError:
            pass
        self._some.clear()
        with self._lock:
            messages, self._out = self._out, []
        try:
            packed = protocol.pack(messages, self._learned)
        except Exception:  # a bug, that must not look like a lost worker
            packed = protocol.pack([protocol.Crashed(traceback.format_exc())], self._learned)
        return self._sealing.seal(packed)

    def end(self) -> None:
        self.ended.set()
        if self._walker is not None:
            self._walker.end()
        for answer in list(self._answers.values()):
            answer.cancel()

    def _start(self, start: protocol.Start) -> None:
        if wrong := differing(start.files):
            self._tell(protocol.Misplaced(tuple(wrong)))
            return
        for memory in (known_hosts, config, keys):
            memory.forget()  # this process lives on, and what it has read may be of an earlier run
        self._walker = WorkerRun(start, self._tell, self._ask)

    def _tell(self, message: Any) -> None:
        with self._lock:
            self._out.append(message)
        self._loop.call_soon_threadsafe(self._some.set)

    def _ask(self, question: Any) -> Any:
        answer: Future[Any] = Future()
        with self._lock:
            self._asked += 1
            number = self._asked
            self._answers[number] = answer
        self._tell(protocol.Asked(number, question))
        if self.ended.is_set():  # nobody answers any more
            answer.cancel()
        return answer.result()

    def _learned(self, value: object) -> None:
        self._tell(protocol.Opened(value))

    def _watch(self) -> None:
        """A controller that is gone must not leave hosts that go on."""
        while not self.ended.wait(LEASE / 3):
            if time.monotonic() - self._heard > LEASE:
                self.end()
                self._forget()


_stations: dict[str, WorkerEndpoint] = {}
