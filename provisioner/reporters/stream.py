"""A text stream that takes whatever is written and never raises.

Readers leave (`provision ... | head`), terminals close and disks fill; the run on the hosts goes
on all the same (docs: a closed stdout changes neither the run nor the exit code).
"""

from __future__ import annotations

import io
import os
import threading
from contextlib import suppress
from typing import TextIO


def say(text: str) -> None:
    """Write a line to standard error, past its buffer, which can't be entered twice."""
    with suppress(OSError):
        os.write(2, f"provision: {text}\n".encode())


class QuietStream(io.TextIOBase):
    """`stream`, until a write fails; from then on nowhere. None is nowhere from the start.

    `broken` is the error that ended it. Characters that the stream's encoding lacks are written as
    escapes, so a C or latin-1 locale changes what is seen and nothing else.
    """

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream
        self._lock = threading.Lock()
        self.broken: OSError | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._stream, "encoding", None) or "utf-8"

    def can_take(self, text: str) -> bool:
        """Whether the stream's encoding has all characters of `text`."""
        try:
            text.encode(self.encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def isatty(self) -> bool:
        try:
            return self._stream is not None and self._stream.isatty()
        except (OSError, ValueError):
            return False

    def fileno(self) -> int:
        if self._stream is None:
            raise io.UnsupportedOperation("fileno")
        return self._stream.fileno()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._lock:
            if self._stream is not None:
                self._attempt(self._stream, self._encodable(text))
        return len(text)

    def flush(self) -> None:
        """Nothing is left to flush: every write has been."""

    def _encodable(self, text: str) -> str:
        if text.isascii() or self.can_take(text):
            return text
        return text.encode(self.encoding, "backslashreplace").decode(self.encoding)

    def _attempt(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
            try:
                stream.flush()
            except BlockingIOError:  # a parent made the terminal non-blocking (node, some CI)
                os.set_blocking(stream.fileno(), True)
                stream.flush()
        except ValueError as error:  # "I/O operation on closed file"
            self._stream, self.broken = None, OSError(str(error))
        except OSError as error:
            self._stream, self.broken = None, error
            _let_go(stream)


def _let_go(stream: TextIO) -> None:
    """Point the stream's descriptor at /dev/null: Python flushes stdout once more when it exits,
    and a second failure there would make the exit code 120."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, stream.fileno())
        finally:
            os.close(null)
