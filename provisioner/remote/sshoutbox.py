"""How packets are sent: those that follow each other go out as one.

Each send wakes sshd and gives the interpreter's lock away.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any


class Outbox:
    """What goes to one host. Packets of a patient thread wait for more of them, but for nothing
    else: whoever sends at once takes along what waits."""

    def __init__(self, wire: Any) -> None:
        self._wire = wire
        self._lock = threading.Lock()
        self._waiting = bytearray()
        self._patient: set[int] = set()

    @property
    def waiting(self) -> bool:
        return bool(self._waiting)

    def be_patient(self) -> None:
        """From now on what this thread sends waits for its next `flush`."""
        self._patient.add(get_ident())

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread sends goes out as one at the end."""
        self.be_patient()
        try:
            yield
        finally:
            self._patient.discard(get_ident())
            self.flush()

    def write(self, data: bytes) -> None:
        """Send all of `data`; EOFError when the peer takes nothing for as long as a write may take
        (`sshwire.STALL`)."""
        with self._lock:
            if get_ident() in self._patient:
                self._waiting += data
                return
            if self._waiting:
                data = bytes(self._waiting) + data
                self._waiting.clear()
            self._send(data)

    def flush(self) -> None:
        """Send what waits."""
        if not self._waiting:
            return
        with self._lock:
            data = bytes(self._waiting)
            self._waiting.clear()
            self._send(data)

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                sent = self._wire.send(view)
                if sent <= 0:
                    raise EOFError
                view = view[sent:]
        except OSError as problem:
            raise EOFError(str(problem)) from problem
