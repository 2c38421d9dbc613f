"""The current task of each host, for the live view and for the progress lines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from time import monotonic

from provisioner.escaping import escape
from provisioner.events import (
    Event,
    HostFinished,
    PlayFinished,
    PlayStarted,
    RunStarted,
    TaskFinished,
    TaskRetried,
    TaskStarted,
    Transferred,
)
from provisioner.records import dataclass
from provisioner.reporters.formatting import size
from provisioner.reporters.task_lines import BAD_STATUSES


@dataclass(frozen=True)
class ActiveHost:
    """A host that runs tasks. Texts are escaped. Between two tasks, `task` is empty."""

    host: str
    task: str
    number: int
    total: int
    since: float
    """Start of the task, in seconds of the activity's clock."""
    transferred: str = ""
    """Progress of a large file's transfer: `43 MB of 105 MB`."""


@dataclass(frozen=True)
class Progress:
    """The state of a run at the time `now`.

    `done` counts the hosts that have finished the play or the run, `failed` those of them that are
    failed, unreachable or unknown. `active_hosts` is in inventory order.
    """

    now: float
    hosts: int
    done: int
    failed: int
    elapsed: float
    active_hosts: tuple[ActiveHost, ...]


class Activity:
    """Keeps the current task of each host. `progress` may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._start = clock()
        self._inventory_index: dict[str, int] = {}
        self._tasks_of_play: dict[str, int] = {}
        self._active: dict[str, ActiveHost] = {}
        self._play_finished: set[str] = set()
        self._run_finished: dict[str, bool] = {}
        """Hosts that have left the run, each with whether it failed."""

    def now(self) -> float:
        """Return the time of the activity's clock in seconds."""
        return self._clock()

    def record(self, event: Event) -> None:
        """Update the state with an event of the run."""
        with self._lock:
            match event:
                case RunStarted():
                    self._start = self._clock()
                    self._inventory_index = {host: index for index, host in enumerate(event.hosts)}
                case PlayStarted():
                    self._tasks_of_play[event.play] = event.tasks
                    self._start_play(event.hosts)
                case TaskStarted():
                    self._set_task(event.host, event.play, event.task, event.number)
                case TaskRetried():
                    self._retry(event)
                case Transferred() if event.host in self._active:
                    transferred = f"{size(event.done)} of {size(event.size)}"
                    host = replace(self._active[event.host], transferred=transferred)
                    self._active[event.host] = host
                case TaskFinished() if not event.is_item and event.host in self._active:
                    self._set_task(event.host, event.play, "", self._active[event.host].number)
                case PlayFinished():
                    self._active.pop(event.host, None)
                    self._play_finished.add(event.host)
                case HostFinished():
                    self._play_finished.discard(event.host)
                    self._active.pop(event.host, None)
                    self._run_finished[event.host] = event.summary.status in BAD_STATUSES

    def progress(self) -> Progress:
        """Return the state of the run now."""
        with self._lock:
            now = self._clock()
            names = sorted(self._active, key=lambda name: self._inventory_index.get(name, 0))
            return Progress(
                now=now,
                hosts=len(self._inventory_index),
                done=len(self._run_finished) + len(self._play_finished),
                failed=sum(self._run_finished.values()),
                elapsed=now - self._start,
                active_hosts=tuple(self._active[name] for name in names),
            )

    def _start_play(self, hosts: Iterable[str]) -> None:
        """Count the hosts of a play as not done.

        Some are new (add_host). Some had left the run and take part again (clear_host_errors).
        """
        for host in hosts:
            self._inventory_index.setdefault(host, len(self._inventory_index))
            self._play_finished.discard(host)
            self._run_finished.pop(host, None)

    def _set_task(self, host: str, play: str, task: str, number: int) -> None:
        total = max(self._tasks_of_play.get(play, 0), number)
        self._active[host] = ActiveHost(escape(host), escape(task), number, total, self._clock())

    def _retry(self, event: TaskRetried) -> None:
        host = self._active.get(event.host)
        if host:
            task = f"{escape(event.task)} (attempt {event.attempt + 1} of {event.retries})"
            self._active[event.host] = replace(host, task=task, transferred="")


def slowest_first(progress: Progress) -> list[ActiveHost]:
    """Return the active hosts, longest-running task first, hosts between two tasks last."""
    return sorted(progress.active_hosts, key=lambda host: (not host.task, host.since))
