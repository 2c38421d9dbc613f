"""A text stream that never raises.

A reader may close the pipe (`provision ... | head`), a terminal may close, a disk may be full. The
run on the hosts continues, and a closed stdout does not change the exit status.
"""

from __future__ import annotations

import io
import os
import threading
from contextlib import suppress
from typing import TextIO

from provisioner.escaping import escape


def announce(text: str) -> None:
    """Write a line to standard error without its buffer.

    A signal handler may interrupt a write to the buffer, and the buffer raises on a nested write.
    """
    with suppress(OSError):
        os.write(2, f"provision: {escape(text)}\n".encode())


class QuietStream(io.TextIOBase):
    """Writes to `stream` until a write fails, and then discards the text. None: discards always.

    `error` is the error of the failed write. Characters that the stream's encoding lacks are
    written as escapes, so a C or latin-1 locale changes only how they look.
    """

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream
        self._lock = threading.Lock()
        self.error: OSError | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._stream, "encoding", None) or "utf-8"

    def can_encode(self, text: str) -> bool:
        """Return whether the stream's encoding has all characters of `text`."""
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
                self._try_write(self._stream, self._encodable(text))
        return len(text)

    def flush(self) -> None:
        """Do nothing: each write is flushed already."""

    def _encodable(self, text: str) -> str:
        if text.isascii() or self.can_encode(text):
            return text
        return text.encode(self.encoding, "backslashreplace").decode(self.encoding)

    def _try_write(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
            try:
                stream.flush()
            except BlockingIOError:  # the parent made the terminal non-blocking (node, some CI)
                os.set_blocking(stream.fileno(), True)
                stream.flush()
        except ValueError as error:  # "I/O operation on closed file"
            self._stream, self.error = None, OSError(str(error))
        except OSError as error:
            self._stream, self.error = None, error
            _redirect_to_null(stream)


def _redirect_to_null(stream: TextIO) -> None:
    """Point the stream's descriptor at /dev/null.

    Python flushes stdout when it exits, and a second failure would make the exit status 120.
    """
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, stream.fileno())
        finally:
            os.close(null)
