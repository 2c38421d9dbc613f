"""The other user: swaps a path for a link, without end.

Run as `python swapper.py PATH TARGET`. At first a file or directory is at PATH. The process
exchanges PATH and PATH.spare atomically, and keeps a link to TARGET at one of them. It needs no
package of this repository, so that an unprivileged account can run it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import sys
import time
from pathlib import Path

AT_FDCWD, RENAME_EXCHANGE = -100, 2

PAUSES = (0, 0, 0, 0, 20e-6, 200e-6, 1e-3, 3e-3)
"""Seconds between two swaps: from the time of a system call to that of a few processes."""

_renameat2 = ctypes.CDLL(None).renameat2


class Swapped:
    """The two names that are exchanged."""

    def __init__(self, path: Path, target: str) -> None:
        self._names = path, Path(f"{path}.spare")
        self._words = tuple(map(os.fsencode, self._names))
        self._target, self._is_folder = target, path.is_dir()

    def exchange(self) -> None:
        _renameat2(AT_FDCWD, self._words[0], AT_FDCWD, self._words[1], RENAME_EXCHANGE)

    def repair(self) -> None:
        """Create anew what a task has replaced or removed, and undo what it has changed."""
        kinds = [name.is_symlink() if os.path.lexists(name) else None for name in self._names]
        if True not in kinds:
            new = self._new()
            new.symlink_to(self._target)
            self._put(new, self._free(kinds))
        elif False not in kinds:
            new = self._new()
            if self._is_folder:
                new.mkdir()
            _write(new / "f" if self._is_folder else new)
            self._put(new, self._free(kinds))
        self._reset(random.choice(self._names))

    def _new(self) -> Path:
        return Path(f"{self._names[1]}.{time.monotonic_ns()}")

    def _free(self, kinds: list[bool | None]) -> Path:
        return self._names[kinds.index(None) if None in kinds else 1]

    def _put(self, new: Path, name: Path) -> None:
        if os.path.lexists(name):
            name.rename(self._new())  # a directory can't be replaced
        new.rename(name)

    def _reset(self, name: Path) -> None:
        """Make the user's own file different from what the task wants."""
        file = name / "f" if self._is_folder else name
        file.chmod(0o600)
        _write(file)


def _write(path: Path) -> None:
    path.write_text("the user's\n")


def main() -> None:
    swapped = Swapped(Path(sys.argv[1]), sys.argv[2])
    while True:
        with contextlib.suppress(OSError):  # root's, or the task was faster
            swapped.repair()
        for _ in range(16):
            swapped.exchange()
            if pause := random.choice(PAUSES):
                time.sleep(pause)


if __name__ == "__main__":
    main()
