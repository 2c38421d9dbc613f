"""--step: the operator is asked before each task."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from provisioner.fleet.interrupt import Interrupt


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
        except click.Abort:
            self._interrupt.set(signal.SIGINT)
            return False
        word = str(answer).strip().lower()
        self._over = word in ("c", "continue")
        return self._over or word in ("y", "yes")
