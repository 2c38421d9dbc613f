"""Lines and nothing else: for files, pipes, CI and dumb terminals.

Nobody sees a host that hangs there, so a progress line says from time to time who is at what: with
many hosts every 15 s, with few after 30 s without any line.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from provisioner.reporters.activity import Activity, Job, Progress, slowest_first
from provisioner.reporters.palette import Line, Role, Span, line, paint
from provisioner.reporters.steps import View
from provisioner.reporters.stream import QuietStream, say
from provisioner.reporters.text import count, duration

EVERY = 15.0
SILENCE = 30.0
_NAMED = 3


class PlainSink:
    """A `Sink` of plain lines, coloured only on demand."""

    def __init__(self, stream: QuietStream, activity: Activity, *, colour: bool = False) -> None:
        self._stream = stream
        self._activity = activity
        self._colour = colour
        self._many = False
        self._last = 0.0
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, view: View) -> None:
        self._many = view.many
        self._last = self._activity.now()
        self._thread = threading.Thread(target=self._beat, name="progress", daemon=True)
        self._thread.start()

    def write(self, lines: Sequence[Line]) -> None:
        if not self._many:
            self._last = self._activity.now()
        self._print(lines)

    def say(self, text: str) -> None:
        say(text)

    def close(self) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def tick(self) -> None:
        """Print a progress line if one is due."""
        if self._left() > 0:
            return
        progress = self._activity.progress()
        if progress.jobs:
            self._last = progress.now
            self._print([progress_line(progress)])

    def _beat(self) -> None:
        while not self._stopped.wait(max(1.0, self._left())):
            self.tick()

    def _left(self) -> float:
        """Seconds until a progress line is due."""
        return self._last + (EVERY if self._many else SILENCE) - self._activity.now()

    def _print(self, lines: Sequence[Line]) -> None:
        # One write an event: the progress line can't come between the lines of a block.
        self._stream.write("".join(f"{paint(each, colour=self._colour)}\n" for each in lines))


def progress_line(progress: Progress) -> Line:
    """`progress: 12 of 300 hosts done, 1 failed, 40 at work for 1 min 05 s; web7 at Install …`."""
    bad = f", {progress.bad} failed" if progress.bad else ""
    busy = [job for job in slowest_first(progress) if job.task]
    slow = ", ".join(_at(job, progress.now) for job in busy[:_NAMED])
    more = f" and {count(len(busy) - _NAMED, 'host')} more" if len(busy) > _NAMED else ""
    text = (
        f"progress: {progress.done} of {count(progress.hosts, 'host')} done{bad}, "
        f"{len(progress.jobs)} at work, {duration(progress.elapsed)} in all"
    )
    return line(Span(f"{text}: {slow}{more}" if slow else text, Role.DIM))


def _at(job: Job, now: float) -> str:
    passed = f" ({job.passed})" if job.passed else ""
    return f"{job.host} at {job.task}{passed} for {duration(now - job.since)}"
