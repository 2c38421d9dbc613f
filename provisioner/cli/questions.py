"""Questions to the operator during a run: before each task (--step), and by the module `pause`."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from provisioner.cli.messages import tell
from provisioner.reporters.screen import SCREEN

if TYPE_CHECKING:
    from provisioner.engine.interrupt import Interrupt


class StepQuestion:
    """--step: asks whether to run a task, until the operator answers "continue"."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt
        self._continue = False

    def __call__(self, title: str) -> bool:
        """Return whether to run the task."""
        if self._continue:
            return True
        question = f"Perform task: {title} (N)o/(y)es/(c)ontinue: "
        answer = _answer(question, self._interrupt, hidden=False)
        word = (answer or "n").strip().lower()
        self._continue = word in ("c", "continue")
        return self._continue or word in ("y", "yes")


class PauseQuestion:
    """`pause`: reads a line from the terminal. Without a terminal it does not wait."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt

    def __call__(self, prompt: str, echo: bool) -> str:
        """Return the line that the operator typed, or ""."""
        if not sys.stdin.isatty():
            reason = "continuing without an answer: standard input is not a terminal"
            tell(f"provision: {prompt}: {reason}")
            return ""
        return _answer(f"{prompt}: ", self._interrupt, hidden=not echo) or ""


def _answer(question: str, interrupt: Interrupt, *, hidden: bool) -> str | None:
    """Return the operator's answer. At the end of input, stop the run as Ctrl-C does."""
    answer = SCREEN.ask(question, hidden=hidden)
    if answer is None and not interrupt:
        tell("provision: stopping: standard input is closed")
        interrupt.set(signal.SIGINT)
    return answer
