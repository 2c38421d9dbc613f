"""The operator's request to stop the run: Ctrl-C, SIGTERM or SIGHUP."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Interrupt:
    """True once the operator has requested a stop. Each host then ends before its next task."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._callbacks: list[Callable[[], None]] = []
        self.signal = 0
        """The number of the signal; 0 if no signal was the cause."""

    def set(self, signal: int) -> None:
        """Request the stop. A signal handler may call this."""
        self.signal = signal
        self._event.set()
        for callback in self._callbacks:
            callback()

    def on_set(self, callback: Callable[[], None]) -> None:
        """Have `callback` called by `set`. It must take no lock: a signal handler may run it."""
        self._callbacks.append(callback)

    def __bool__(self) -> bool:
        return self._event.is_set()

    def sleep(self, seconds: float) -> None:
        """Sleep for that many seconds, or until a stop is requested."""
        self._event.wait(seconds)
