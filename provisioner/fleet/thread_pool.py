"""Threads that carry out calls, as many as there are at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

STACK = 1 << 20
"""Bytes for the stack of each thread, paramiko's too. Linux gives 8 MB: address space that a
thousand connections don't need (1,000 nested calls in C, json's or pickle's, take half of this)."""

Job = Callable[[], None]


class Jobs:
    """Each call has a thread while it lasts; a thread is used again by later ones.

    They are daemons: nobody waits for a host that is under way when the program ends.
    """

    def __init__(self) -> None:
        threading.stack_size(STACK)
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = self._threads = 0

    def do(self, job: Job) -> None:
        """Carry out `job`, which must not raise, beside all others."""
        with self._lock:
            if self._idle:
                self._idle -= 1
            else:
                self._threads += 1
                threading.Thread(target=self._work, name="host", daemon=True).start()
        self._queue.put(job)

    def end(self) -> None:
        """No more jobs come: threads end, each when its job has."""
        with self._lock:
            for _ in range(self._threads):
                self._queue.put(None)
            self._threads = 0

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            job()
            del job  # what it holds may go while the thread waits
            with self._lock:
                self._idle += 1
