"""What each host is at, for those who wait: the live view and the progress lines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from time import monotonic

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
from provisioner.reporters.steps import BAD_STATUSES
from provisioner.reporters.text import escape, size


@dataclass(frozen=True)
class Job:
    """One host at work; texts are safe to print. Between two tasks `task` is empty."""

    host: str
    task: str
    number: int
    total: int
    since: float
    """On the activity's clock."""
    passed: str = ""
    """How much of a large file has passed."""


@dataclass(frozen=True)
class Progress:
    """One moment of a run. `jobs` are in inventory order; `done` are the hosts that are through the
    play, or through the run."""

    now: float
    hosts: int
    done: int
    bad: int
    elapsed: float
    jobs: tuple[Job, ...]


class Activity:
    """Follows a run's events; `progress` may be asked from another thread at any time."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began = clock()
        self._order: dict[str, int] = {}
        self._totals: dict[str, int] = {}
        self._jobs: dict[str, Job] = {}
        self._through: set[str] = set()
        self._ended: dict[str, bool] = {}

    def now(self) -> float:
        """The time by its clock."""
        return self._clock()

    def note(self, event: Event) -> None:
        with self._lock:
            match event:
                case RunStarted():
                    self._began = self._clock()
                    self._order = {host: place for place, host in enumerate(event.hosts)}
                case PlayStarted():
                    self._totals[event.play] = event.tasks
                    self._begin(event.hosts)
                case TaskStarted():
                    self._turn(event.host, event.play, event.task, event.number)
                case TaskRetried():
                    self._retry(event)
                case Transferred() if event.host in self._jobs:
                    passed = f"{size(event.done)} of {size(event.size)}"
                    self._jobs[event.host] = replace(self._jobs[event.host], passed=passed)
                case TaskFinished() if not event.is_item and event.host in self._jobs:
                    self._turn(event.host, event.play, "", self._jobs[event.host].number)
                case PlayFinished():
                    self._jobs.pop(event.host, None)
                    self._through.add(event.host)
                case HostFinished():
                    self._through.discard(event.host)
                    self._jobs.pop(event.host, None)
                    self._ended[event.host] = event.summary.status in BAD_STATUSES

    def progress(self) -> Progress:
        with self._lock:
            now = self._clock()
            jobs = [(self._order.get(host, 0), job) for host, job in self._jobs.items()]
            return Progress(
                now=now,
                hosts=len(self._order),
                done=len(self._ended) + len(self._through),
                bad=sum(self._ended.values()),
                elapsed=now - self._began,
                jobs=tuple(job for _, job in sorted(jobs, key=lambda pair: pair[0])),
            )

    def _begin(self, hosts: Iterable[str]) -> None:
        """Hosts that begin a play: some are new (add_host), some were out and are forgiven."""
        for host in hosts:
            self._order.setdefault(host, len(self._order))
            self._through.discard(host)
            self._ended.pop(host, None)

    def _turn(self, host: str, play: str, task: str, number: int) -> None:
        total = max(self._totals.get(play, 0), number)
        self._jobs[host] = Job(escape(host), escape(task), number, total, self._clock())

    def _retry(self, event: TaskRetried) -> None:
        job = self._jobs.get(event.host)
        if job:
            task = f"{escape(event.task)} (attempt {event.attempt + 1} of {event.retries})"
            self._jobs[event.host] = Job(job.host, task, job.number, job.total, job.since)


def slowest_first(progress: Progress) -> list[Job]:
    """The hosts at work, the one that has been at its task for longest first, idle ones last."""
    return sorted(progress.jobs, key=lambda job: (not job.task, job.since))
