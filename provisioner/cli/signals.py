"""Handles Ctrl-C, SIGTERM and SIGHUP during a run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from provisioner.process_signals import NUMBERS
from provisioner.reporters.screen import SCREEN

if TYPE_CHECKING:
    from provisioner.engine.run import Run


class Signals:
    """Handles signals: the first one stops each host after its task, the second one kills tasks.

    `announce` shows a message to the operator. It is called in a signal handler, so it must not
    take a lock or use a buffer.
    """

    def __init__(self, interrupt: Any, run: Run, announce: Callable[[str], None]) -> None:
        self._interrupt, self._run, self._announce = interrupt, run, announce
        self._old_handlers: dict[int, Callable[..., Any] | int | None] = {}

    def __enter__(self) -> None:
        for number in NUMBERS:
            self._old_handlers[number] = signal.signal(number, self._stop)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)

    def _stop(self, number: int, _frame: object) -> None:
        # The second signal may come at any point here: set the interrupt before announcing it.
        if self._interrupt:
            self._announce("killing the running tasks")
            threading.Thread(target=self._run.executor.kill, daemon=True).start()
            return
        self._interrupt.set(number)
        SCREEN.cancel_questions()
        self._announce("stopping after the running tasks; press Ctrl-C again to kill them")
