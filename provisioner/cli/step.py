"""The operator is asked: before each task (--step), and by `pause`."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from provisioner.fleet.interrupt import Interrupt
    from provisioner.plan import Plan


class Asking:
    """Asks whether a task is to be done, until the answer is to go on without asking."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt
        self._over = False

    def __call__(self, title: str) -> bool:
        """True for yes. Where nobody answers any more the run stops, as by Ctrl-C."""
        if self._over:
            return True
        try:
            answer = click.prompt(
                f"Perform task: {title} (N)o/(y)es/(c)ontinue",
                default="n",
                show_default=False,
                err=True,
            )
        except click.Abort as error:
            if isinstance(error.__context__, EOFError):
                click.echo("\nprovision: stopping: nobody answers", err=True)
            self._interrupt.set(signal.SIGINT)
            return False
        word = str(answer).strip().lower()
        self._over = word in ("c", "continue")
        return self._over or word in ("y", "yes")


class Reading:
    """Reads what the operator types; where nobody is at the terminal, nobody is waited for."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt

    def __call__(self, prompt: str, echo: bool) -> str:
        """The line that was typed. Where nobody answers any more the run stops, as by Ctrl-C."""
        if not sys.stdin.isatty():
            click.echo(f"provision: {prompt}: going on, for nobody is at the terminal", err=True)
            return ""
        try:
            answer: str = click.prompt(
                prompt, default="", show_default=False, hide_input=not echo, err=True
            )
        except click.Abort:
            self._interrupt.set(signal.SIGINT)
            return ""
        return answer


def asks(plan: Plan) -> bool:
    """Whether a task may wait for the operator: a live view would write over what they type."""
    from provisioner.language.play import tasks_of

    sections = (section for planned in plan.plays for section in planned.play.sections)
    tasks = (task for section in sections for task in tasks_of(section))
    return any(
        task.module == "pause" and not {"seconds", "minutes"} & task.arguments.keys()
        for task in tasks
    )
