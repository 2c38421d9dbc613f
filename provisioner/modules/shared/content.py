"""Whole files: the one program that writes them, and what it says about them."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import Any, ClassVar

from provisioner.modules.framework.base import FileAttributes, Module, SourceMode
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.sums import Digests, Summing, digests, sums
from provisioner.remote.shell import Program, Report, Sum, Value, quote
from provisioner.result import Diff

WRITE = load_body("shared/directories.sh", "shared/write.sh")

TOO_BIG = "(over 1 MiB)"
"""What files.sh says instead of an old content that is too long to be shown."""

TEXT_LIMIT = 1 << 20
"""Bytes of a file that --diff shows; larger ones, and those that are no text, are only named."""


def content_variables(content: bytes | Path) -> dict[str, Value]:
    """What files.sh's `put` needs to know of content that is streamed."""
    found = digests(content, sha1=False)
    return {"content_size": str(found.size), "content_sha256": found.sha256}


def validation(command: str | None) -> str:
    """`validate` as the words that files.sh evaluates; %s in them stands for the file."""
    return "" if command is None else " ".join(map(quote, shlex.split(command)))


def write(
    path: str,
    content: bytes | Path,
    attributes: FileAttributes,
    sha1: bool = True,
    /,
    **more: Value,
) -> Program:
    """The program that makes `path` a file with `content`; `more` are WRITE's other variables. The
    SHA-1 of a large file is only taken with `sha1`."""
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
        "said": "",
        "parents": False,
    }
    found = sums(content, sha1)
    later = found if isinstance(found, Summing) else None
    known = found if isinstance(found, Digests) else Digests("", "", _size(content))
    about: dict[str, Value] = {
        "content_size": str(known.size),
        "content_sha256": known.sha256,
        "content_sha1": known.sha1,
    }
    variables |= attributes.attribute_variables() | about | more
    return Program("write", WRITE, variables, content, sum=later, inlines=True, looks_at=path)


def as_read(old: bytes | None) -> dict[str, Value]:
    """What files.sh needs to see whether a file still is what an edit was made of; None where there
    was none. Of a small text the shell does so itself, with no process."""
    if old is None:
        return {"old_sha256": "absent"}
    small = len(old) <= _COMPARED and b"\0" not in old
    return {"old_sha256": hashlib.sha256(old).hexdigest(), "old_content": old if small else ""}


_COMPARED = 1024
"""Bytes of such a text: it travels with the new one."""


def _size(content: bytes | Path) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def file_values(report: Report) -> dict[str, Any]:
    """Ansible's return values about the file at hand, from the record `at`."""
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
    """What a module returns whose program is `write`."""
    checksum = report.get("checksum") or None  # a directory has none
    values: dict[str, Any] = {"dest": report.get("dest"), "checksum": checksum}
    if "backup_file" in report.records:
        values["backup_file"] = report.get("backup_file")
    if "msg" in report.records and not report.failed:
        values["msg"] = report.get("msg")
    if not report.changes:
        values["path"] = report.get("dest")  # as Ansible says it of a file that is as it should be
    return values | file_values(report)


def written_diff(report: Report, content: bytes | Path | None) -> tuple[Diff, ...]:
    """The difference of a program `write`, when it changed the content."""
    if content is None or "content" not in report.records:
        return ()
    name = report.get("dest")
    before = report.get("before").encode("utf-8", "surrogateescape")
    return (Diff(_shown(before), _shown(beginning(content)), f"before: {name}", f"after: {name}"),)


def beginning(content: bytes | Path) -> bytes:
    """All of it, or a little more than TEXT_LIMIT."""
    if isinstance(content, bytes):
        return content
    with content.open("rb") as file:
        return file.read(TEXT_LIMIT + 1)


def _shown(data: bytes) -> str:
    if len(data) > TEXT_LIMIT:
        return "(more than 1 MiB)\n"
    if b"\0" in data:
        return f"(no text: {len(data)} bytes)\n"
    return data.decode("utf-8", "surrogateescape")


class Written(FileAttributes, Module):
    """What copy and template have in common: one file whose content the controller has."""

    body: ClassVar[str] = WRITE
    lists_diff: ClassVar[bool] = True

    dest: str
    """The file; a directory (it exists, or ends in `/`) means the source's name in it."""
    backup: bool = False
    """Keep a copy of a file that is replaced, with the time in its name."""
    force: bool = True
    """Replace a file that holds something else; otherwise only a missing one is written."""
    follow: bool = False
    """Where `dest` is a link, write the file that it points to instead of replacing the link."""
    validate_: str | None = parameter(None, name="validate")
    """A command that accepts or refuses the new file before it is put in place; %s is its path."""
    mode: SourceMode | None = None
    """The mode, octal or symbolic, or `preserve` for that of the source; unset keeps the file's."""

    _content: bytes | Path | None = None
    _summing: Sum | None = None

    def written(
        self, content: bytes | Path, origin: Path | None, sha1: bool = True, /, **more: Value
    ) -> Program:
        """The program for `content`, which came from the local file `origin`."""
        self._content = content
        if self.mode == "preserve" and "mode" not in more:
            mode = 0o600 if origin is None else origin.stat().st_mode  # as Ansible's own file has
            more["mode"] = f"{mode & 0o7777:04o}"
        values: dict[str, Value] = {
            "name": "" if origin is None else origin.name,
            "follow": self.follow,
            "force": self.force,
            "backup": self.backup,
            "validate": validation(self.validate_),
        }
        program = write(self.dest, content, self, sha1, **(values | more))
        self._summing = program.sum
        return program

    def returns(self, report: Report) -> dict[str, Any]:
        values = written_values(report)
        if isinstance(self._summing, Summing) and "checksum" in report.records:
            values["checksum"] = self._summing.digests().sha1
            if not values["checksum"]:
                del values["checksum"]
        return values

    def diff(self, report: Report) -> tuple[Diff, ...]:
        return written_diff(report, self._content)
