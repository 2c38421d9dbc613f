"""Drive hosts' walks with threads: `forks` of them at once, none held by a host that waits for
others."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from provisioner.engine.barriers import Barriers
from provisioner.engine.effects import Barrier, Exchange, Publish, Reset, Sleep
from provisioner.engine.host import Walk
from provisioner.events import Event, TaskStarted
from provisioner.fleet.sessions import Pool, Sessions


class Interrupt:
    """The operator's wish to stop: hosts end at their next task boundary."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.signal = 0

    def set(self, signal: int) -> None:
        self.signal = signal
        self._event.set()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def sleep(self, seconds: float) -> None:
        """Sleep, at most until the interrupt."""
        self._event.wait(seconds)


class Throttles:
    """Semaphores by name: how many hosts may be in one task at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._semaphores: dict[str, threading.Semaphore] = {}

    def of(self, throttle: tuple[str, int] | None) -> AbstractContextManager[Any]:
        """What to hold while the exchange goes on."""
        if throttle is None:
            return nullcontext()
        name, limit = throttle
        with self._lock:
            return self._semaphores.setdefault(name, threading.Semaphore(limit))


def drive(
    walks: Mapping[str, Walk], barriers: Barriers, pool: Pool, forks: int, interrupt: Interrupt
) -> Iterator[Event]:
    """Walk all hosts to the end of the play; yields their events as they come.

    An exception out of a walk is a bug and is raised here, once the others have stopped.
    """
    messages: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    under_way = set(walks)
    throttles = Throttles()

    def advance(host: str, reply: Any) -> None:
        try:
            ended = _advance(walks[host], reply, pool.of(host), messages, interrupt, throttles)
            messages.put((host, ended))
        except BaseException as error:  # a bug: it must not vanish in a thread
            messages.put((host, error))

    with ThreadPoolExecutor(max(1, min(forks, len(walks)))) as executor:
        for host in walks:
            executor.submit(advance, host, None)
        while under_way or barriers.waiting:
            host, message = messages.get()
            if isinstance(message, Publish):
                barriers.publish(message)
                continue
            if isinstance(message, Event):
                yield message
                continue
            under_way.discard(host)
            if isinstance(message, BaseException):
                interrupt.set(0)
                raise message
            if isinstance(message, Barrier):
                barriers.wait(host, message)
            if not under_way:
                released = barriers.release()
                under_way.update(released)
                for name, reply in released.items():
                    executor.submit(advance, name, reply)


def _advance(
    walk: Walk,
    reply: Any,
    sessions: Sessions,
    messages: queue.SimpleQueue[tuple[str, Any]],
    interrupt: Interrupt,
    throttles: Throttles,
) -> Barrier | None:
    """Walk until the host has to wait for others (its `Barrier`) or is through (None)."""
    while True:
        try:
            step = walk.send(reply)
        except StopIteration:
            return None
        reply = None
        match step:
            case TaskStarted() | Exchange() | Sleep() | Barrier() if interrupt:
                walk.close()  # what had ended was told; nothing new begins
                return None
            case Exchange():
                with throttles.of(step.throttle):
                    reply = sessions.exchange(step)
            case Sleep():
                interrupt.sleep(step.seconds)
            case Reset():
                sessions.close()
            case Barrier():
                return step
            case _:
                messages.put(("", step))
