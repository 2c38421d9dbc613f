"""Exceptions ▶ exit statuses and what the operator reads."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from provisioner.errors import LoadError, UsageError

BUG, INVALID, USAGE, INTERRUPTED = 1, 3, 5, 130


def invoke(command: click.Command, arguments: list[str], name: str = "provision") -> int:
    """Parse and carry out a command; usage errors exit with 5."""
    try:
        status = command.main(arguments, prog_name=name, standalone_mode=False)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        click.echo("provision: interrupted", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        error.show(sys.stderr)
        return USAGE
    return status if isinstance(status, int) else 0


def guarded(work: Callable[[], int]) -> int:
    """Carry out `work`; bad input is told with its place, a bug as a bug."""
    try:
        return work()
    except LoadError as error:
        for problem in error.problems:
            click.echo(f"error: {problem}", err=True)
        return INVALID
    except UsageError as error:
        click.echo(f"provision: {error}", err=True)
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return BUG
    except click.exceptions.Exit:
        raise
    except click.ClickException:
        raise
    except click.Abort:
        raise
    except Exception as error:
        _bug(error)
        return BUG


def _bug(error: Exception) -> None:
    import traceback

    click.echo(f"provision: this is a bug in provision: {type(error).__name__}: {error}", err=True)
    click.echo("".join(traceback.format_exception(error)), err=True)
