"""What all subcommands share: settings of click, exceptions ▶ exit statuses and messages."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress

import click

from provisioner import exits
from provisioner.errors import LoadError, UsageError

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def invoke(command: click.Command, arguments: list[str], name: str = "provision") -> int:
    """Parse and carry out a command; usage errors exit with 5."""
    # Where there is no terminal, getpass warns of its own source line before it says so in words.
    warnings.filterwarnings("ignore", "Can not control echo")
    # Python says so of a playbook's pattern such as "[[a]", which means what it always did.
    warnings.filterwarnings("ignore", "Possible (nested set|set )", FutureWarning)
    try:
        status = _guarded(lambda: command.main(arguments, prog_name=name, standalone_mode=False))
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort as error:
        if isinstance(error.__context__, EOFError):
            click.echo("provision: nobody answers: the input is at its end", err=True)
            return exits.USAGE
        click.echo("provision: interrupted", err=True)
        return exits.INTERRUPTED
    except click.ClickException as error:
        error.show(sys.stderr)
        return exits.USAGE
    return status if isinstance(status, int) else 0


def _guarded(work: Callable[[], int]) -> int:
    """Carry out `work`; bad input is told with its place, a bug as a bug."""
    try:
        return work()
    except LoadError as error:
        for problem in error.problems:
            click.echo(f"error: {problem}", err=True)
        return exits.INVALID
    except UsageError as error:
        click.echo(f"provision: {error}", err=True)
        return exits.USAGE
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        return exits.BUG
    except OSError as error:
        if error.errno not in _FULL:
            _bug(error)
            return exits.BUG
        click.echo(f"provision: this could not be written whole: {error.strerror}", err=True)
        _drop_stdout()
        return exits.NOT_WRITTEN
    except (click.exceptions.Exit, click.ClickException, click.Abort):
        raise
    except Exception as error:
        _bug(error)
        return exits.BUG


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def _drop_stdout() -> None:
    """Python flushes stdout once more when it exits, and would exit with 120."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _bug(error: Exception) -> None:
    import traceback

    click.echo(f"provision: this is a bug in provision: {type(error).__name__}: {error}", err=True)
    click.echo("".join(traceback.format_exception(error)), err=True)
