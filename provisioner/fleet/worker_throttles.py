"""The throttles of a run with workers. The controller keeps them for the hosts of all workers."""

from __future__ import annotations

from collections import Counter, deque

from provisioner.fleet import protocol
from provisioner.fleet.worker_handle import WorkerHandle


class WorkerThrottles:
    """Counts the hosts in each throttled task, and queues the others."""

    def __init__(self) -> None:
        self._inside: dict[str, Counter[int]] = {}
        """Hosts in each throttle, by the `id` of their worker."""
        self._limits: dict[str, int] = {}
        self._queue: dict[str, deque[tuple[WorkerHandle, int]]] = {}

    def enter(self, name: str, limit: int, worker: WorkerHandle, request: int) -> None:
        """Respond to the request of this number when the host may enter."""
        self._limits[name] = limit
        self._queue.setdefault(name, deque()).append((worker, request))
        self._admit(name)

    def leave(self, name: str, worker: WorkerHandle) -> None:
        """A host of the worker has left."""
        self._inside[name][id(worker)] -= 1
        self._admit(name)

    def remove(self, worker: WorkerHandle) -> None:
        """Remove the hosts of a lost worker."""
        for name, inside in self._inside.items():
            inside[id(worker)] = 0
            self._admit(name)

    def _admit(self, name: str) -> None:
        inside = self._inside.setdefault(name, Counter())
        queue = self._queue[name]
        while queue and inside.total() < self._limits[name]:
            worker, request = queue.popleft()
            if not worker.lost:
                inside[id(worker)] += 1
                worker.connection.send(protocol.ControllerResponse(request, None))
