"""A worker as the controller sees it."""

from __future__ import annotations

from dataclasses import field
from typing import Any, Protocol

from provisioner.records import dataclass


class WorkerConnection(Protocol):
    """The connection to one worker.

    It puts each message of the worker into the executor's inbox as (connection, message), and
    `WorkerLost` when the worker does not respond any more.
    """

    name: str

    def send(self, message: Any) -> None:
        """Send a message of fleet/protocol.py. Does not block or raise."""

    def close(self) -> None:
        """End the run on the worker."""


@dataclass(frozen=True)
class WorkerLost:
    """The worker does not respond any more."""

    reason: str


@dataclass
class WorkerHandle:
    """A worker with its slots and the hosts that it runs now."""

    connection: WorkerConnection
    slots: int
    """Number of hosts to run at once. A host that lends its slot allows one more."""
    busy: set[str] = field(default_factory=set)
    lent: int = 0
    lost: str = ""
    """The reason why the worker is lost, or ""."""

    @property
    def free_slots(self) -> int:
        return 0 if self.lost else self.slots + self.lent - len(self.busy)


def divide_forks(forks: int, workers: int) -> list[int]:
    """Return the slots of each used worker. With fewer forks than workers, some are not used."""
    used = min(forks, workers)
    return [forks // used + (number < forks % used) for number in range(used)]
