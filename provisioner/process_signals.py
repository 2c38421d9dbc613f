"""SIGINT, SIGTERM and SIGHUP outside of a run: they end the process. During a run: cli/signals.py.

The handler raises no exception. Python prints and drops an exception that reaches a destructor or a
callback of a weak reference, and the command would go on.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """A signal arrived in a block of `cleanup_by_exception`."""


class _State:
    received = 0
    """The number of the signal that arrived, or 0."""
    blocks = 0
    """How many blocks of `cleanup_by_exception` the main thread is in."""
    cleanups: tuple[Callable[[], object], ...] = ()


def install() -> None:
    """From now on, each of the signals ends the process with the status 128 + its number."""
    for number in NUMBERS:
        signal.signal(number, _handle)


def restore_defaults() -> None:
    """Let the kernel end the process at a signal: for the end of Python, which runs no handlers."""
    for number in NUMBERS:
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def cleanup_by_exception() -> Iterator[None]:
    """A signal raises `Interrupted` in this block, and ends the process at the end of the block.

    For code that cleans up by `finally`: it restores the terminal, deletes a temporary file, or
    ends a child process.
    """
    if not _is_main_thread():
        yield
        return
    _State.blocks += 1
    try:
        yield
    finally:
        _State.blocks -= 1
        if _State.received and not _State.blocks:
            _end(_State.received)


@contextmanager
def cleanup(call: Callable[[], object]) -> Iterator[None]:
    """Where a signal ends the process in this block, do `call` before. It may run in any state."""
    _State.cleanups += (call,)
    try:
        yield
    finally:
        _State.cleanups = tuple(each for each in _State.cleanups if each is not call)


def _is_main_thread() -> bool:
    import threading  # imported here because the handlers must be installed early

    return threading.current_thread() is threading.main_thread()


def _handle(number: int, _frame: object) -> None:
    if not _State.blocks:
        _end(number)
    if not _State.received:  # else the block is cleaning up
        _State.received = number
        raise Interrupted


def _end(number: int) -> None:
    for other in NUMBERS:
        signal.signal(other, signal.SIG_IGN)
    for call in _State.cleanups:
        with suppress(Exception):
            call()
    name = signal.Signals(number).name
    with suppress(OSError):
        os.write(2, f"provision: interrupted by {name}\n".encode())
    os._exit(128 + number)
