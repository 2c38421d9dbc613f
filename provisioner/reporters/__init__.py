"""Reporters: what turns a run's events into text for people, scripts and CI."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from provisioner.reporters.base import Reporter, Speaker
from provisioner.reporters.redact import Redactor
from provisioner.reporters.stream import QuietStream, say

__all__ = ["Redactor", "Reporter", "reporters_for", "voice"]

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
    """The reporters that the command line asks for, in the order in which to call them.

    With `json`, JSON lines go to `stdout` and failures in brief to `stderr`; else, if wanted, the
    console goes to `stdout`. Both streams default to the process's own. `colour` and `width`
    override what the terminal, NO_COLOR and FORCE_COLOR say; without `live` no view is redrawn
    (of a run that is over).
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


def voice(reporters: Sequence[Reporter]) -> Callable[[str], None]:
    """What tells the operator something at once: whoever has the terminal, or standard error."""
    return next((each.say for each in reporters if isinstance(each, Speaker)), say)


def wants_colour(stream: QuietStream, environment: Mapping[str, str]) -> bool:
    """no-color.org first, then force-color.org, then whether a person looks."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return _can_move_cursor(stream, environment)


def _can_move_cursor(stream: QuietStream, environment: Mapping[str, str]) -> bool:
    return stream.isatty() and environment.get("TERM", "dumb") not in ("dumb", "unknown", "")


def _json_lines(out: QuietStream, err: QuietStream) -> list[Reporter]:
    from provisioner.reporters.brief import Brief
    from provisioner.reporters.jsonl import JsonLines

    return [JsonLines(out), Brief(err)]


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
    return Console(sink, activity, verbosity=verbosity, symbols=out.can_take(_SYMBOLS))
