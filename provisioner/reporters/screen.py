"""The terminal, which the live view has and a question borrows: never both at once."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress


class Screen:
    """`lock` is held by whoever draws or asks; `clear` takes away what is drawn."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clear: Callable[[], None] = lambda: None
        self.is_borrowed = False
        self._given_up, self._give_up = os.pipe()  # readable once nobody is to be asked any more

    def give_up(self) -> None:
        """Nobody is asked any more: who is now counts as silent. May be called by a signal's
        handler, from any thread."""
        os.write(self._give_up, b"!")

    def ask(self, question: str, *, hidden: bool) -> str | None:
        """A line from standard input, from any thread, while nothing is drawn. None for an end of
        input, and when it was given up (what waits in `input` or `getpass` sees no Ctrl-C)."""
        with self.lock:
            self.clear()
            self.is_borrowed = True
            try:
                line = self._answer(question, hidden)
            finally:
                self.is_borrowed = False
        return line.removesuffix("\n") if line else None

    def _answer(self, question: str, hidden: bool) -> str:
        terminal = _terminal()
        if terminal is None:
            _write(question)
            return sys.stdin.readline()
        with _hidden(terminal) if hidden else nullcontext():
            _write(question)
            line = self._line_of(terminal)
        if hidden or not line:
            _write("\n")  # no other ended the line
        return line

    def _line_of(self, terminal: int) -> str:
        import select

        ready, _, _ = select.select([terminal, self._given_up], [], [])
        if self._given_up in ready:
            return ""
        return os.read(terminal, 65536).decode("utf-8", "surrogateescape")


def _terminal() -> int | None:
    """Standard input, where that is one."""
    try:
        descriptor = sys.stdin.fileno()
    except (OSError, ValueError):
        return None
    return descriptor if os.isatty(descriptor) else None


def _write(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


@contextmanager
def _hidden(terminal: int) -> Iterator[None]:
    """No echo; there is one again even where the process ends in the middle."""
    import termios

    saved = termios.tcgetattr(terminal)
    silent = [*saved[:3], saved[3] & ~termios.ECHO, *saved[4:]]

    def restore() -> None:
        with suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSAFLUSH, saved)

    atexit.register(restore)
    try:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, silent)
        yield
    finally:
        restore()
        atexit.unregister(restore)


SCREEN = Screen()
"""The one that the process has."""
