"""Bring a batch's hosts through a play: who goes on when, whoever carries out the walks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from provisioner.engine.barriers import Barriers
from provisioner.engine.batch import Batch
from provisioner.engine.effects import Barrier, Publish
from provisioner.events import Event
from provisioner.records import dataclass


@dataclass(frozen=True)
class HostBlocked:
    """The host has come to a place where it waits for others."""

    host: str
    barrier: Barrier


@dataclass(frozen=True)
class HostDone:
    """The host's walk has ended."""

    host: str


@dataclass(frozen=True)
class HostCrashed:
    """An exception out of a walk: a bug, that ends the run."""

    error: BaseException


Message = Event | Publish | HostBlocked | HostDone | HostCrashed


class Executor(Protocol):
    """Those who carry out walks: threads here, or workers elsewhere."""

    def begin(self, batch: Batch) -> None:
        """The hosts that come now are of this batch."""

    def take(self) -> bool:
        """Claim room for one more host at work; false where there is none now."""

    def advance(self, host: str, reply: Any) -> None:
        """Walk with the host, from its start or on from its barrier with `reply`, until it has to
        wait for others or is through. Needs a `take` before."""

    def message(self, wanting: bool) -> Message | None:
        """What happens next; None where, for those who are `wanting` room, some may have come."""

    def release(self, needed: frozenset[str]) -> None:
        """Close what is open to other hosts than those that are still needed."""

    def kill(self) -> None:
        """End what runs on the hosts; returns when that is done, or has taken too long."""

    def close(self) -> None:
        """Close everything, and wait for nobody."""

    def frames(self) -> Mapping[str, int]:
        """How many frames each host was sent."""


def drive(batch: Batch, crew: Executor, barriers: Barriers) -> Iterator[Event]:
    """Walk all hosts to the end of the play; yields their events as they come."""
    ready: deque[tuple[str, Any]] = deque((host, None) for host in batch.hosts)
    under_way: set[str] = set()
    crew.begin(batch)
    while ready or under_way or barriers.waiting:
        while ready and crew.take():
            host, reply = ready.popleft()
            under_way.add(host)
            crew.advance(host, reply)
        if not ready and not under_way:
            ready.extend(barriers.release().items())
            continue
        match crew.message(bool(ready)):
            case None:
                pass
            case Publish() as publish:
                barriers.publish(publish)
            case HostBlocked(host, barrier):
                under_way.discard(host)
                barriers.wait(host, barrier)
            case HostDone(host):
                under_way.discard(host)
            case HostCrashed(error):
                raise error
            case event:
                yield event
