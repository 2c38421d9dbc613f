"""Prints messages for people. Names and values of users and hosts appear with visible escapes."""

from __future__ import annotations

from typing import Any

import click

from provisioner.escaping import escape
from provisioner.process_signals import cleanup_by_exception


def ask(question: str, **options: Any) -> str:
    """Return the operator's answer to a question of click, which restores the terminal."""
    with cleanup_by_exception():
        answer: str = click.prompt(question, **options)
        return answer


def tell(message: str) -> None:
    """Print a message to standard error.

    Its lines after the first one are indented, so that no name with a newline looks like another
    message.
    """
    first, *others = message.split("\n")
    lines = [first, *(line if line.startswith(" ") else f"    {line}" for line in others if line)]
    click.echo(escape("\n".join(lines), lines=True), err=True)


def tell_traceback(traceback: str) -> None:
    """Print the traceback of a bug to standard error, and ask for a report."""
    for line in ("Please report it with this traceback:", *traceback.splitlines()):
        click.echo(escape(line), err=True)


def show(text: str) -> None:
    """Print text and a newline to standard output."""
    click.echo(escape(text, lines=True))
