"""Passes a run's events to the reporters, and checks that their reports were written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from provisioner import exits
from provisioner.cli.messages import tell, tell_traceback

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


class Bugs:
    """Collects the tracebacks of bugs that ended the run of a host, to print them at the end."""

    def __init__(self) -> None:
        self._hosts: dict[str, list[str]] = {}

    def note(self, event: Event) -> Event:
        """Keep the event's traceback, and return the event."""
        from provisioner.events import HostFinished

        if isinstance(event, HostFinished) and event.traceback:
            self._hosts.setdefault(event.traceback, []).append(event.host)
        return event

    def print(self) -> None:
        """Print each traceback once, with the hosts that it concerns, to standard error."""
        for traceback, hosts in self._hosts.items():
            tell(f"provision: this is a bug in provision, on {', '.join(hosts)}.")
            tell_traceback(traceback)


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
        tell(f"provision: {name} could not be written: {reason}")
        return False
    return True
