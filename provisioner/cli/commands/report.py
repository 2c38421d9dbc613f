"""provision report: shows a saved run again, or makes reports of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from provisioner import exits
from provisioner.cli.reporting import close_reporters, report_events
from provisioner.cli.subcommand import SETTINGS, invoke

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("report", context_settings=SETTINGS)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--html", type=_FILE, metavar="FILE", help="Write a report to this file, as one HTML page."
)
@click.option("--junit", type=_FILE, metavar="FILE", help="Write a JUnit report to this file.")
@click.option("-v", "--verbose", count=True, help="Show more; up to -vvvv.")
def command(**options: Any) -> int:
    """Make reports of RUN, a file that `provision --json … > RUN` has written.

    Without --html and --junit, show the run as on a terminal.
    """
    return _report(**options)


def main(arguments: list[str]) -> int:
    """Run the subcommand. Return its exit status."""
    return invoke(command, arguments, "provision report")


def _report(run: Path, html: Path | None, junit: Path | None, verbose: int) -> int:
    from provisioner.loading.saved_runs import events
    from provisioner.reporters import reporters_for

    saved_events = events(run)
    console = html is None and junit is None
    reporters = reporters_for(
        console=console, html=html, junit=junit, verbosity=verbose, live=False
    )
    try:
        report_events(saved_events, reporters)
    finally:
        written = close_reporters(reporters)
    return exits.OK if written else exits.NOT_WRITTEN
