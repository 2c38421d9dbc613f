"""Shared by all subcommands: settings of click, and exceptions ▶ messages and exit statuses."""

from __future__ import annotations

import errno
import io
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress

import click

from provisioner import exits
from provisioner.cli.messages import tell, tell_traceback
from provisioner.errors import LoadError, UsageError, describe, traceback_of

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def invoke(command: click.Command, arguments: list[str], name: str = "provision") -> int:
    """Parse the arguments and run a command. Return the exit status."""
    # Without a terminal, getpass warns with a line of its own source code.
    warnings.filterwarnings("ignore", "Can not control echo")
    # Python warns about a pattern of a playbook such as "[[a]", though its meaning is unchanged.
    warnings.filterwarnings("ignore", "Possible (nested set|set )", FutureWarning)
    try:
        status = _guarded(lambda: command.main(arguments, prog_name=name, standalone_mode=False))
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort as error:
        if isinstance(error.__context__, EOFError):
            tell("provision: no answer to the question: standard input is closed")
            return exits.USAGE
        tell("provision: interrupted")
        return exits.INTERRUPTED
    except click.ClickException as error:
        _print_usage_error(error)
        return exits.USAGE
    return status if isinstance(status, int) else 0


def _print_usage_error(error: click.ClickException) -> None:
    shown = io.StringIO()
    error.show(shown)
    usage, label, message = shown.getvalue().partition("Error: ")
    click.echo(usage, nl=False, err=True)
    tell(label + message.rstrip())


def _guarded(run: Callable[[], int]) -> int:
    """Run a command. Print the message of an exception, and return its exit status."""
    try:
        return run()
    except LoadError as error:
        for problem in error.problems:
            tell(f"error: {problem}")
        return exits.INVALID
    except UsageError as error:
        tell(f"provision: {error}")
        return exits.USAGE
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        return exits.BUG
    except OSError as error:
        if error.errno not in _NO_SPACE:
            _print_bug(error)
            return exits.BUG
        tell(f"provision: the output could not be written: {error.strerror}")
        _redirect_stdout_to_null()
        return exits.NOT_WRITTEN
    except (click.exceptions.Exit, click.ClickException, click.Abort):
        raise
    except Exception as error:
        _print_bug(error)
        return exits.BUG


_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def _redirect_stdout_to_null() -> None:
    """Point stdout at /dev/null: Python flushes it at exit, and would exit with 120 on an error."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_bug(error: Exception) -> None:
    tell(f"provision: this is a bug in provision: {describe(error)}")
    tell_traceback(traceback_of(error))
