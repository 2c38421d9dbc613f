"""Workers in this process: real endpoints and messages, without Dask."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from provisioner.engine.interrupt import Interrupt
from provisioner.engine.scheduler import Executor
from provisioner.fleet import protocol
from provisioner.fleet.encryption import KeyPair
from provisioner.fleet.login import Connect, Login
from provisioner.fleet.worker_endpoint import WorkerEndpoint
from provisioner.fleet.worker_executor import Inbox, WorkerExecutor
from provisioner.fleet.worker_handle import WorkerHandle, WorkerLost, divide_forks
from provisioner.plan import Plan

_connects: dict[int, Connect] = {}


@dataclass(frozen=True)
class PicklableConnect:
    """A `Connect` that can be pickled: it calls the one with this number."""

    number: int

    def __call__(self, host: str, variables: Mapping[str, Any]) -> Login:
        return _connects[self.number](host, variables)


class InProcessConnection:
    """A connection to a worker in this process.

    `transmitted` has the encrypted messages of both directions.
    """

    def __init__(self, name: str, inbox: Inbox, on_decrypted: Callable[[object], None]) -> None:
        self.name, self._inbox, self._on_decrypted = name, inbox, on_decrypted
        self.transmitted: list[bytes] = []
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        controller, worker = KeyPair(), KeyPair()
        self._cipher = controller.cipher(worker.public, is_controller=True)
        cipher = worker.cipher(controller.public, is_controller=False)
        self.endpoint = WorkerEndpoint(cipher, self._loop)
        self._closed = False
        threading.Thread(target=self._receive, daemon=True).start()

    def send(self, message: Any) -> None:
        data = self._cipher.encrypt(protocol.pack([message], self._on_decrypted))
        self.transmitted.append(data)
        self._loop.call_soon_threadsafe(self.endpoint.deliver, data)

    def close(self) -> None:
        if not self._closed:
            self.endpoint.end()
        self._closed = True

    def lose(self) -> None:
        """Lose the worker, as the controller sees it: no message reaches it any more."""
        self._closed = True
        self._inbox.put((self, WorkerLost("connection closed")))

    def _receive(self) -> None:
        while not self._closed:
            data = asyncio.run_coroutine_threadsafe(self.endpoint.collect(), self._loop).result()
            self.transmitted.append(data)
            messages = protocol.unpack(self._cipher.decrypt(data), self._on_decrypted)
            for message in messages if not self._closed else ():
                self._inbox.put((self, message))


def in_process_executor(
    plan: Plan,
    connect: Connect,
    interrupt: Interrupt,
    workers: int = 2,
    connections: list[InProcessConnection] | None = None,
    max_connections: int = 1000,
) -> Executor:
    """Return an executor with this number of workers, and add their connections to the list."""
    _connects[len(_connects)] = connect
    inbox: Inbox = queue.SimpleQueue()
    on_decrypted = plan.inventory.vault.learned
    slots = divide_forks(plan.options.forks, workers)
    created = [InProcessConnection(f"worker {n}", inbox, on_decrypted) for n in range(len(slots))]
    if connections is not None:
        connections += created
    pairs = list(zip(created, slots, strict=True))
    handles = [WorkerHandle(connection, count) for connection, count in pairs]
    executor = WorkerExecutor(handles, inbox, interrupt)
    for connection, count in pairs:
        picklable = PicklableConnect(len(_connects) - 1)
        limit = partial(int, max_connections)
        connection.send(protocol.Start(plan, picklable, count, limit, False, {}))
    return executor
