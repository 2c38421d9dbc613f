"""An `Executor` that runs hosts in threads of this process."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

from provisioner.engine.batch import Batch
from provisioner.engine.effects import (
    AwaitLock,
    Barrier,
    Effects,
    Exchange,
    Publish,
    Reset,
    Sleep,
)
from provisioner.engine.interrupt import Interrupt
from provisioner.engine.scheduler import HostBlocked, HostCrashed, HostDone, Message
from provisioner.errors import describe, traceback_of
from provisioner.events import Event, TaskFinished, TaskStarted, Transferred
from provisioner.fleet.host_sessions import HostSessions
from provisioner.fleet.login import Connect
from provisioner.fleet.machines import Machines
from provisioner.fleet.session_pool import SessionPool
from provisioner.fleet.slots import LEND_AFTER, MAX_LENT, HeldThrottles, Slots, Throttles
from provisioner.fleet.thread_pool import ThreadPool

Report = Callable[[Event | Publish], None]
"""Passes an event to the scheduler."""


class ThreadExecutor:
    """Runs up to `forks` hosts at once, each in a thread.

    A host that waits for other hosts or for its connection does not occupy a slot. At most
    `connections` are open at once: above that, connections of blocked hosts are closed and opened
    again later.
    """

    def __init__(
        self,
        connect: Connect,
        forks: int,
        interrupt: Interrupt,
        connections: int = 1 << 20,
        throttles: Throttles | None = None,
        lend_after: float = LEND_AFTER,
        machines: Machines | None = None,
        release_elsewhere: Callable[[], None] = lambda: None,
    ) -> None:
        """Create the executor. `release_elsewhere` releases the locks that other workers hold."""
        max_lent = min(MAX_LENT, max(0, connections - forks))
        self._slots = Slots(forks, max_lent, lend_after)
        self._machines, self._release_elsewhere = machines or Machines(), release_elsewhere
        self._session_pool = SessionPool(
            connect, connections, self._slots.connecting, self._machines
        )
        self._threads = ThreadPool()
        self._interrupt, self._throttles = interrupt, throttles or Throttles()
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._runs: dict[str, Effects[None]] = {}
        self._batch: Batch | None = None

    def begin_batch(self, batch: Batch) -> None:
        self._batch = batch
        self._runs.clear()

    def take_slot(self) -> bool:
        return self._slots.take()

    def advance(self, host: str, reply: Any) -> None:
        self._threads.run(lambda: self._messages.put(self._advance(host, reply)))

    def next_message(self, slot_wanted: bool) -> Message | None:
        timeout = self._slots.seconds_until_lendable() if slot_wanted else None
        try:
            return self._messages.get(timeout=timeout)
        except queue.Empty:
            return None

    def wake(self) -> None:
        """Make `next_message` return None."""
        self._messages.put(None)

    def lend_slots(self) -> int:
        """Lend the slots of hosts that wait long for their connection. Return how many are lent."""
        return self._slots.lend()

    def release_locks(self) -> None:
        """Release the locks of the hosts on which no task runs now."""
        self._session_pool.release_locks()

    def close_others(self, needed: frozenset[str]) -> None:
        for host in set(self._session_pool) - needed:
            self._session_pool.close_host(host)

    def kill(self) -> None:
        # A connection attempt can't be stopped. Its thread goes on, but nothing waits for it.
        for host in self._session_pool.abandon_connecting():
            self._messages.put(HostDone(host))
        self._session_pool.kill()

    def close(self) -> None:
        self._threads.close()
        self._session_pool.close()

    def frames(self) -> Mapping[str, int]:
        return self._session_pool.frames()

    def _advance(self, host: str, reply: Any) -> Message:
        assert self._batch is not None
        try:
            if host not in self._runs:
                self._runs[host] = self._batch.run_host(host)
            barrier = self._continue(host, reply)
            if barrier is not None:
                return HostBlocked(host, barrier)
            del self._runs[host]
            if host not in self._batch.needed:
                self._session_pool.close_host(host)
            return HostDone(host)
        except BaseException as error:  # a bug
            self._runs.pop(host, None)
            self._session_pool.close_host(host)
            return HostCrashed(host, describe(error), traceback_of(error))
        finally:
            self._slots.release()

    def _continue(self, host: str, reply: Any) -> Barrier | None:
        sessions = self._session_pool.sessions_of(host)
        throttles = HeldThrottles(self._throttles, self._slots)
        report = self._messages.put
        try:
            return run_until_blocked(
                self._runs[host],
                reply,
                sessions,
                report,
                self._interrupt,
                throttles,
                self._machine_throttle,
                self._give_way,
            )
        finally:
            throttles.release()

    @contextmanager
    def _machine_throttle(self, exchange: Exchange) -> Iterator[None]:
        """Context in which the frame's changes are the only ones of their machine."""
        key = exchange.session_key
        with ExitStack() as stack:
            if exchange.locks and key.connection != "local":
                throttle = self._machines.throttle(key.host)
                if throttle is not None:
                    with self._slots.waiting():
                        stack.enter_context(self._throttles.of(throttle))
            yield

    def _give_way(self) -> None:
        self._session_pool.release_locks()
        self._release_elsewhere()


def _no_throttle(_exchange: Exchange) -> AbstractContextManager[Any]:
    return nullcontext()


def run_until_blocked(
    run: Effects[None],
    reply: Any,
    sessions: HostSessions,
    report: Report,
    interrupt: Interrupt,
    throttles: HeldThrottles,
    machine_throttle: Callable[[Exchange], AbstractContextManager[Any]] = _no_throttle,
    give_way: Callable[[], None] = lambda: None,
) -> Barrier | None:
    """Execute the effects of a host's run until a barrier blocks the host.

    Return the barrier, or None at the end of the run.
    """
    while True:
        try:
            step = run.send(reply)
        except StopIteration:
            return None
        reply = None
        match step:
            case TaskStarted() | Exchange() | Sleep() | AwaitLock() | Barrier() if interrupt:
                run.close()  # the finished tasks are already reported, and no other task starts
                return None
            case Exchange():
                throttles.take(step.throttle, step.exclusive_machine)
                with machine_throttle(step):
                    if interrupt:
                        run.close()
                        return None
                    reply = sessions.exchange(step, _progress(step.session_key.host, report))
            case Sleep():
                interrupt.sleep(step.seconds)
            case AwaitLock():
                if step.gives_way:
                    give_way()
                interrupt.sleep(step.seconds)
            case Reset():
                sessions.close()
            case Barrier():
                return step
            case TaskFinished():
                throttles.release(item=step.is_item)
                report(step)
            case _:
                report(step)


def _progress(host: str, report: Report) -> Callable[[int, int], None]:
    """Return the callback that reports the progress of a large file's transfer."""
    return lambda transferred, size: report(Transferred(host, transferred, size))
