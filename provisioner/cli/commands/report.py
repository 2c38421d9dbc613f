"""provision report: a saved run, shown again or made into reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from provisioner import exits
from provisioner.cli.reporting import close, tell
from provisioner.cli.subcommand import SETTINGS, invoke

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("report", context_settings=SETTINGS)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--html", type=_FILE, help="Write a report as one HTML page.")
@click.option("--junit", type=_FILE, help="Write a JUnit report.")
@click.option("-v", "--verbose", count=True, help="Say more; up to -vvvv.")
def command(**options: Any) -> int:
    """Make reports of RUN, what `provision --json … > RUN` has saved.

    Without --html and --junit the run is shown as it would have been on the terminal.
    """
    return _report(**options)


def main(arguments: list[str]) -> int:
    """Parse and carry out; returns the exit status."""
    return invoke(command, arguments, "provision report")


def _report(run: Path, html: Path | None, junit: Path | None, verbose: int) -> int:
    from provisioner.loading.saved_runs import events
    from provisioner.reporters import reporters_for

    told = events(run)
    console = html is None and junit is None
    reporters = reporters_for(
        console=console, html=html, junit=junit, verbosity=verbose, live=False
    )
    try:
        tell(told, reporters)
    finally:
        written = close(reporters)
    return exits.OK if written else exits.NOT_WRITTEN
