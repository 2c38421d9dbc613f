"""Cache the result of work on a local file, so that it is done once for all hosts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
More = TypeVarTuple("More")


def once_a_file(work: Callable[[Path, *More], T]) -> Callable[[Path, *More], T]:
    """Decorate `work` on a path to cache its result until the file changes.

    Further arguments are part of the key of the cache. Threads that call it at the same time wait
    for the first: with lru_cache alone each of them would do the work. Exceptions are not cached.
    """
    cached = lru_cache(maxsize=4096)(lambda path, _key, more: work(path, *more))
    locks: dict[Path, threading.Lock] = {}

    def call(path: Path, *more: *More) -> T:
        status = path.stat()
        with locks.setdefault(path, threading.Lock()):
            return cached(path, (status.st_mtime_ns, status.st_size, status.st_ino), more)

    return call
