"""Compute checksums of files: of large ones in a thread while they are sent or received."""

from __future__ import annotations

import contextlib
import hashlib
import queue
import threading
from pathlib import Path

from provisioner.local_files import open_regular
from provisioner.modules.shared.once import once_a_file
from provisioner.records import dataclass

LARGE = 1 << 22
"""Smallest size in bytes of a file whose checksum is computed in a thread."""
PIECE = 1 << 18
"""Bytes that are read, or handed to the thread, at a time."""

_slots = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class Digests:
    """Checksums of a file or text in hex digits, and its size in bytes.

    `sha1` is "" for a file whose SHA-1 was not asked for.
    """

    sha256: str
    sha1: str
    size: int


def digests(content: bytes | Path, sha1: bool = True) -> Digests:
    """Return the digests of a text, or of a local file, which is read once for all hosts."""
    if isinstance(content, Path):
        return _of_file(content, sha1)
    return _of_text(content)


def _of_text(content: bytes) -> Digests:
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return Digests(hashlib.sha256(content).hexdigest(), sha1, len(content))


@once_a_file
def _of_file(path: Path, with_sha1: bool) -> Digests:
    sha256, sha1, size = hashlib.sha256(), hashlib.sha1(usedforsecurity=False), 0
    piece = memoryview(bytearray(PIECE))
    with open_regular(path) as file:
        while count := file.readinto(piece):
            sha256.update(piece[:count])
            if with_sha1:
                sha1.update(piece[:count])
            size += count
    return Digests(sha256.hexdigest(), sha1.hexdigest() if with_sha1 else "", size)


class PendingDigests:
    """Computes the digests of a large file in a thread: a `shell.Sum`."""

    def __init__(self, path: Path, sha1: bool) -> None:
        self._path, self._sha1 = path, sha1
        self._digests: Digests | None = None
        self._thread = threading.Thread(target=self._sum, daemon=True)
        self._thread.start()

    def now(self) -> str:
        return "" if self._digests is None else self._digests.sha256

    def wait(self) -> str:
        return self.digests().sha256

    def digests(self) -> Digests:
        """Wait for the digests and return them. OSError if the file can't be read."""
        self._thread.join()
        return self._digests or digests(self._path, self._sha1)

    def _sum(self) -> None:
        with _slots, contextlib.suppress(OSError):  # `digests` reads the file again and raises it
            self._digests = digests(self._path, self._sha1)


class StreamDigest:
    """Computes a checksum of data that arrives in pieces.

    From LARGE bytes on it uses a thread, which gets PIECE bytes at a time and may be behind by as
    much as the queue holds.
    """

    def __init__(self, algorithm: str) -> None:
        self._sum = hashlib.new(algorithm, usedforsecurity=False)
        self._size = self._waiting = 0
        self._pieces: list[bytes | memoryview] = []
        self._queue: queue.Queue[list[bytes | memoryview] | None] = queue.Queue(8)
        self._thread: threading.Thread | None = None

    def add(self, data: bytes | memoryview) -> None:
        self._size += len(data)
        if self._size < LARGE:
            self._sum.update(data)
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        self._pieces.append(data)
        self._waiting += len(data)
        if self._waiting >= PIECE:
            self._hand_over()

    def _hand_over(self) -> None:
        self._queue.put(self._pieces)
        self._pieces, self._waiting = [], 0

    def end(self) -> str:
        """Return the checksum in hex digits; no more data comes."""
        if self._thread is not None:
            self._hand_over()
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        return self._sum.hexdigest()

    def _work(self) -> None:
        while (pieces := self._queue.get()) is not None:
            for data in pieces:
                self._sum.update(data)


def start_digests(content: bytes | Path, sha1: bool = True) -> Digests | PendingDigests:
    """Return the digests of a text or local file. A file is read once for all hosts.

    For a large file it returns `PendingDigests`, which computes the SHA-1 only if `sha1` is true.
    """
    return _start_digests(content, sha1) if isinstance(content, Path) else digests(content)


@once_a_file
def _start_digests(path: Path, sha1: bool) -> Digests | PendingDigests:
    return PendingDigests(path, sha1) if path.stat().st_size >= LARGE else _of_file(path, True)
