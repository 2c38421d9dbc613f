"""The worker's end of the connection: functions that the controller calls in a worker's process.

Dask sees only their names, the run's random number, and encrypted bytes (fleet/encryption.py).
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
from provisioner.fleet.encryption import KeyPair, MessageCipher
from provisioner.fleet.worker_run import WorkerRun
from provisioner.remote.ssh import config, keys, known_hosts

COLLECT_TIMEOUT = 20.0
"""Seconds after which `collect` returns even without messages."""

CONTROLLER_TIMEOUT = 90.0
"""Seconds without a call by the controller after which a worker stops its hosts."""


async def open_run(run: str, public_key: bytes) -> tuple[bytes, str]:
    """Open an endpoint for the run. Return this side's public key and program version."""
    key_pair = KeyPair()
    cipher = key_pair.cipher(public_key, is_controller=False)
    loop = asyncio.get_running_loop()
    _endpoints[run] = WorkerEndpoint(cipher, loop, lambda: _endpoints.pop(run, None))
    return key_pair.public, program_version()


async def deliver(run: str, data: bytes) -> None:
    """Receive encrypted messages of the controller."""
    _endpoints[run].deliver(data)


async def collect(run: str) -> bytes:
    """Return encrypted messages for the controller. Waits for some up to `COLLECT_TIMEOUT`."""
    return await _endpoints[run].collect()


async def close_run(run: str) -> None:
    """End the run on this worker."""
    if endpoint := _endpoints.pop(run, None):
        endpoint.end()


def detach_from_terminal() -> None:
    """Leave the terminal's session: Ctrl-C is for the controller, which lets tasks finish."""
    os.setsid()
    # Child processes may need the signal.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def program_version() -> str:
    """Return the versions that must be equal on both sides: pickles depend on them."""
    major, minor, _ = platform.python_version_tuple()
    return f"provision {__version__}, Python {major}.{minor}"


def differing_files(files: Mapping[str, str]) -> list[str]:
    """Return the files that are missing here or whose SHA-256 differs."""
    return [name for name, digest in files.items() if digest_of(name) != digest]


def digest_of(name: str) -> str:
    """Return the SHA-256 of a file in hexadecimal, or "" if it cannot be read."""
    try:
        return hashlib.sha256(Path(name).read_bytes()).hexdigest()
    except OSError:
        return ""


class WorkerEndpoint:
    """The endpoint of one run: passes messages between the controller and the `WorkerRun`.

    `on_timeout` is called when the controller has not called for `CONTROLLER_TIMEOUT`.
    """

    def __init__(
        self,
        cipher: MessageCipher,
        loop: asyncio.AbstractEventLoop,
        on_timeout: Callable[[], Any] = lambda: None,
    ) -> None:
        self._cipher, self._loop = cipher, loop
        self._outbox: list[Any] = []
        self._lock = threading.Lock()
        self._outbox_filled = asyncio.Event()
        self._responses: dict[int, Future[Any]] = {}
        self._last_request = 0
        self._run: WorkerRun | None = None
        self._last_call = time.monotonic()
        self._on_timeout = on_timeout
        self.ended = threading.Event()
        threading.Thread(target=self._watch_controller, name="controller", daemon=True).start()

    def deliver(self, data: bytes) -> None:
        """Decrypt messages of the controller and execute them."""
        self._last_call = time.monotonic()
        packed = self._cipher.decrypt(data)
        try:
            for message in protocol.unpack(packed, self._on_decrypted):
                self._receive(message)
        except Exception:  # a bug; Dask must not log its message, which may contain secrets
            self._send(protocol.Crashed(traceback.format_exc()))

    def _receive(self, message: Any) -> None:
        match message:
            case protocol.Start():
                self._start(message)
            case protocol.ControllerResponse(number, value):
                self._responses.pop(number).set_result(value)
            case _ if self._run is not None:  # a refused worker has no run
                self._run.receive(message)

    async def collect(self) -> bytes:
        """Return the messages for the controller, encrypted."""
        self._last_call = time.monotonic()
        try:
            async with asyncio.timeout(COLLECT_TIMEOUT):
                await self._outbox_filled.wait()
        except TimeoutError:
            pass
        self._outbox_filled.clear()
        with self._lock:
            messages, self._outbox = self._outbox, []
        try:
            packed = protocol.pack(messages, self._on_decrypted)
        except Exception:  # a bug, which must not look like a lost worker
            crash = protocol.Crashed(traceback.format_exc())
            packed = protocol.pack([crash], self._on_decrypted)
        return self._cipher.encrypt(packed)

    def end(self) -> None:
        """End the run, and cancel all requests to the controller."""
        self.ended.set()
        if self._run is not None:
            self._run.end()
        for response in list(self._responses.values()):
            response.cancel()

    def _start(self, start: protocol.Start) -> None:
        if files := differing_files(start.files):
            self._send(protocol.FilesDiffer(tuple(files)))
            return
        for module in (known_hosts, config, keys):
            module.forget()  # the process may have cached files in an earlier run
        self._run = WorkerRun(start, self._send, self._request)

    def _send(self, message: Any) -> None:
        with self._lock:
            self._outbox.append(message)
        self._loop.call_soon_threadsafe(self._outbox_filled.set)

    def _request(self, question: Any) -> Any:
        response: Future[Any] = Future()
        with self._lock:
            self._last_request += 1
            number = self._last_request
            self._responses[number] = response
        self._send(protocol.WorkerRequest(number, question))
        if self.ended.is_set():  # `end` may have missed this request
            response.cancel()
        return response.result()

    def _on_decrypted(self, value: object) -> None:
        self._send(protocol.Decrypted(value))

    def _watch_controller(self) -> None:
        """End the run when the controller has not called for `CONTROLLER_TIMEOUT`."""
        while not self.ended.wait(CONTROLLER_TIMEOUT / 3):
            if time.monotonic() - self._last_call > CONTROLLER_TIMEOUT:
                self.end()
                self._on_timeout()


_endpoints: dict[str, WorkerEndpoint] = {}
