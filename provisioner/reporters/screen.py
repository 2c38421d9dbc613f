"""The terminal, shared by the live view and by questions: only one of them uses it at a time."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress

from provisioner.escaping import escape


class Screen:
    """Coordinates drawing and asking.

    `lock` is held while something is drawn or asked. `clear` removes the live view.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clear: Callable[[], None] = lambda: None
        self.is_asking = False
        # A pipe that becomes readable when questions are cancelled, for `select`.
        self._cancelled, self._cancel = os.pipe()

    def cancel_questions(self) -> None:
        """End the current question and all later ones without an answer.

        Safe in a signal handler and from any thread.
        """
        os.write(self._cancel, b"!")

    def ask(self, question: str, *, hidden: bool) -> str | None:
        """Return a line from standard input, without echo if `hidden`. May block; thread-safe.

        Returns None at the end of input and after `cancel_questions`. `input` and `getpass` are
        not used: in a thread, Ctrl-C cannot interrupt them.
        """
        with self.lock:
            self.clear()
            self.is_asking = True
            try:
                line = self._read_answer(question, hidden)
            finally:
                self.is_asking = False
        return line.removesuffix("\n") if line else None

    def _read_answer(self, question: str, hidden: bool) -> str:
        terminal = _terminal()
        if terminal is None:
            _write(question)
            return sys.stdin.readline()
        with _hidden(terminal) if hidden else nullcontext():
            _write(question)
            line = self._read_line(terminal)
        if hidden or not line:
            _write("\n")  # the terminal has not echoed a newline
        return line

    def _read_line(self, terminal: int) -> str:
        import select

        ready, _, _ = select.select([terminal, self._cancelled], [], [])
        if self._cancelled in ready:
            return ""
        return os.read(terminal, 65536).decode("utf-8", "surrogateescape")


def _terminal() -> int | None:
    """Return the descriptor of standard input if that is a terminal."""
    try:
        descriptor = sys.stdin.fileno()
    except (OSError, ValueError):
        return None
    return descriptor if os.isatty(descriptor) else None


def _write(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(escape(text, lines=True))
        sys.stderr.flush()


@contextmanager
def _hidden(terminal: int) -> Iterator[None]:
    """Turn echo off, and on again at the end or when the process exits before that."""
    import termios

    saved = termios.tcgetattr(terminal)
    without_echo = [*saved[:3], saved[3] & ~termios.ECHO, *saved[4:]]

    def restore() -> None:
        with suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSAFLUSH, saved)

    atexit.register(restore)
    try:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, without_echo)
        yield
    finally:
        restore()
        atexit.unregister(restore)


SCREEN = Screen()
"""The process's only screen."""
