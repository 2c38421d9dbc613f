"""The interface of a reporter: it is called with each event, in order, from one thread."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from provisioner.events import Event


class Reporter(Protocol):
    """Writes events somewhere, until `close`."""

    def __call__(self, event: Event) -> None: ...

    def close(self) -> None:
        """Write the file or end the live view.

        Raises OSError if the report could not be written (exit status 7).
        """


@runtime_checkable
class Announcer(Protocol):
    """A reporter that owns the terminal."""

    def announce(self, text: str) -> None:
        """Show `text` immediately. Safe in a signal handler: takes no lock, uses no buffer."""
