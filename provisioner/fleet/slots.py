"""How many hosts are at work at once, and in one task at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

PATIENCE = 1.0
"""Seconds that a host may wait for its connection before it lends its slot to the next one."""

WAITING_ROOM = 500
"""Hosts at most that wait for their connection without a slot."""


class Slots:
    """`count` hosts at work at once.

    A host that doesn't answer must not hold up those that would: one that has waited for its
    connection for `patience` lends its slot, and takes one again before it goes on. So that those
    who wait for each other never all wait, that may be one of a host that waits for others.
    """

    def __init__(
        self, count: int, waiting_room: int = WAITING_ROOM, patience: float = PATIENCE
    ) -> None:
        self._free, self._room, self._patience = count, waiting_room, patience
        self._changed = threading.Condition()
        self._connecting: dict[object, float] = {}
        self._lent = 0
        self._returning = 0
        self._waiting = 0

    def take(self) -> bool:
        """Claim a slot; false where none is free. Those who come back to theirs go first."""
        with self._changed:
            self._lend()
            if self._free <= self._returning:
                return False
            self._free -= 1
            return True

    def give_back(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While a host that has a slot waits for other hosts: those may come back to theirs."""
        with self._changed:
            self._waiting += 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._waiting -= 1
                self._changed.wait_for(lambda: self._free + self._waiting >= 0)

    @contextmanager
    def connecting(self) -> Iterator[None]:
        """While a host's connection is made: its slot may be lent meanwhile."""
        token = object()
        with self._changed:
            self._connecting[token] = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                if self._connecting.pop(token, None) is None:
                    self._come_back()

    def lend(self) -> int:
        """Lend what may be lent; how many slots are."""
        with self._changed:
            self._lend()
            return self._lent

    def next_to_lend(self) -> float | None:
        """Seconds until a slot may be lent that is not yet: whoever has one may begin to connect
        at any time. None where no further one is."""
        with self._changed:
            if self._lent >= self._room:
                return None
            now = time.monotonic()
            first = min(self._connecting.values(), default=now)
            # In this order none is more than the patience, which floats else may be.
            return max(0.0, first - now + self._patience)

    def _lend(self) -> None:
        latest = time.monotonic() - self._patience
        for token, since in list(self._connecting.items()):
            if since > latest or self._lent >= self._room:
                return  # they stand in the order in which they began
            del self._connecting[token]
            self._lent += 1
            self._free += 1
            self._changed.notify_all()

    def _come_back(self) -> None:
        self._returning += 1
        self._changed.wait_for(lambda: self._free + self._waiting > 0)
        self._returning -= 1
        self._lent -= 1
        self._free -= 1


Throttle = tuple[str, int]
"""What hosts wait for, and how many of them may be in there at once."""


class Throttles:
    """Semaphores by name: how many hosts may be in one task at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._semaphores: dict[str, threading.Semaphore] = {}

    def of(self, throttle: Throttle) -> AbstractContextManager[Any]:
        """What to hold while in there."""
        name, limit = throttle
        with self._lock:
            return self._semaphores.setdefault(name, threading.Semaphore(limit))


class Held:
    """The throttles that one host's walk holds: its task's own, from the first exchange to the
    task's end, and that of the machine which it changes, to the end of the item."""

    def __init__(self, throttles: Throttles, slots: Slots) -> None:
        self._throttles, self._slots = throttles, slots
        self._task, self._item = ExitStack(), ExitStack()
        self._names: set[str] = set()

    def take(self, task: Throttle | None, machine: str) -> None:
        """Wait for those that are not held yet, always in this order."""
        if task is not None:
            self._enter(self._task, task)
        if machine:
            self._enter(self._item, (f"changes of {machine}", 1))

    def _enter(self, stack: ExitStack, throttle: Throttle) -> None:
        name = throttle[0]
        if name not in self._names:
            with self._slots.waiting():
                stack.enter_context(self._throttles.of(throttle))
            self._names.add(name)
            stack.callback(self._names.discard, name)

    def end(self, *, item: bool = False) -> None:
        """The task has ended, or one `item` of it."""
        self._item.close()
        if not item:
            self._task.close()
