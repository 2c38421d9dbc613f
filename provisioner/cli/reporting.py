"""Events ▶ reporters, and whether their reports are whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from provisioner import exits

if TYPE_CHECKING:
    from provisioner.events import Event
    from provisioner.reporters import Reporter


def tell(events: Iterable[Event], reporters: Sequence[Reporter]) -> int:
    """Tell every reporter of every event; the exit status of the run that they make."""
    status = exits.OK
    for event in events:
        for report in reporters:
            report(event)
        status = getattr(event, "exit", status)
    return status


def close(reporters: Sequence[Reporter]) -> bool:
    """Close each; whether all that they write is whole on disk."""
    written = [_closed(report) for report in reporters]
    return all(written)


def _closed(report: Reporter) -> bool:
    """Whether a report is whole on disk."""
    try:
        report.close()
    except OSError as error:
        name = f"the report {error.filename}" if error.filename else "a report"
        reason = error.strerror or error
        click.echo(f"provision: {name} could not be written: {reason}", err=True)
        return False
    return True
