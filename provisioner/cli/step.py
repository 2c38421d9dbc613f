"""The operator is asked: before each task (--step), and by `pause`."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import click

from provisioner.reporters.screen import SCREEN
from provisioner.reporters.text import escape

if TYPE_CHECKING:
    from provisioner.engine.interrupt import Interrupt


class Asking:
    """Asks whether a task is to be done, until the answer is to go on without asking."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt
        self._over = False

    def __call__(self, title: str) -> bool:
        """True for yes."""
        if self._over:
            return True
        question = f"Perform task: {title} (N)o/(y)es/(c)ontinue: "
        answer = _answer(question, self._interrupt, hidden=False)
        word = (answer or "n").strip().lower()
        self._over = word in ("c", "continue")
        return self._over or word in ("y", "yes")


class Reading:
    """Reads what the operator types; where nobody is at the terminal, nobody is waited for."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt

    def __call__(self, prompt: str, echo: bool) -> str:
        """The line that was typed, "" where none was."""
        if not sys.stdin.isatty():
            click.echo(f"provision: {prompt}: going on, for nobody is at the terminal", err=True)
            return ""
        return _answer(f"{prompt}: ", self._interrupt, hidden=not echo) or ""


def _answer(question: str, interrupt: Interrupt, *, hidden: bool) -> str | None:
    """What was typed. Where nobody answers any more the run stops, as by Ctrl-C."""
    answer = SCREEN.ask(escape(question, lines=True), hidden=hidden)
    if answer is None and not interrupt:
        click.echo("provision: stopping: nobody answers", err=True)
        interrupt.set(signal.SIGINT)
    return answer
