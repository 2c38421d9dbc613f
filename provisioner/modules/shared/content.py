"""Write a whole file: the program that modules use for it, and its return values."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import Any, ClassVar

from provisioner.modules.framework.base import FileAttributes, Module, SourceMode
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.digests import Digests, PendingDigests, digests, start_digests
from provisioner.remote.shell import Program, Report, Sum, Value, quote
from provisioner.result import Diff

WRITE = load_body("shared/directories.sh", "shared/write.sh")

TOO_BIG = "(over 1 MiB)"
"""The text that files.sh reports instead of an old content of more than TEXT_LIMIT bytes."""

TEXT_LIMIT = 1 << 20
"""Largest file in bytes that --diff shows. Of larger and binary files it shows a note."""


def content_variables(content: bytes | Path) -> dict[str, Value]:
    """Return the variables that `put` (files.sh) needs for content that is streamed."""
    content_digests = digests(content, sha1=False)
    return {
        "content_size": str(content_digests.size),
        "content_sha256": content_digests.sha256,
    }


def validation(command: str | None) -> str:
    """Return the parameter `validate` as quoted words for files.sh; %s is replaced by the path."""
    return "" if command is None else " ".join(map(quote, shlex.split(command)))


def write(
    path: str,
    content: bytes | Path,
    attributes: FileAttributes,
    sha1: bool = True,
    /,
    **more: Value,
) -> Program:
    """Return the program that writes `content` to the file `path`.

    `more` are further variables of write.sh. The SHA-1 of a large file is only computed if `sha1`
    is true.
    """
    variables: dict[str, Value] = {
        "path": path,
        "name": "",
        "follow": False,
        "force": True,
        "backup": False,
        "validate": "",
        "old_sha256": "",
        "old_content": "",
        "directory_mode": "",
        "content_from": "",
        "content_index": "",
        "message": "",
        "parents": False,
    }
    computed = start_digests(content, sha1)
    pending = computed if isinstance(computed, PendingDigests) else None
    known = computed if isinstance(computed, Digests) else Digests("", "", _size(content))
    content_values: dict[str, Value] = {
        "content_size": str(known.size),
        "content_sha256": known.sha256,
        "content_sha1": known.sha1,
    }
    variables |= attributes.attribute_variables() | content_values | more
    return Program("write", WRITE, variables, content, sum=pending, inlines=True, looks_at=path)


def as_read(old: bytes | None) -> dict[str, Value]:
    """Return the variables by which files.sh checks that the file is still what was edited.

    `old` is None if there was no file. A small text is compared by the shell, without a process.
    """
    if old is None:
        return {"old_sha256": "absent"}
    small = len(old) <= _COMPARED and b"\0" not in old
    return {"old_sha256": hashlib.sha256(old).hexdigest(), "old_content": old if small else ""}


_COMPARED = 1024
"""Largest old text in bytes that is sent along with the new one for this."""


def _size(content: bytes | Path) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def file_values(report: Report) -> dict[str, Any]:
    """Return Ansible's return values about the file, from the record `at` of the report."""
    if not report.get("at") or report.get("at").startswith("absent"):
        return {}
    kind, mode, uid, gid, size, owner, group = report.get("at").split(" ", 6)
    return {
        "state": kind,
        "mode": f"0{mode.zfill(3)}",
        "uid": int(uid),
        "gid": int(gid),
        "size": int(size),
        "owner": owner,
        "group": group,
    }


def written_values(report: Report) -> dict[str, Any]:
    """Return the return values of a module whose program is made by `write`."""
    checksum = report.get("checksum") or None  # a directory has none
    values: dict[str, Any] = {"dest": report.get("dest"), "checksum": checksum}
    if "backup_file" in report.records:
        values["backup_file"] = report.get("backup_file")
    if "msg" in report.records and not report.failed:
        values["msg"] = report.get("msg")
    if not report.changes:
        values["path"] = report.get("dest")  # Ansible's name for an unchanged file
    return values | file_values(report)


def written_diff(report: Report, content: bytes | Path | None) -> tuple[Diff, ...]:
    """Return the difference of a program made by `write`, if it changed the content."""
    if content is None or "content" not in report.records:
        return ()
    name = report.get("dest")
    before = report.get("before").encode("utf-8", "surrogateescape")
    return (Diff(_shown(before), _shown(beginning(content)), f"before: {name}", f"after: {name}"),)


def beginning(content: bytes | Path) -> bytes:
    """Return all of the content, or its first TEXT_LIMIT + 1 bytes if it is a longer file."""
    if isinstance(content, bytes):
        return content
    with content.open("rb") as file:
        return file.read(TEXT_LIMIT + 1)


def _shown(data: bytes) -> str:
    if len(data) > TEXT_LIMIT:
        return "(more than 1 MiB)\n"
    if b"\0" in data:
        return f"(binary: {len(data)} bytes)\n"
    return data.decode("utf-8", "surrogateescape")


class WrittenFile(FileAttributes, Module):
    """Base class of copy and template: a file whose content the controller has."""

    body: ClassVar[str] = WRITE
    lists_diff: ClassVar[bool] = True

    dest: str
    """The file. A directory, or a path that ends with `/`, means a file in it with the name of the
    source."""
    backup: bool = False
    """Keep a copy of the old file, with the time in its name."""
    force: bool = True
    """Replace a file whose content differs. If false, only a missing file is written."""
    follow: bool = False
    """If `dest` is a link, write its target. If false, the link is replaced."""
    validate_: str | None = parameter(None, name="validate")
    """A command that checks the new file before it replaces the old one; %s stands for its path.
    Any exit status but 0 refuses the file."""
    mode: SourceMode | None = None
    """The mode, octal or symbolic, or `preserve` for the mode of the source. The default is the
    mode of the existing file."""

    _content: bytes | Path | None = None
    _pending: Sum | None = None

    def written(
        self, content: bytes | Path, origin: Path | None, sha1: bool = True, /, **more: Value
    ) -> Program:
        """Return the program that writes `content`, which comes from the local file `origin`."""
        self._content = content
        if self.mode == "preserve" and "mode" not in more:
            mode = (
                0o600 if origin is None else origin.stat().st_mode
            )  # the mode of Ansible's temporary file
            more["mode"] = f"{mode & 0o7777:04o}"
        values: dict[str, Value] = {
            "name": "" if origin is None else origin.name,
            "follow": self.follow,
            "force": self.force,
            "backup": self.backup,
            "validate": validation(self.validate_),
        }
        program = write(self.dest, content, self, sha1, **(values | more))
        self._pending = program.sum
        return program

    def returns(self, report: Report) -> dict[str, Any]:
        values = written_values(report)
        if isinstance(self._pending, PendingDigests) and "checksum" in report.records:
            values["checksum"] = self._pending.digests().sha1
            if not values["checksum"]:
                del values["checksum"]
        return values

    def diff(self, report: Report) -> tuple[Diff, ...]:
        return written_diff(report, self._content)
