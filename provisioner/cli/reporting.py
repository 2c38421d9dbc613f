"""Passes a run's events to the reporters, and checks that their reports were written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from provisioner import exits

if TYPE_CHECKING:
    from provisioner.events import Event
    from provisioner.reporters import Reporter


def report_events(events: Iterable[Event], reporters: Sequence[Reporter]) -> int:
    """Pass every event to every reporter. Return the run's exit status."""
    status = exits.OK
    for event in events:
        for report in reporters:
            report(event)
        status = getattr(event, "exit", status)
    return status


def close_reporters(reporters: Sequence[Reporter]) -> bool:
    """Close every reporter. Return whether all reports were written completely."""
    written = [_close(report) for report in reporters]
    return all(written)


def _close(report: Reporter) -> bool:
    try:
        report.close()
    except OSError as error:
        name = f"the report {error.filename}" if error.filename else "a report"
        reason = error.strerror or error
        click.echo(f"provision: {name} could not be written: {reason}", err=True)
        return False
    return True
