"""fetch: a file of the host is on the controller too."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import posixpath
import secrets
from pathlib import Path
from typing import Any, ClassVar

from pydantic import PrivateAttr

from provisioner.modules.base import Module, ModuleError, Sources, Text
from provisioner.remote.shell import Program, Report, Value

BODY = r"""
# send: the content as a blob. Zeros behind the file keep the frame whole if it just shrank.
send() {
    size=$(stat -L -c %s -- "$src")
    if [ "$size" = 0 ]; then  # /proc says that of all its files
        report encoded "$(base64 -w 0 <"$src")"
        return
    fi
    printf '#content %d %d\0' "$size" "$size" >&3
    { cat -- "$src"; cat /dev/zero; } |
        dd bs=65536 iflag=fullblock,count_bytes count="$size" 2>/dev/null >&3
}

expand src
report source "$src"
if [ ! -e "$src" ]; then
    if [ "$fail_on_missing" = no ]; then
        report msg 'the remote file does not exist, not transferring, ignored'
        return
    fi
    [ "$look" = yes ] ||
        fail "$src does not exist: create it in an earlier task, or set fail_on_missing: false"
    changed "fetch $src to $place"
    return
fi
[ ! -d "$src" ] || fail "$src is a directory: fetch takes one file"
[ -f "$src" ] || fail "$src is not a file"
sum=$(sha1sum <"$src") || fail "$src can't be read by this user: add become"
sum=${sum%% *}
report checksum "$sum"
[ "$sum" != "$have" ] || return 0
[ "$look" = yes ] || send
changed "fetch $src to $place"
"""


class Fetch(Module):
    """Keep a copy of a host's file on the controller."""

    body: ClassVar[str] = BODY

    src: Text
    """The file on the host."""
    dest: Text
    """The directory on the controller, beside the playbook unless absolute: the file becomes
    `DEST/HOST/SRC`. With `flat` the file itself, or where it ends in `/` its directory."""
    flat: bool = False
    """Do not put the host's name and the file's path below `dest`."""
    fail_on_missing: bool = True
    """Fail where the file is not there."""
    validate_checksum: bool = True
    """Compare what arrived with what the host says of it."""

    _place: Path = PrivateAttr(Path())

    def program(self, sources: Sources) -> Program:
        self._place = self._local(sources)
        variables: dict[str, Value] = {
            "src": self.src,
            "fail_on_missing": self.fail_on_missing,
            "have": _sha1(self._place),
            "place": str(self._place),
        }
        return Program("fetch", self.body, variables)

    def _local(self, sources: Sources) -> Path:
        if self.flat:
            name = posixpath.basename(self.src) if self.dest.endswith("/") else ""
            place = sources.local(self.dest) / name
            if place.is_dir():
                raise ModuleError(f"{place} is a directory: end dest in / to fetch into it")
            return place
        if self.src.startswith("~"):
            raise ModuleError(f"src: give the whole path in place of {self.src}, or flat: true")
        if sources.host in (".", "..") or "/" in sources.host:
            raise ModuleError(f"the host's name {sources.host!r} can't be a directory's name")
        # normpath: a `..` in it does not lead out of the directory.
        inside = posixpath.normpath("/" + self.src).lstrip("/")
        return sources.local(self.dest) / sources.host / inside

    def settle(self, report: Report) -> dict[str, Any]:
        if "content" in report.records:
            data = report.get("content").encode("utf-8", "surrogateescape")
        elif "encoded" in report.records:
            data = base64.b64decode(report.get("encoded"))
        else:
            return {}
        digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        if self.validate_checksum and digest != report.get("checksum"):
            raise ModuleError(
                f"{self.src} changed while it was fetched: {self._place} is left as it was"
            )
        _write(self._place, data)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return {"checksum": digest, "md5sum": md5, "remote_md5sum": None}

    def returns(self, report: Report) -> dict[str, Any]:
        if "checksum" not in report.records:
            return {"file": self.src}
        known = {"checksum": report.get("checksum"), "remote_checksum": report.get("checksum")}
        return {"file": self.src, "dest": str(self._place), **known}


def _sha1(path: Path) -> str:
    """The SHA-1 of a local file; "" where there is none that can be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, _new_sha1).hexdigest()
    except OSError:
        return ""


def _new_sha1() -> Any:
    return hashlib.sha1(usedforsecurity=False)


def _write(path: Path, data: bytes) -> None:
    """Make `path` a file with `data`, whole or not at all."""
    temporary = path.with_name(f".{path.name[:200]}.provision-{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise ModuleError(f"{path} can't be written on this machine: {error.strerror}") from None
