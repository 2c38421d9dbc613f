"""Report files: there in full or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Make `path` hold `data`: a new file beside it, synced, then renamed over it.

    A link is followed; a device or FIFO (`/dev/stdout`) is written to, never replaced. The file's
    mode is the umask's. OSError when it can't be done, and then the old file is untouched.
    """
    if _is_special(path):
        path.write_bytes(data)
        return
    target = path.resolve()
    beside = target.with_name(f".{target.name[:200]}.{os.urandom(4).hex()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        # Name the file that was asked for, not the one beside it.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _is_special(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False
