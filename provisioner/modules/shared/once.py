"""Work on a local file that is done once for all hosts, whichever thread comes first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
More = TypeVarTuple("More")


def once_a_file(work: Callable[[Path, *More], T]) -> Callable[[Path, *More], T]:
    """`work` on a path, whose result is kept for as long as the file stays as it is, for each of
    what more it is given.

    lru_cache alone would let fifty threads that come at once read a large file fifty times: here
    they wait for the first. An exception is not kept.
    """
    kept = lru_cache(maxsize=4096)(lambda path, _key, more: work(path, *more))
    turns: dict[Path, threading.Lock] = {}

    def call(path: Path, *more: *More) -> T:
        status = path.stat()
        with turns.setdefault(path, threading.Lock()):
            return kept(path, (status.st_mtime_ns, status.st_size, status.st_ino), more)

    return call
