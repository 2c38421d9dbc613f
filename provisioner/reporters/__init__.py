"""Reporters write a run's events as text for people, scripts and CI servers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from provisioner.reporters.quiet_stream import QuietStream, announce
from provisioner.reporters.redactor import Redactor
from provisioner.reporters.reporter import Announcer, Reporter

__all__ = ["Redactor", "Reporter", "announcer", "reporters_for"]

_SYMBOLS = "✓●✗○…—"


def reporters_for(
    *,
    json: bool = False,
    console: bool = True,
    junit: Path | None = None,
    html: Path | None = None,
    verbosity: int = 0,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    width: int | None = None,
    colour: bool | None = None,
    live: bool = True,
    environment: Mapping[str, str] = os.environ,
) -> list[Reporter]:
    """Return the reporters that the command line selects, in calling order.

    With `json`, JSON lines go to `stdout` and one line per failure to `stderr`. Otherwise, with
    `console`, the report for people goes to `stdout`. Both streams default to those of the process.
    `colour` and `width` override the terminal, NO_COLOR and FORCE_COLOR. Pass `live=False` for a
    finished run: a terminal then gets plain lines instead of the live view.
    """
    out = QuietStream(stdout if stdout is not None else sys.stdout)
    reporters: list[Reporter] = []
    if json:
        reporters += _json_lines(out, QuietStream(stderr if stderr is not None else sys.stderr))
    elif console:
        reporters.append(_console(out, verbosity, width, colour, live, environment))
    if junit is not None:
        from provisioner.reporters.junit import JUnit

        reporters.append(JUnit(junit))
    if html is not None:
        from provisioner.reporters.html import Html

        reporters.append(Html(html))
    return reporters


def announcer(reporters: Sequence[Reporter]) -> Callable[[str], None]:
    """Return the function that shows a message to the operator immediately.

    It is the `announce` of the reporter that owns the terminal, or writes to standard error.
    """
    return next((each.announce for each in reporters if isinstance(each, Announcer)), announce)


def wants_colour(stream: QuietStream, environment: Mapping[str, str]) -> bool:
    """Return whether to print colours.

    NO_COLOR decides first (no-color.org), then FORCE_COLOR (force-color.org), then whether the
    stream is a terminal.
    """
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return _can_move_cursor(stream, environment)


def _can_move_cursor(stream: QuietStream, environment: Mapping[str, str]) -> bool:
    return stream.isatty() and environment.get("TERM", "dumb") not in ("dumb", "unknown", "")


def _json_lines(out: QuietStream, err: QuietStream) -> list[Reporter]:
    from provisioner.reporters.error_lines import ErrorLines
    from provisioner.reporters.jsonl import JsonLines

    return [JsonLines(out), ErrorLines(err)]


def _console(
    out: QuietStream,
    verbosity: int,
    width: int | None,
    colour: bool | None,
    live: bool,
    environment: Mapping[str, str],
) -> Reporter:
    from provisioner.reporters.activity import Activity
    from provisioner.reporters.console import Console, Sink
    from provisioner.reporters.plain_sink import PlainSink

    activity = Activity()
    coloured = wants_colour(out, environment) if colour is None else colour
    sink: Sink
    if live and _can_move_cursor(out, environment):
        from provisioner.reporters.live_sink import LiveSink

        sink = LiveSink(out, activity, colour=coloured, width=width)
    else:
        sink = PlainSink(out, activity, colour=coloured)
    return Console(sink, activity, verbosity=verbosity, symbols=out.can_encode(_SYMBOLS))
