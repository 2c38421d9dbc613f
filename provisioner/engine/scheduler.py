"""Schedule the hosts of a batch: decide which host continues, and when. An executor runs them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from provisioner.engine.barriers import Barriers
from provisioner.engine.batch import Batch
from provisioner.engine.effects import Barrier, Publish
from provisioner.events import Event, HostFinished
from provisioner.records import dataclass


@dataclass(frozen=True)
class HostBlocked:
    """The host waits at a barrier."""

    host: str
    barrier: Barrier


@dataclass(frozen=True)
class HostDone:
    """The host has finished its run of the play."""

    host: str


@dataclass(frozen=True)
class HostCrashed:
    """A host's run raised an exception: a bug. The host is out, and the others continue."""

    host: str
    reason: str
    traceback: str


Message = Event | Publish | HostBlocked | HostDone | HostCrashed


class Executor(Protocol):
    """Runs hosts side by side: with threads of this process, or on workers."""

    def begin_batch(self, batch: Batch) -> None:
        """Take the hosts of the following calls from `batch`."""

    def take_slot(self) -> bool:
        """Claim a slot for one more host. Return false if none is free now."""

    def advance(self, host: str, reply: Any) -> None:
        """Run the host until it is done or blocked by a barrier.

        It begins at the start of the play, or after its barrier; `reply` is the barrier's answer.
        Uses a slot claimed by `take_slot`.
        """

    def next_message(self, slot_wanted: bool) -> Message | None:
        """Wait for the next message. If a slot is wanted, return None when one may be free."""

    def close_others(self, needed: frozenset[str]) -> None:
        """Close the connections of all hosts except those in `needed`."""

    def kill(self) -> None:
        """Kill the tasks that run on the hosts.

        Returns when that is done, or after a time limit.
        """

    def close(self) -> None:
        """Close all connections without waiting for hosts."""

    def frames(self) -> Mapping[str, int]:
        """Return the number of frames that were sent to each host."""


def run_batch(batch: Batch, executor: Executor, barriers: Barriers) -> Iterator[Event]:
    """Run all hosts of the batch to the end of the play; yield their events as they happen."""
    ready: deque[tuple[str, Any]] = deque((host, None) for host in batch.hosts)
    running: set[str] = set()
    executor.begin_batch(batch)
    while ready or running or barriers.waiting:
        while ready and executor.take_slot():
            host, reply = ready.popleft()
            running.add(host)
            executor.advance(host, reply)
        if not ready and not running:
            ready.extend(barriers.release().items())
            continue
        match executor.next_message(bool(ready)):
            case None:
                pass
            case Publish() as publish:
                barriers.publish(publish)
            case HostBlocked(host, barrier):
                running.discard(host)
                barriers.wait(host, barrier)
            case HostDone(host):
                running.discard(host)
            case HostCrashed(host, reason, traceback):
                running.discard(host)
                yield _crashed(batch, barriers, host, reason, traceback)
            case event:
                yield event


def _crashed(
    batch: Batch, barriers: Barriers, host: str, reason: str, traceback: str
) -> HostFinished:
    """Take the host out of the run, and return its last event."""
    state = batch.play_world.world.states[host]
    reason, hint = f"a bug in provision: {reason}", "please report it with the traceback"
    state.crash(reason, hint, "run_once" if barriers.is_leader(host) else "")
    return HostFinished(host, state.summary(), reason, hint, traceback)
