"""The terminal, which the live view has and a question borrows: never both at once."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


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

    def ask(self, question: str) -> str | None:
        """A hidden answer from standard input, a terminal; from any thread, while nothing is drawn.
        None for an end of input, and when it was given up (getpass would wait on)."""
        with self.lock, _hidden(sys.stdin.fileno()):
            self.clear()
            self.is_borrowed = True
            try:
                return self._answer(question)
            finally:
                self.is_borrowed = False

    def _answer(self, question: str) -> str | None:
        import select

        source = sys.stdin.fileno()
        _write(question)
        ready, _, _ = select.select([source, self._given_up], [], [])
        line = b"" if self._given_up in ready else os.read(source, 65536)
        _write("\n")  # the one that ended the answer was hidden too
        return line.removesuffix(b"\n").decode("utf-8", "surrogateescape") if line else None


def _write(text: str) -> None:
    with suppress(OSError):
        os.write(2, text.encode())


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
