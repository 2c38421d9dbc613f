"""Workers within this process: the stations and messages of real ones, without Dask between."""

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
from provisioner.fleet.sealing import Pair
from provisioner.fleet.session_pool import Connect, Login
from provisioner.fleet.worker_endpoint import WorkerEndpoint
from provisioner.fleet.worker_executor import Gone, Line, Worker, WorkerExecutor, shares
from provisioner.plan import Plan

_connects: dict[int, Connect] = {}


@dataclass(frozen=True)
class ByNumber:
    """A `Connect` that can be pickled: to the one of that number."""

    number: int

    def __call__(self, host: str, variables: Mapping[str, Any]) -> Login:
        return _connects[self.number](host, variables)


def _nobody(value: object) -> None:
    pass


class NearLine:
    """A line to a worker in this process. `said` are the sealed messages in both directions."""

    def __init__(
        self,
        name: str,
        inbox: queue.SimpleQueue[tuple[Line | None, Any]],
        learned: Callable[[object], None],
    ) -> None:
        self.name, self._inbox, self._learned = name, inbox, learned
        self.said: list[bytes] = []
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        ours, theirs = Pair(), Pair()
        self._sealing = ours.with_(theirs.public, leads=True)
        self.station = WorkerEndpoint(theirs.with_(ours.public, leads=False), self._loop)
        self._closed = False
        threading.Thread(target=self._receive, daemon=True).start()

    def send(self, message: Any) -> None:
        sealed = self._sealing.seal(protocol.pack([message], self._learned))
        self.said.append(sealed)
        self._loop.call_soon_threadsafe(self.station.deliver, sealed)

    def close(self) -> None:
        if not self._closed:
            self.station.end()
        self._closed = True

    def cut(self) -> None:
        """The worker is gone, as this side sees it; nothing reaches it any more."""
        self._closed = True
        self._inbox.put((self, Gone("cut")))

    def _receive(self) -> None:
        while not self._closed:
            sealed = asyncio.run_coroutine_threadsafe(self.station.collect(), self._loop).result()
            self.said.append(sealed)
            messages = protocol.unpack(self._sealing.open(sealed), self._learned)
            for message in messages if not self._closed else ():
                self._inbox.put((self, message))


def near_crew(
    plan: Plan,
    connect: Connect,
    interrupt: Interrupt,
    workers: int = 2,
    lines: list[NearLine] | None = None,
    connections: int = 1000,
) -> Executor:
    """`workers` of them, each with its share of the forks, and able to have so many connections."""
    _connects[len(_connects)] = connect
    inbox: queue.SimpleQueue[tuple[Line | None, Any]] = queue.SimpleQueue()
    learned = plan.inventory.vault.learned
    divided = shares(plan.options.forks, workers)
    made = [NearLine(f"worker {n}", inbox, learned) for n in range(len(divided))]
    if lines is not None:
        lines += made
    both = list(zip(made, divided, strict=True))
    remotes = WorkerExecutor([Worker(line, share) for line, share in both], inbox, interrupt)
    for line, share in both:
        able, number = partial(int, connections), len(_connects) - 1
        line.send(protocol.Start(plan, ByNumber(number), share, able, False, {}))
    return remotes
