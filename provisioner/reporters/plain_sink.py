"""The sink for files, pipes, CI and dumb terminals: plain lines.

A progress line makes a host that hangs visible: with many hosts every 15 s, with few hosts after
30 s without another line.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from provisioner.reporters.activity import ActiveHost, Activity, Progress, slowest_first
from provisioner.reporters.formatting import count, duration
from provisioner.reporters.quiet_stream import QuietStream, announce
from provisioner.reporters.styles import Line, Style, StyledText, line, paint
from provisioner.reporters.task_lines import View

INTERVAL_MANY_HOSTS = 15.0
"""Seconds between two progress lines when the run has many hosts."""

INTERVAL_FEW_HOSTS = 30.0
"""Seconds without any line before a progress line when the run has few hosts."""

_MAX_NAMED = 3
"""Active hosts that a progress line names."""


class PlainSink:
    """A `Sink` that prints plain lines, with SGR colours if `colour`."""

    def __init__(self, stream: QuietStream, activity: Activity, *, colour: bool = False) -> None:
        self._stream = stream
        self._activity = activity
        self._colour = colour
        self._many = False
        self._last_line_at = 0.0
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, view: View) -> None:
        self._many = view.many
        self._last_line_at = self._activity.now()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._thread.start()

    def write(self, lines: Sequence[Line]) -> None:
        if not self._many:
            self._last_line_at = self._activity.now()
        self._print(lines)

    def announce(self, text: str) -> None:
        announce(text)

    def close(self) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def tick(self) -> None:
        """Print a progress line if one is due."""
        if self._seconds_until_due() > 0:
            return
        progress = self._activity.progress()
        if progress.active_hosts:
            self._last_line_at = progress.now
            self._print([progress_line(progress)])

    def _run(self) -> None:
        while not self._stopped.wait(max(1.0, self._seconds_until_due())):
            self.tick()

    def _seconds_until_due(self) -> float:
        interval = INTERVAL_MANY_HOSTS if self._many else INTERVAL_FEW_HOSTS
        return self._last_line_at + interval - self._activity.now()

    def _print(self, lines: Sequence[Line]) -> None:
        # One write per event: the progress line cannot get between the lines of a block.
        self._stream.write("".join(f"{paint(each, colour=self._colour)}\n" for each in lines))


def progress_line(progress: Progress) -> Line:
    """Return one line about the run and its slowest hosts.

    For example: `progress: 12 of 300 hosts done, 1 failed, 40 running, 1 min 05 s elapsed: web7:
    Install (59.0 s)`.
    """
    failed = f", {progress.failed} failed" if progress.failed else ""
    with_task = [host for host in slowest_first(progress) if host.task]
    named = ", ".join(_current_task(host, progress.now) for host in with_task[:_MAX_NAMED])
    others = len(with_task) - _MAX_NAMED
    more = f" and {count(others, 'more host')}" if others > 0 else ""
    text = (
        f"progress: {progress.done} of {count(progress.hosts, 'host')} done{failed}, "
        f"{len(progress.active_hosts)} running, {duration(progress.elapsed)} elapsed"
    )
    return line(StyledText(f"{text}: {named}{more}" if named else text, Style.DIM))


def _current_task(host: ActiveHost, now: float) -> str:
    transferred = f"{host.transferred}, " if host.transferred else ""
    return f"{host.host}: {host.task} ({transferred}{duration(now - host.since)})"
