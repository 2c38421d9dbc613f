"""Encrypted files on disk: read, written whole or not at all, edited without leaving plaintext."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from provisioner.errors import LoadError

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it, 0700


def write(path: Path, data: bytes, *, private: bool = False) -> None:
    """Replace or create a file. What was there keeps its mode and owner; with `private`, and for
    a new file, the mode is 0600. A link stays one: what it points to is replaced."""
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                _like(path, descriptor, private)
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise LoadError(f"{path} can't be written: {error.strerror}") from None


def _like(path: Path, descriptor: int, private: bool) -> None:
    """Give an open file the owner and mode of the one at `path`, if there is one."""
    try:
        before = path.stat()
    except FileNotFoundError:
        return
    now = os.fstat(descriptor)
    if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
        os.fchown(descriptor, before.st_uid, before.st_gid)
    if not private:
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


def edited(data: bytes, name: str) -> bytes:
    """What the operator's editor ($EDITOR, vi) makes of `data`, which is called `name`.

    The plaintext is in memory (/dev/shm) where there is such a place, in a folder that only its
    owner can enter, and is overwritten and removed however the editor ends, a signal included.
    """
    command = _editor()
    with _folder() as folder, _stoppable():
        path = folder / f"plain{Path(name).suffix}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        try:
            status = subprocess.run([*command, str(path)], check=False).returncode
        except OSError as error:
            raise LoadError(f"the editor {command[0]} can't be run: {error.strerror}") from None
        if status:
            raise LoadError(f"the editor {command[0]} ended with {status}: nothing was changed")
        return path.read_bytes()


def _editor() -> list[str]:
    given = os.environ.get("EDITOR") or os.environ.get("VISUAL") or "vi"
    try:
        return shlex.split(given) or ["vi"]
    except ValueError:
        raise LoadError(f"a quote is not closed in $EDITOR: {given}") from None


@contextmanager
def _folder() -> Iterator[Path]:
    memory = _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="provision-", dir=memory))  # 0700
    try:
        yield folder
    finally:
        for path in folder.rglob("*"):  # editors leave backups and swap files beside
            if path.is_file() and not path.is_symlink():
                _overwrite(path)
        shutil.rmtree(folder, ignore_errors=True)


def _overwrite(path: Path) -> None:
    try:
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        pass  # it is removed in any case


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM and SIGHUP become SystemExit, so that what is temporary goes."""

    def stop(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
