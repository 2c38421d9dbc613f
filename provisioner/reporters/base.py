"""What a reporter is: something that is called with each event, in order, from one thread."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from provisioner.events import Event


class Reporter(Protocol):
    def __call__(self, event: Event) -> None: ...

    def close(self) -> None:
        """Finish the file or leave the live view; OSError when it could not be written (exit 7)."""


@runtime_checkable
class Speaker(Protocol):
    """A reporter that has the terminal."""

    def say(self, text: str) -> None:
        """Show it at once. A signal's handler may call this: it enters no buffer, takes no lock."""
