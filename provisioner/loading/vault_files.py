"""Write files atomically, and edit decrypted text without leaving plaintext on disk."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioner.errors import LoadError
from provisioner.process_signals import cleanup_by_exception

_MEMORY = Path("/dev/shm")  # noqa: S108 - a new folder with mode 0700 is made in it


def write(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file as a whole, or not at all.

    An existing file keeps its owner and mode; with `private`, and for a new file, the mode is
    0600. If `path` is a link, its target is replaced. Raises LoadError.
    """
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(8)}")
    try:
        with cleanup_by_exception():
            _replace(path, temporary, data, private)
    except OSError as error:
        raise LoadError(f"{path} can't be written: {error.strerror}") from None


def _replace(path: Path, temporary: Path, data: bytes, private: bool) -> None:
    """Write the temporary file and rename it to `path`. It never stays."""
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _copy_owner_and_mode(path, descriptor, private)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _copy_owner_and_mode(path: Path, descriptor: int, private: bool) -> None:
    """Give the open file the owner and mode of the file at `path`, if that exists."""
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
    """Open `data` in the operator's editor ($EDITOR, else $VISUAL, else vi); return the result.

    The plaintext is in a folder with mode 0700, in memory (/dev/shm) if possible. It is overwritten
    and removed when the editor ends, also after a signal. Raises LoadError if the editor fails.
    `name` gives the suffix of the file.
    """
    command = _editor()
    with cleanup_by_exception(), _private_folder() as folder:
        path = folder / f"plain{Path(name).suffix}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        try:
            status = subprocess.run([*command, str(path)], check=False).returncode
        except OSError as error:
            raise LoadError(f"the editor {command[0]} can't be run: {error.strerror}") from None
        if status:
            raise LoadError(f"the editor {command[0]} exited with {status}: nothing was changed")
        return path.read_bytes()


def _editor() -> list[str]:
    command = os.environ.get("EDITOR") or os.environ.get("VISUAL") or "vi"
    try:
        return shlex.split(command) or ["vi"]
    except ValueError:
        raise LoadError(f"a quote is not closed in $EDITOR: {command}") from None


@contextmanager
def _private_folder() -> Iterator[Path]:
    memory = _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="provision-", dir=memory))  # mkdtemp sets the mode 0700
    try:
        yield folder
    finally:
        for path in folder.rglob("*"):  # editors may leave backups and swap files
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
        pass  # the file is removed in any case
