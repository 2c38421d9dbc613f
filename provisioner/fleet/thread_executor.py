"""Walks carried out by threads of this process: `forks` at once, none held by a host that waits
for others, or for a connection that does not come."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping
from typing import Any

from provisioner.engine.batch import Batch
from provisioner.engine.effects import Barrier, Effects, Exchange, Publish, Reset, Sleep
from provisioner.engine.interrupt import Interrupt
from provisioner.engine.scheduler import HostBlocked, HostCrashed, HostDone, Message
from provisioner.events import Event, TaskFinished, TaskStarted, Transferred
from provisioner.fleet.session_pool import Connect, Pool, Sessions
from provisioner.fleet.slots import PATIENCE, WAITING_ROOM, Held, Slots, Throttles
from provisioner.fleet.thread_pool import Jobs

Tell = Callable[[Event | Publish], None]


class ThreadExecutor:
    """An `Executor` of threads. At most `connections` are open at once: beyond that, those of hosts
    that wait for others are closed, and made anew when they go on."""

    def __init__(
        self,
        connect: Connect,
        forks: int,
        interrupt: Interrupt,
        connections: int = 1 << 20,
        throttles: Throttles | None = None,
        patience: float = PATIENCE,
    ) -> None:
        waiting_room = min(WAITING_ROOM, max(0, connections - forks))
        self._slots = Slots(forks, waiting_room, patience)
        self._pool = Pool(connect, connections, self._slots.connecting)
        self._jobs = Jobs()
        self._interrupt, self._throttles = interrupt, throttles or Throttles()
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._walks: dict[str, Effects[None]] = {}
        self._batch: Batch | None = None

    def begin_batch(self, batch: Batch) -> None:
        self._batch = batch
        self._walks.clear()

    def take_slot(self) -> bool:
        return self._slots.take()

    def advance(self, host: str, reply: Any) -> None:
        self._jobs.do(lambda: self._messages.put(self._advance(host, reply)))

    def next_message(self, slot_wanted: bool) -> Message | None:
        try:
            return self._messages.get(timeout=self._slots.next_to_lend() if slot_wanted else None)
        except queue.Empty:
            return None

    def nudge(self) -> None:
        """Make `next_message` return."""
        self._messages.put(None)

    def lend(self) -> int:
        """Lend the slots of hosts that have waited long enough for their connection; how many are
        lent now."""
        return self._slots.lend()

    def close_others(self, needed: frozenset[str]) -> None:
        for host in set(self._pool) - needed:
            self._pool.drop(host)

    def kill(self) -> None:
        self._pool.kill()

    def close(self) -> None:
        self._jobs.end()
        self._pool.close()

    def frames(self) -> Mapping[str, int]:
        return self._pool.frames()

    def _advance(self, host: str, reply: Any) -> Message:
        assert self._batch is not None
        try:
            if host not in self._walks:
                self._walks[host] = self._batch.run_host(host)
            walk, sessions = self._walks[host], self._pool.of(host)
            held = Held(self._throttles, self._slots)
            barrier = follow(walk, reply, sessions, self._messages.put, self._interrupt, held)
            if barrier is not None:
                return HostBlocked(host, barrier)
            del self._walks[host]
            if host not in self._batch.needed:
                self._pool.drop(host)
            return HostDone(host)
        except BaseException as error:  # a bug: it must not vanish in a thread
            return HostCrashed(error)
        finally:
            self._slots.give_back()


def follow(
    walk: Effects[None],
    reply: Any,
    sessions: Sessions,
    tell: Tell,
    interrupt: Interrupt,
    held: Held,
) -> Barrier | None:
    """Walk until the host has to wait for others (its `Barrier`) or is through (None)."""
    try:
        return _follow(walk, reply, sessions, tell, interrupt, held)
    finally:
        held.end()


def _follow(
    walk: Effects[None],
    reply: Any,
    sessions: Sessions,
    tell: Tell,
    interrupt: Interrupt,
    held: Held,
) -> Barrier | None:
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
                held.take(step.throttle, step.alone)
                reply = sessions.exchange(step, _progress(step.session_key.host, tell))
            case Sleep():
                interrupt.sleep(step.seconds)
            case Reset():
                sessions.close()
            case Barrier():
                return step
            case TaskFinished():
                held.end(item=step.is_item)
                tell(step)
            case _:
                tell(step)


def _progress(host: str, tell: Tell) -> Callable[[int, int], None]:
    """Tells how much of a large file has passed to or from `host`."""
    return lambda done, size: tell(Transferred(host, done, size))
