"""On a terminal: finished lines scroll by above one line for each host that is at work."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import IO, cast

from rich.console import Console as Terminal
from rich.console import ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from provisioner.reporters.activity import Activity, Job, Progress, slowest_first
from provisioner.reporters.palette import Line, Role, Span, line
from provisioner.reporters.screen import SCREEN
from provisioner.reporters.steps import View
from provisioner.reporters.stream import QuietStream, say
from provisioner.reporters.text import clip, count, duration, pad

STYLES = {
    Role.PLAIN: "",
    Role.HEAD: "bold",
    Role.DIM: "dim",
    Role.OK: "green",
    Role.CHANGED: "yellow",
    Role.SKIPPED: "cyan",
    Role.WARNING: "magenta",
    Role.BAD: "bold red",
    Role.ADDED: "green",
    Role.REMOVED: "red",
    Role.HUNK: "cyan",
}


REDRAW = 0.1
"""Seconds between two pictures. Lines wait for the next one: drawing for each of a large fleet's
lines (1.2 ms) would cost more than all else that the controller does."""


class LiveSink:
    """A `Sink` for a terminal that can move its cursor."""

    def __init__(
        self,
        stream: QuietStream,
        activity: Activity,
        *,
        colour: bool = True,
        width: int | None = None,
    ) -> None:
        self._activity = activity
        self._colour = colour
        self._terminal = Terminal(
            file=cast(IO[str], stream),
            force_terminal=True,
            color_system="standard" if colour else None,
            no_color=not colour,
            width=width,
            markup=False,
            emoji=False,
            highlight=False,
        )
        self._lock = threading.Lock()
        self._waiting: list[Line] = []
        self._live: Live | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._columns = 0
        self._said = ""

    def open(self, view: View) -> None:
        self._columns = view.columns
        SCREEN.clear = self._clear
        self._thread = threading.Thread(target=self._beat, name="live view", daemon=True)
        self._thread.start()

    def write(self, lines: Sequence[Line]) -> None:
        with self._lock:
            self._waiting += lines
        if self._thread is None:
            self._draw()

    def say(self, text: str) -> None:
        self._said = text  # shown with the next picture, which would wipe out what is on stderr
        if SCREEN.is_borrowed:
            say(text)

    def close(self) -> None:
        if self._thread:
            self._stopped.set()
            self._thread.join()
            self._thread = None
        self._draw()
        SCREEN.clear = lambda: None
        self._end()

    def _beat(self) -> None:
        while not self._stopped.wait(REDRAW):
            self._draw()

    def _draw(self) -> None:
        """Print what has been written since the last time; the view below it is drawn with it.
        While somebody is asked something that waits, though not for an answer behind the end."""
        alone = SCREEN.lock.acquire(timeout=REDRAW)
        try:
            if alone or self._thread is None:
                self._print()
        finally:
            if alone:
                SCREEN.lock.release()

    def _print(self) -> None:
        with self._lock:
            lines, self._waiting = self._waiting, []
        if self._thread and not self._live:
            self._live = self._begun()
        if lines:
            self._terminal.print(Text("\n").join(map(self._text, lines)), soft_wrap=True)
        elif self._live:
            self._live.refresh()

    def _begun(self) -> Live:
        # Standard error stays its own: rich would move it to standard output.
        live = Live(
            self,
            console=self._terminal,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        live.start()
        return live

    def _clear(self) -> None:
        """Leave the terminal to a question, with all that was written above it."""
        self._print()
        self._end()

    def _end(self) -> None:
        if self._live:
            self._live.stop()
            self._live = None

    def __rich_console__(self, terminal: Terminal, options: ConsoleOptions) -> RenderResult:
        """The live part, drawn anew several times a second."""
        height = max(2, terminal.height // 2)
        for each in live_lines(self._activity.progress(), height, self._columns, self._said):
            text = self._text(each)
            text.truncate(options.max_width - 1)
            yield text

    def _text(self, spans: Line) -> Text:
        """Spans as rich text: never parsed as markup, whatever they hold."""
        if not self._colour:
            return Text("".join(span.text for span in spans))
        return Text.assemble(*((span.text, STYLES[span.role]) for span in spans))


def live_lines(progress: Progress, height: int, columns: int, said: str = "") -> list[Line]:
    """At most `height` lines: the hosts at work, those that don't fit as a number, what is `said`
    to the operator, the sum.

    As long as all fit they keep the inventory's order; else the slowest come first, since they are
    the ones that somebody looks for (ansible/ansible#17152).
    """
    jobs = list(progress.jobs)
    words = [line(Span(f"provision: {said}", Role.WARNING))] if said else []
    room = height - 1 - len(words)
    if len(jobs) > room:
        jobs = slowest_first(progress)[: max(0, room - 1)]
    hidden = len(progress.jobs) - len(jobs)
    more = [line(Span(f"... and {count(hidden, 'host')} more at work", Role.DIM))] if hidden else []
    lines = [_job_line(job, progress.now, columns) for job in jobs]
    return [*lines, *more, *words, _sum_line(progress)][-height:]


def _job_line(job: Job, now: float, columns: int) -> Line:
    number = f"{job.number}/{job.total}" if job.number else ""
    return line(
        f"{pad(clip(job.host, max(columns, 4)), columns)}  ",
        Span(f"{number:>7}  ", Role.DIM),
        job.task or "waiting",
        Span(f"  {job.passed}" if job.passed else "", Role.DIM),
        Span(f"  {duration(max(0.0, now - job.since))}", Role.DIM),
    )


def _sum_line(progress: Progress) -> Line:
    return line(
        Span(f"{progress.done} of {count(progress.hosts, 'host')} done", Role.HEAD),
        Span(f", {progress.bad} failed" if progress.bad else "", Role.BAD),
        f", {len(progress.jobs)} at work, {duration(progress.elapsed)}",
    )
