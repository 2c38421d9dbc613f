"""The operator's wish to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Interrupt:
    """The operator's wish to stop: hosts end at their next task boundary."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._told: list[Callable[[], None]] = []
        self.signal = 0

    def set(self, signal: int) -> None:
        """May be called in a signal's handler."""
        self.signal = signal
        self._event.set()
        for tell in self._told:
            tell()

    def tell(self, told: Callable[[], None]) -> None:
        """Have `told` called when the wish comes: by a signal's handler, so it takes no lock."""
        self._told.append(told)

    def __bool__(self) -> bool:
        return self._event.is_set()

    def sleep(self, seconds: float) -> None:
        """Sleep, at most until the interrupt."""
        self._event.wait(seconds)
