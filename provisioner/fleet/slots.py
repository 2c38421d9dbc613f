"""Limits of parallel hosts: slots for the whole run, throttles for single tasks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

LEND_AFTER = 1.0
"""Seconds that a host waits for its connection before it lends its slot."""

MAX_LENT = 500
"""Maximum number of hosts without a slot that wait for their connection."""


class Slots:
    """Limits the number of hosts that run at once.

    A host that does not respond must not delay the others: when it has waited `lend_after` seconds
    for its connection, it lends its slot, and reclaims one afterwards. It may also reclaim the slot
    of a host that waits for other hosts (`waiting`); otherwise all of them could wait forever.
    """

    def __init__(
        self, count: int, max_lent: int = MAX_LENT, lend_after: float = LEND_AFTER
    ) -> None:
        self._free, self._max_lent, self._lend_after = count, max_lent, lend_after
        self._changed = threading.Condition()
        self._connecting: dict[object, float] = {}
        """Start times of the connections of hosts with a slot, oldest first."""
        self._lent = 0
        self._reclaiming = 0
        self._waiting = 0

    def take(self) -> bool:
        """Claim a slot. Return false if none is free. Hosts that reclaim a slot have priority."""
        with self._changed:
            self._lend()
            if self._free <= self._reclaiming:
                return False
            self._free -= 1
            return True

    def release(self) -> None:
        """Give a slot back."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Context of a host that waits for other hosts. These may use its slot meanwhile."""
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
        """Context of a host that connects. It may lend its slot meanwhile."""
        token = object()
        with self._changed:
            self._connecting[token] = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                if self._connecting.pop(token, None) is None:
                    self._reclaim()

    def lend(self) -> int:
        """Lend the slots of hosts that have waited long enough. Return the number of lent slots."""
        with self._changed:
            self._lend()
            return self._lent

    def seconds_until_lendable(self) -> float | None:
        """Return the seconds until the next slot may be lent, or None at the limit of lent slots.

        If no host connects now, one may start to at any time.
        """
        with self._changed:
            if self._lent >= self._max_lent:
                return None
            now = time.monotonic()
            oldest = min(self._connecting.values(), default=now)
            # In this order, rounding cannot make the result exceed `lend_after`.
            return max(0.0, oldest - now + self._lend_after)

    def _lend(self) -> None:
        latest_start = time.monotonic() - self._lend_after
        for token, started in list(self._connecting.items()):
            if started > latest_start or self._lent >= self._max_lent:
                return  # all following connections have started later
            del self._connecting[token]
            self._lent += 1
            self._free += 1
            self._changed.notify_all()

    def _reclaim(self) -> None:
        self._reclaiming += 1
        self._changed.wait_for(lambda: self._free + self._waiting > 0)
        self._reclaiming -= 1
        self._lent -= 1
        self._free -= 1


Throttle = tuple[str, int]
"""A name, and the number of hosts that may hold the throttle at once."""


class Throttles:
    """The throttles of a run, each a semaphore."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._semaphores: dict[str, threading.Semaphore] = {}

    def of(self, throttle: Throttle) -> AbstractContextManager[Any]:
        """Return the context in which a host holds the throttle."""
        name, limit = throttle
        with self._lock:
            return self._semaphores.setdefault(name, threading.Semaphore(limit))


class HeldThrottles:
    """The throttles that one host holds.

    The throttle of its task is held from the first exchange to the end of the task. The throttle of
    the machine that the task changes is held to the end of the loop item.
    """

    def __init__(self, throttles: Throttles, slots: Slots) -> None:
        self._throttles, self._slots = throttles, slots
        self._task, self._item = ExitStack(), ExitStack()
        self._names: set[str] = set()

    def take(self, task: Throttle | None, machine: str) -> None:
        """Wait for the throttles that are not held yet. The order is fixed, to avoid a deadlock."""
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

    def release(self, *, item: bool = False) -> None:
        """Release the throttles at the end of the task, or of one loop `item`."""
        self._item.close()
        if not item:
            self._task.close()
