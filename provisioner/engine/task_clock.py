"""How long each task run of a host takes, for its event."""

from __future__ import annotations

import time


class TaskClock:
    """Times are those of time.monotonic. A task run lasts from the end of the one before it in the
    frame until its report arrives."""

    def __init__(self) -> None:
        self.started = self._ended = 0.0

    def start(self) -> None:
        """Begin with a frame, or with a task that the controller carries out."""
        self.started = self._ended = time.monotonic()

    def stop(self, at: float | None = None) -> None:
        """The current task run has ended at that time, by default now."""
        self._ended = time.monotonic() if at is None else at

    def next(self) -> None:
        """Begin with the next task run of the frame."""
        self.started = self._ended

    def seconds(self, since: float | None = None) -> float:
        """The seconds of the current task run; with `since`, those from that time on."""
        return max(0.0, self._ended - (self.started if since is None else since))
