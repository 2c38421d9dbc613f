"""A fleet that is only pretended: hosts as generators of costs, a machine as slots and cores.

Time here is counted, not passed: a hundred thousand hosts take seconds.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """Seconds of the controller's CPU."""

    seconds: float


@dataclass(frozen=True)
class Away:
    """Seconds in which the network and the host are at work, not the controller."""

    seconds: float


@dataclass(frozen=True)
class Connected:
    """A connection is open from now on."""


Host = Generator[Work | Away | Connected, None, None]


@dataclass(frozen=True)
class Machine:
    """`slots` hosts at once, on `cores` that each do one thing at a time (a process: one)."""

    slots: int
    cores: int = 1


@dataclass(frozen=True)
class Outcome:
    """`wall` in s; `busy` is the share of the cores' time that was used."""

    wall: float
    busy: float
    connections: int
    """Open at once, at most."""


def simulate(host: Callable[[int], Host], count: int, machine: Machine) -> Outcome:
    """Bring `count` hosts to their end, as the scheduler does: first come, first served."""
    return _Clock(machine, deque(map(host, range(count)))).run()


class _Clock:
    def __init__(self, machine: Machine, waiting: deque[Host]) -> None:
        self._cores, self._waiting = machine.cores, waiting
        self._free, self._idle = machine.slots, machine.cores
        self._now = self._used = 0.0
        self._events: list[tuple[float, int, Host, bool]] = []
        self._number = 0
        self._queue: deque[tuple[Host, float]] = deque()
        self._open: set[Host] = set()
        self._most = 0

    def run(self) -> Outcome:
        self._begin()
        while self._events:
            self._now, _, host, worked = heapq.heappop(self._events)
            if worked:
                self._idle += 1
                self._serve()
            self._step(host)
            self._begin()
        total = self._now * self._cores
        return Outcome(self._now, self._used / total if total else 0.0, self._most)

    def _begin(self) -> None:
        """Give free slots to hosts that wait."""
        while self._free and self._waiting:
            self._free -= 1
            self._step(self._waiting.popleft())

    def _step(self, host: Host) -> None:
        """Have the host go on until it needs time, or is through."""
        for cost in host:
            match cost:
                case Connected():
                    self._open.add(host)
                    self._most = max(self._most, len(self._open))
                case Away(seconds):
                    self._at(self._now + seconds, host, worked=False)
                    return
                case Work(seconds):
                    self._queue.append((host, seconds))
                    self._serve()
                    return
        self._open.discard(host)
        self._free += 1

    def _serve(self) -> None:
        while self._idle and self._queue:
            host, seconds = self._queue.popleft()
            self._idle -= 1
            self._used += seconds
            self._at(self._now + seconds, host, worked=True)

    def _at(self, when: float, host: Host, *, worked: bool) -> None:
        self._number += 1
        heapq.heappush(self._events, (when, self._number, host, worked))
