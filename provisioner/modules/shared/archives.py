"""Read the members of a tar or zip archive of the controller, with checksums to compare by."""

from __future__ import annotations

import hashlib
import stat
import tarfile
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, Literal

from provisioner.local_files import open_regular
from provisioner.modules.framework.base import ModuleError
from provisioner.modules.shared.once import once_a_file
from provisioner.records import dataclass

Kind = Literal["file", "directory", "link", "other"]

COMPRESSION = {b"\x1f\x8b": "-z", b"BZ": "-j", b"\xfd7": "-J"}
"""First bytes of an archive -> the option with which tar reads it from a pipe."""


@dataclass(frozen=True)
class Member:
    """An entry. `value` is the SHA-256 of a file or the target of a link; `time` is Unix time."""

    kind: Kind
    name: str
    value: str = ""
    mode: int | None = None
    time: int = 0

    def words(self) -> tuple[str, ...]:
        """Return the five words by which the host compares the entry."""
        mode = "-" if self.mode is None else f"{self.mode:o}"
        return self.kind, self.name.rstrip("/") or ".", self.value, mode, str(self.time)


def members(path: Path) -> tuple[Member, ...]:
    """Return all members of the archive at `path`. It is read once for all hosts."""
    return _members(path)


def is_zip(path: Path) -> bool:
    return first_bytes(path) == b"PK"


def first_bytes(path: Path) -> bytes:
    with open_regular(path) as file:
        return file.read(2)


@once_a_file
def _members(path: Path) -> tuple[Member, ...]:
    try:
        return tuple(_zipped(path) if is_zip(path) else _tarred(path))
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, zlib.error) as error:
        raise ModuleError(
            f"{path} is not an archive that tar or unzip of CentOS 7 can unpack: {error}"
        ) from None


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _tarred(path: Path) -> Iterator[Member]:
    digests: dict[str, str] = {}
    with tarfile.open(path, errors="surrogateescape") as archive:
        for entry in archive:
            name = entry.name.lstrip("/") or "."
            mode, moment = entry.mode & 0o7777, int(entry.mtime)
            if entry.isreg() or entry.islnk():
                if entry.isreg() and (file := archive.extractfile(entry)) is not None:
                    digests[entry.name] = _digest(file)
                source = entry.linkname if entry.islnk() else entry.name
                yield Member("file", name, digests.get(source, ""), mode, moment)
            elif entry.isdir():
                yield Member("directory", name + "/", "", mode, moment)
            elif entry.issym():
                yield Member("link", name, entry.linkname)
            else:
                yield Member("other", name)


def _zipped(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            name = entry.filename.lstrip("/")
            if entry.flag_bits & 1:
                raise ModuleError(f"{path} is encrypted with a password, which is not supported")
            moment = int(time.mktime((*entry.date_time, 0, 0, -1)))
            if entry.is_dir():
                yield Member("directory", name)
            elif stat.S_ISLNK(entry.external_attr >> 16):
                yield Member("link", name, archive.read(entry).decode("utf-8", "surrogateescape"))
            else:
                with archive.open(entry) as file:
                    yield Member("file", name, _digest(file), time=moment)


def last_only(members: Iterable[Member]) -> tuple[Member, ...]:
    """Keep the last member of each name: it is what remains after unpacking."""
    return tuple({member.name.rstrip("/"): member for member in members}.values())


def strip(members: Iterable[Member], count: int) -> Iterator[Member]:
    """Rename the members as tar's option --strip-components does."""
    for member in members:
        rest = member.name.split("/", count)[count:]
        if rest and rest[0].strip("/"):
            yield replace(member, name=rest[0])


def junk(members: Iterable[Member]) -> Iterator[Member]:
    """Rename the members as unzip's option -j does: all files are in one directory."""
    for member in members:
        if member.kind != "directory":
            yield replace(member, name=member.name.rpartition("/")[2])


def selected(
    members: Iterable[Member], include: Sequence[str], exclude: Sequence[str], parts: bool
) -> Iterator[Member]:
    """Yield the members that `include` and `exclude` select.

    With `parts` a pattern of `exclude` may match after any `/`, and excludes everything below the
    match, as in tar.
    """
    for member in members:
        name = member.name.rstrip("/")
        words = name.split("/")
        heads = ["/".join(words[:end]) for end in range(1, len(words) + 1)]
        candidates = [name, member.name]
        if parts:
            candidates += ["/".join(head.split("/")[n:]) for head in heads for n in range(99)]
        if include and not any(fnmatchcase(h, p.rstrip("/")) for h in heads for p in include):
            continue
        if not any(c and fnmatchcase(c, pattern) for c in candidates for pattern in exclude):
            yield member
