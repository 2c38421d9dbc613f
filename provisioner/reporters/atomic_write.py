"""Write a report file atomically: readers see the old or the new file, never a part of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from provisioner.local_files import open_special
from provisioner.process_signals import cleanup_by_exception


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to a temporary file in the same folder, sync it, and rename it to `path`.

    A symbolic link is followed. A pipe or terminal (`/dev/stdout`) is written to, not replaced.
    The umask decides the file's mode. Raises OSError on failure; the old file is then unchanged.
    """
    if _is_special(path):
        with open_special(path) as special:
            special.write(data)
        return
    target = path.resolve()
    temporary = target.with_name(f".{target.name[:200]}.{os.urandom(4).hex()}")
    try:
        with cleanup_by_exception():
            _replace(target, temporary, data)
    except OSError as error:
        # The message names the requested file, not the temporary one.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _replace(target: Path, temporary: Path, data: bytes) -> None:
    """Write the temporary file and rename it to `target`. It never stays."""
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _is_special(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False
