"""The sink for a terminal: a live view with a line per active host below the finished lines."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import IO, cast

from rich.console import Console as Terminal
from rich.console import ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from provisioner.escaping import escape
from provisioner.reporters.activity import ActiveHost, Activity, Progress, slowest_first
from provisioner.reporters.formatting import clip, count, duration, pad
from provisioner.reporters.quiet_stream import QuietStream, announce
from provisioner.reporters.screen import SCREEN
from provisioner.reporters.styles import Line, Style, StyledText, line
from provisioner.reporters.task_lines import View

RICH_STYLES = {
    Style.PLAIN: "",
    Style.HEAD: "bold",
    Style.DIM: "dim",
    Style.OK: "green",
    Style.CHANGED: "yellow",
    Style.SKIPPED: "cyan",
    Style.WARNING: "magenta",
    Style.FAILED: "bold red",
    Style.ADDED: "green",
    Style.REMOVED: "red",
    Style.HUNK: "cyan",
}

REDRAW = 0.1
"""Seconds between two drawings. New lines wait for the next one: drawing takes 1.2 ms, so with many
hosts, drawing for each line would take most of the controller's time."""


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
        self._pending_lines: list[Line] = []
        self._live: Live | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._columns = 0
        self._announcement = ""

    def open(self, view: View) -> None:
        self._columns = view.columns
        SCREEN.clear = self._clear
        self._thread = threading.Thread(target=self._redraw, name="live view", daemon=True)
        self._thread.start()

    def write(self, lines: Sequence[Line]) -> None:
        with self._lock:
            self._pending_lines += lines
        if self._thread is None:
            self._draw()

    def announce(self, text: str) -> None:
        self._announcement = text  # drawn by the live view, which would overwrite standard error
        if SCREEN.is_asking:
            announce(text)

    def close(self) -> None:
        if self._thread:
            self._stopped.set()
            self._thread.join()
            self._thread = None
        self._draw()
        SCREEN.clear = lambda: None
        self._remove_view()

    def _redraw(self) -> None:
        while not self._stopped.wait(REDRAW):
            self._draw()

    def _draw(self) -> None:
        """Print the pending lines and the live view below them.

        A question on the terminal delays this, but no longer than `REDRAW` after `close`.
        """
        has_screen = SCREEN.lock.acquire(timeout=REDRAW)
        try:
            if has_screen or self._thread is None:
                self._print()
        finally:
            if has_screen:
                SCREEN.lock.release()

    def _print(self) -> None:
        with self._lock:
            lines, self._pending_lines = self._pending_lines, []
        if self._thread and not self._live:
            self._live = self._start_view()
        if lines:
            self._terminal.print(Text("\n").join(map(self._text, lines)), soft_wrap=True)
        elif self._live:
            self._live.refresh()

    def _start_view(self) -> Live:
        # rich would send standard error to standard output.
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
        """Print the pending lines and remove the live view: a question needs the terminal."""
        self._print()
        self._remove_view()

    def _remove_view(self) -> None:
        if self._live:
            self._live.stop()
            self._live = None

    def __rich_console__(self, terminal: Terminal, options: ConsoleOptions) -> RenderResult:
        """Yield the lines of the live view; rich calls this for each drawing."""
        height = max(2, terminal.height // 2)
        progress = self._activity.progress()
        for each in live_lines(progress, height, self._columns, self._announcement):
            text = self._text(each)
            text.truncate(options.max_width - 1)
            yield text

    def _text(self, parts: Line) -> Text:
        """Return the line as rich text. Its content is never parsed as markup."""
        if not self._colour:
            return Text("".join(part.text for part in parts))
        return Text.assemble(*((part.text, RICH_STYLES[part.style]) for part in parts))


def live_lines(progress: Progress, height: int, columns: int, announcement: str = "") -> list[Line]:
    """Return the live view in at most `height` lines.

    It has a line per active host, the number of active hosts that do not fit, the announcement,
    and a summary. If not all active hosts fit, the longest-running tasks come first: operators look
    for those (ansible/ansible#17152).
    """
    shown = list(progress.active_hosts)
    below = (
        [line(StyledText(f"provision: {escape(announcement)}", Style.WARNING))]
        if announcement
        else []
    )
    room = height - 1 - len(below)
    if len(shown) > room:
        shown = slowest_first(progress)[: max(0, room - 1)]
    lines = [_host_line(host, progress.now, columns) for host in shown]
    hidden = len(progress.active_hosts) - len(shown)
    if hidden:
        lines.append(line(StyledText(f"... and {count(hidden, 'more host')} running", Style.DIM)))
    return [*lines, *below, _summary_line(progress)][-height:]


def _host_line(host: ActiveHost, now: float, columns: int) -> Line:
    number = f"{host.number}/{host.total}" if host.number else ""
    return line(
        f"{pad(clip(host.host, max(columns, 4)), columns)}  ",
        StyledText(f"{number:>7}  ", Style.DIM),
        host.task or "waiting",
        StyledText(f"  {host.transferred}" if host.transferred else "", Style.DIM),
        StyledText(f"  {duration(max(0.0, now - host.since))}", Style.DIM),
    )


def _summary_line(progress: Progress) -> Line:
    return line(
        StyledText(f"{progress.done} of {count(progress.hosts, 'host')} done", Style.HEAD),
        StyledText(f", {progress.failed} failed" if progress.failed else "", Style.FAILED),
        f", {len(progress.active_hosts)} running, {duration(progress.elapsed)}",
    )
