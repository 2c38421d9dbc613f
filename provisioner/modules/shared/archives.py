"""What a tar or zip archive of the controller holds: names, and digests to compare by."""

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

from provisioner.modules.framework.base import ModuleError
from provisioner.modules.shared.once import once_a_file
from provisioner.records import dataclass

Kind = Literal["file", "directory", "link", "other"]

COMPRESSION = {b"\x1f\x8b": "-z", b"BZ": "-j", b"\xfd7": "-J"}
"""The first bytes of an archive ▶ the option by which tar reads it from a pipe."""


@dataclass(frozen=True)
class Member:
    """One entry. `value` is a file's SHA-256 or a link's target; times are in s since 1970."""

    kind: Kind
    name: str
    value: str = ""
    mode: int | None = None
    time: int = 0

    def words(self) -> tuple[str, ...]:
        """What the host compares by."""
        mode = "-" if self.mode is None else f"{self.mode:o}"
        return self.kind, self.name.rstrip("/") or ".", self.value, mode, str(self.time)


def members(path: Path) -> tuple[Member, ...]:
    """Everything in the archive at `path`; read once for all hosts."""
    return _members(path)


def is_zip(path: Path) -> bool:
    return first_bytes(path) == b"PK"


def first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(2)


@once_a_file
def _members(path: Path) -> tuple[Member, ...]:
    try:
        return tuple(_zipped(path) if is_zip(path) else _tarred(path))
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, zlib.error) as error:
        raise ModuleError(
            f"{path} is no archive that tar or unzip of CentOS 7 can unpack: {error}"
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
                raise ModuleError(f"{path} is encrypted: that can't be unpacked unattended")
            moment = int(time.mktime((*entry.date_time, 0, 0, -1)))
            if entry.is_dir():
                yield Member("directory", name)
            elif stat.S_ISLNK(entry.external_attr >> 16):
                yield Member("link", name, archive.read(entry).decode("utf-8", "surrogateescape"))
            else:
                with archive.open(entry) as file:
                    yield Member("file", name, _digest(file), time=moment)


def last_only(found: Iterable[Member]) -> tuple[Member, ...]:
    """A name may stand in an archive twice: what is unpacked last stays."""
    return tuple({member.name.rstrip("/"): member for member in found}.values())


def strip(found: Iterable[Member], count: int) -> Iterator[Member]:
    """tar's --strip-components."""
    for member in found:
        rest = member.name.split("/", count)[count:]
        if rest and rest[0].strip("/"):
            yield replace(member, name=rest[0])


def junk(found: Iterable[Member]) -> Iterator[Member]:
    """unzip's -j: all files in one directory."""
    for member in found:
        if member.kind != "directory":
            yield replace(member, name=member.name.rpartition("/")[2])


def wanted(
    found: Iterable[Member], include: Sequence[str], exclude: Sequence[str], parts: bool
) -> Iterator[Member]:
    """The members that `include` and `exclude` leave. With `parts`, as tar does it, an exclusion
    matches from any `/` on, and what matches takes along what is below it."""
    for member in found:
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
