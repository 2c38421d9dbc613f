"""Files of the controller: names with `~`, and opening that never waits.

Opening a FIFO waits for its other end, and a device may have no end. So only regular files are
read, and /dev/null, which stands for an empty file.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader, BufferedWriter
from pathlib import Path

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}

_NULL = os.makedev(1, 3)
_FULL = os.makedev(1, 7)


def with_home(name: str | os.PathLike[str]) -> Path:
    """Return a path with `~` or `~USER` at its beginning replaced by the home directory.

    The name of an unknown user stays as it is written, as in a shell.
    """
    return Path(os.path.expanduser(name))  # noqa: PTH111 (Path raises for an unknown user)


def open_regular(path: str | os.PathLike[str]) -> BufferedReader:
    """Open a regular file, or /dev/null, for reading.

    Raises OSError; its `strerror` names the type of anything else.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENODEV):  # a socket, or a device without a driver
            raise _not_regular(os.stat(path), path) from None  # noqa: PTH116
        raise
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) or _is_null(status):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise _not_regular(status, path)


def read_regular(path: str | os.PathLike[str], limit: int | None = None) -> bytes:
    """Return the content of a regular file of at most `limit` bytes. Raises OSError."""
    with open_regular(path) as file:
        if limit is None:
            return file.read()
        if os.fstat(file.fileno()).st_size <= limit and len(data := file.read(limit + 1)) <= limit:
            return data
    raise OSError(errno.EFBIG, f"it is larger than {limit >> 20} MiB", os.fspath(path))


def open_special(path: str | os.PathLike[str]) -> BufferedWriter:
    """Open what is no regular file for writing: a terminal, a pipe, a FIFO that a process reads.

    Raises OSError for a FIFO that no process reads, for a socket, and for other devices than
    /dev/null and /dev/full.
    """
    status = os.stat(path)  # noqa: PTH116
    if not (stat.S_ISFIFO(status.st_mode) or stat.S_ISCHR(status.st_mode)):
        raise _not_regular(status, path)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise OSError(errno.ENXIO, "it is a FIFO that no process reads", os.fspath(path)) from None
    if stat.S_ISFIFO(status.st_mode) or os.isatty(descriptor) or status.st_rdev in (_NULL, _FULL):
        os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "wb")
    os.close(descriptor)
    raise _not_regular(status, path)


def special_kind(status: os.stat_result) -> str:
    """Return the type in words of what is neither a file, a directory nor /dev/null, else ""."""
    if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) or _is_null(status):
        return ""
    return _kind(status)


def _is_null(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == _NULL


def _kind(status: os.stat_result) -> str:
    return _KINDS.get(stat.S_IFMT(status.st_mode), "no regular file")


def _not_regular(status: os.stat_result, path: str | os.PathLike[str]) -> OSError:
    number = errno.EISDIR if stat.S_ISDIR(status.st_mode) else errno.EINVAL
    return OSError(number, f"it is {_kind(status)}", os.fspath(path))
