"""A pool of threads without a limit: each call gets a thread at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

STACK_SIZE = 1 << 20
"""Bytes for the stack of each new thread of the process. Linux's default is 8 MB, which would need
much address space for 1,000 hosts. 1,000 nested calls of json or pickle take half of this size."""


class ThreadPool:
    """Runs each call in a thread, and uses the thread again for later calls.

    The threads are daemons, so the process can exit while a host still runs.
    """

    def __init__(self) -> None:
        threading.stack_size(STACK_SIZE)
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = self._threads = 0

    def run(self, call: Callable[[], None]) -> None:
        """Run `call`, which must not raise, in parallel to the others."""
        with self._lock:
            if self._idle:
                self._idle -= 1
            else:
                self._threads += 1
                threading.Thread(target=self._run_calls, name="host", daemon=True).start()
        self._queue.put(call)

    def close(self) -> None:
        """End each thread after its current call. No calls may follow."""
        with self._lock:
            for _ in range(self._threads):
                self._queue.put(None)
            self._threads = 0

    def _run_calls(self) -> None:
        while (call := self._queue.get()) is not None:
            call()
            del call  # frees its objects while the thread is idle
            with self._lock:
                self._idle += 1
