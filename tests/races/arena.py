"""The place of a race: root's directory, a user's directory, and the process of that user."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.races import swapper

USER = pwd.getpwnam("nobody")

SECRET = "root's secret\n"
"""The content of root's file. A user who can read it anywhere has won."""

KEPT = re.compile(r"[df](\.spare)?")
"""The names that are swapped, and the file in a swapped directory."""

State = Mapping[str, tuple[object, ...]]


@dataclass(frozen=True)
class Arena:
    """`home` belongs to USER, `vault` to root. `path` is what the task works on.

    Where `is_folder`, the directory `path.parent` is swapped for a link to `vault`, else the file
    `path` for a link to the file in `vault`.
    """

    home: Path
    vault: Path
    is_folder: bool

    @property
    def path(self) -> Path:
        return self.home / "d" / "f" if self.is_folder else self.home / "f"

    def prepare(self) -> None:
        for folder in (self.home, self.vault):
            folder.mkdir()
        (self.vault / "f").write_text(SECRET)
        (self.vault / "f").chmod(0o600)
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text("the user's\n")
        for path in (self.home, self.path.parent, self.path):
            os.chown(path, USER.pw_uid, USER.pw_gid)

    @contextmanager
    def swaps(self) -> Iterator[None]:
        """Let the user swap all the time."""
        swapped, target = (
            (self.path.parent, self.vault) if self.is_folder else (self.path, self.vault / "f")
        )
        program = Path(swapper.__file__).read_text()
        process = subprocess.Popen(
            [sys.executable, "-c", program, swapped, target],
            user=USER.pw_uid,
            group=USER.pw_gid,
            extra_groups=[],
            cwd="/",
        )
        try:
            yield
            if process.poll() is not None:
                raise RuntimeError("the process that swaps has ended")
        finally:
            process.kill()
            process.wait()

    def state(self) -> State:
        """Return all that a task must not change: root's directory and what is in it."""
        return {str(path): _state(path) for path in (self.vault, *sorted(self.vault.rglob("*")))}

    def leaks(self) -> list[str]:
        """Return the files in which the user can read root's secret."""
        return [str(path) for path in _files(self.home) if _shows_secret(path)]

    def tidy(self) -> None:
        """Remove what many rounds leave in the user's directory, except what is swapped."""
        for folder, names, files in os.walk(self.home, topdown=False):
            for name in (*files, *names):
                if not KEPT.fullmatch(name):
                    _remove(Path(folder, name))


def _state(path: Path) -> tuple[object, ...]:
    stat = path.lstat()
    content = path.read_bytes() if path.is_file() else b""
    return stat.st_mode, stat.st_uid, stat.st_gid, stat.st_mtime_ns, stat.st_ino, content


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _shows_secret(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # a link, or replaced meanwhile
        return False
    try:
        stat = os.fstat(descriptor)
        readable = stat.st_uid == USER.pw_uid or stat.st_mode & 0o044
        return bool(readable) and SECRET.strip().encode() in os.read(descriptor, 1 << 16)
    finally:
        os.close(descriptor)
