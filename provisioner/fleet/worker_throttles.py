"""Throttles of a run whose hosts are walked by workers."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from provisioner.fleet import protocol

if TYPE_CHECKING:
    from provisioner.fleet.worker_executor import Worker


class WorkerThrottles:
    """Throttles: who is in, and who waits to be let in."""

    def __init__(self) -> None:
        self._inside: dict[str, Counter[int]] = {}
        self._limits: dict[str, int] = {}
        self._queue: dict[str, deque[tuple[Worker, int]]] = {}

    def enter(self, name: str, limit: int, worker: Worker, number: int) -> None:
        self._limits[name] = limit
        self._queue.setdefault(name, deque()).append((worker, number))
        self._let_in(name)

    def leave(self, name: str, worker: Worker) -> None:
        self._inside[name][id(worker)] -= 1
        self._let_in(name)

    def lose(self, worker: Worker) -> None:
        for name, inside in self._inside.items():
            inside[id(worker)] = 0
            self._let_in(name)

    def _let_in(self, name: str) -> None:
        inside = self._inside.setdefault(name, Counter())
        waiting = self._queue[name]
        while waiting and inside.total() < self._limits[name]:
            worker, number = waiting.popleft()
            if not worker.gone:
                inside[id(worker)] += 1
                worker.line.send(protocol.Answered(number, None))
