"""Simulate a run on many hosts: a host is a generator of costs, a machine has slots and cores.

The clock is simulated, so a run of a hundred thousand hosts takes seconds.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """The host needs this many seconds of the controller's CPU."""

    seconds: float


@dataclass(frozen=True)
class Away:
    """The controller waits this many seconds for the network and the host."""

    seconds: float


@dataclass(frozen=True)
class Connected:
    """The host's connection is open from here on."""


Host = Generator[Work | Away | Connected, None, None]


@dataclass(frozen=True)
class Machine:
    """`slots` hosts at once, on `cores` processes that each do one thing at a time."""

    slots: int
    cores: int = 1


@dataclass(frozen=True)
class Outcome:
    """The result: `wall` in seconds, `busy` is the used share of the cores' time."""

    wall: float
    busy: float
    connections: int
    """The largest number of connections open at once."""


def simulate(host: Callable[[int], Host], count: int, machine: Machine) -> Outcome:
    """Run `count` hosts in order, as the scheduler does: first come, first served."""
    return _Clock(machine, deque(map(host, range(count)))).run()


class _Clock:
    """The state of a simulated run, and its event loop."""

    def __init__(self, machine: Machine, waiting: deque[Host]) -> None:
        self._cores, self._waiting = machine.cores, waiting
        self._free_slots, self._idle_cores = machine.slots, machine.cores
        self._now = self._used_seconds = 0.0
        self._events: list[tuple[float, int, Host, bool]] = []
        self._next_number = 0
        self._queue: deque[tuple[Host, float]] = deque()
        self._open: set[Host] = set()
        self._most_open = 0

    def run(self) -> Outcome:
        self._start_hosts()
        while self._events:
            self._now, _, host, worked = heapq.heappop(self._events)
            if worked:
                self._idle_cores += 1
                self._start_work()
            self._step(host)
            self._start_hosts()
        total = self._now * self._cores
        return Outcome(self._now, self._used_seconds / total if total else 0.0, self._most_open)

    def _start_hosts(self) -> None:
        """Start waiting hosts in the free slots."""
        while self._free_slots and self._waiting:
            self._free_slots -= 1
            self._step(self._waiting.popleft())

    def _step(self, host: Host) -> None:
        """Continue the host until it needs time or is done."""
        for cost in host:
            match cost:
                case Connected():
                    self._open.add(host)
                    self._most_open = max(self._most_open, len(self._open))
                case Away(seconds):
                    self._schedule(self._now + seconds, host, worked=False)
                    return
                case Work(seconds):
                    self._queue.append((host, seconds))
                    self._start_work()
                    return
        self._open.discard(host)
        self._free_slots += 1

    def _start_work(self) -> None:
        """Start queued work on idle cores."""
        while self._idle_cores and self._queue:
            host, seconds = self._queue.popleft()
            self._idle_cores -= 1
            self._used_seconds += seconds
            self._schedule(self._now + seconds, host, worked=True)

    def _schedule(self, when: float, host: Host, *, worked: bool) -> None:
        self._next_number += 1
        heapq.heappush(self._events, (when, self._next_number, host, worked))
