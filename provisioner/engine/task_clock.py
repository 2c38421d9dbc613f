"""Measure the duration of each task run of a host, for its event."""

from __future__ import annotations

import time


class TaskClock:
    """Measures task runs. Times are values of time.monotonic.

    A task run lasts from the end of the previous one in the frame until its report arrives.
    """

    def __init__(self) -> None:
        self.started = self._ended = 0.0

    def start(self) -> None:
        """Start the clock for a frame, or for a task that the controller carries out."""
        self.started = self._ended = time.monotonic()

    def stop(self, at: float | None = None) -> None:
        """End the current task run at the time `at`, by default now."""
        self._ended = time.monotonic() if at is None else at

    def next(self) -> None:
        """Start the clock for the next task run of the frame."""
        self.started = self._ended

    def seconds(self, since: float | None = None) -> float:
        """Return the duration of the current task run in seconds.

        With `since` (time.monotonic), the duration starts at that time.
        """
        return max(0.0, self._ended - (self.started if since is None else since))
