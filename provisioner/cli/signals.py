"""Ctrl-C, SIGTERM and SIGHUP: what they do to a run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from provisioner.reporters.screen import SCREEN

if TYPE_CHECKING:
    from provisioner.engine.run import Run


class Signals:
    """Ctrl-C, SIGTERM and SIGHUP: once ends hosts at a task boundary, twice drops everything.

    `say` tells the operator, from a signal's handler: it may enter no buffer and take no lock.
    """

    def __init__(self, interrupt: Any, run: Run, say: Callable[[str], None]) -> None:
        self._interrupt, self._run, self._say = interrupt, run, say
        self._before: dict[int, Callable[..., Any] | int | None] = {}

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._stop)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, _frame: object) -> None:
        # A second signal may come at any point in here: set before telling.
        if self._interrupt:
            self._say("ending what still runs on the hosts")
            threading.Thread(target=self._run.executor.kill, daemon=True).start()
            return
        self._interrupt.set(number)
        SCREEN.cancel_questions()
        self._say("stopping: tasks under way are finished; again to end them")
