"""fetch: a file of the host is on the controller too."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import posixpath
import secrets
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, ClassVar

from provisioner.modules.framework.base import LENIENT, Module, ModuleError, TaskContext, Text
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.model import PrivateAttr
from provisioner.modules.shared.sums import Passing
from provisioner.remote.shell import Program, Report, Value

HOME = r"""
expand src
report source "$src"
"""

PIECE = 1 << 23
"""Bytes after which a file that arrives is flushed to the disk."""


class Arriving:
    """A local file while it arrives beside its place: whole there in the end, or not at all."""

    def __init__(self, place: Path, algorithms: Sequence[str]) -> None:
        self.sums = {algorithm: Passing(algorithm) for algorithm in algorithms}
        self._place = place
        self._temporary = place.with_name(f".{place.name[:200]}.provision-{secrets.token_hex(8)}")
        self._file: IO[bytes] | None = None
        self._unflushed = 0
        self._flush: threading.Thread | None = None
        self._problem: OSError | None = None

    def write(self, data: bytes | memoryview) -> None:
        """The next bytes. What goes wrong on the disk is told by `keep`."""
        for passing in self.sums.values():
            passing.add(data)
        if self._problem is None:
            try:
                if self._file is None:
                    self._place.parent.mkdir(parents=True, exist_ok=True)
                    self._file = self._temporary.open("xb", buffering=0)
                _write_all(self._file, data)
            except OSError as error:
                self._discard()
                self._problem = error
            self._unflushed += len(data)
            if self._unflushed >= PIECE:
                self._begin_flush()

    def _begin_flush(self) -> None:
        """Have what is there go to the disk while more arrives: less to wait for at the end."""
        self._end_flush()
        self._unflushed = 0
        self._flush = threading.Thread(target=self._flush_now, daemon=True)
        self._flush.start()

    def _flush_now(self) -> None:
        try:
            if self._file is not None:
                os.fsync(self._file.fileno())
        except OSError as error:
            self._problem = error

    def _end_flush(self) -> None:
        if self._flush is not None:
            self._flush.join()
            self._flush = None

    def keep(self) -> None:
        """Put it into its place. `ModuleError` when it could not be written."""
        self._end_flush()
        try:
            if self._problem is not None:
                raise self._problem
            if self._file is not None:
                os.fsync(self._file.fileno())
                self._file.close()
                self._temporary.replace(self._place)
        except OSError as error:
            self._discard()
            raise ModuleError(
                f"{self._place} can't be written on this machine: {error.strerror}"
            ) from None

    def abandon(self) -> None:
        """Leave nothing behind."""
        for passing in self.sums.values():
            passing.end()
        self._discard()

    def _discard(self) -> None:
        self._end_flush()
        if self._file is not None:
            self._file.close()
            with contextlib.suppress(OSError):
                self._temporary.unlink()


def _write_all(file: IO[bytes], data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


class Fetch(Module):
    """Keep a copy of a host's file on the controller."""

    model_config = LENIENT
    ignores: ClassVar[bool] = True

    body: ClassVar[str] = load_body("fetch.sh")

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
    _arriving: Arriving = PrivateAttr()
    _sources: TaskContext = PrivateAttr()

    @property
    def edits(self) -> bool:
        """Only the host knows where `~` is, which is part of the file's place here."""
        return self.src.startswith("~") and not self.flat

    def program(self, context: TaskContext) -> Program:
        if self.edits:
            self._sources = context
            return Program("fetch_home", HOME, {"src": self.src})
        return self._program(self.src, context)

    def edit(self, report: Report) -> Program | None:
        return self._program(report.get("source"), self._sources) if self.edits else None

    def _program(self, src: str, context: TaskContext) -> Program:
        self._place = self._local(src, context)
        self._arriving = Arriving(self._place, ["sha1", "md5"] if context.asked else ["sha1"])
        sha1, size = _have(self._place)
        variables: dict[str, Value] = {
            "src": src,
            "fail_on_missing": self.fail_on_missing,
            "have": sha1,
            "have_size": size,
            "place": str(self._place),
        }
        return Program("fetch", self.body, variables, receiver=self._arriving)

    def _local(self, src: str, context: TaskContext) -> Path:
        if self.flat:
            name = posixpath.basename(src) if self.dest.endswith("/") else ""
            place = context.local(self.dest) / name
            if place.is_dir():
                raise ModuleError(f"{place} is a directory: end dest in / to fetch into it")
            return place
        if context.host in (".", "..") or "/" in context.host:
            raise ModuleError(f"the host's name {context.host!r} can't be a directory's name")
        # normpath: a `..` in it does not lead out of the directory.
        inside = posixpath.normpath("/" + src).lstrip("/")
        return context.local(self.dest) / context.host / inside

    def settle(self, report: Report) -> dict[str, Any]:
        if "encoded" in report.records:
            self._arriving.write(base64.b64decode(report.get("encoded")))
        elif "content" not in report.records:
            return {}
        sums = {name: passing.end() for name, passing in self._arriving.sums.items()}
        digest = sums["sha1"]
        if self.validate_checksum and digest != report.get("checksum"):
            self._arriving.abandon()
            raise ModuleError(
                f"{self.src} changed while it was fetched: {self._place} is left as it was"
            )
        self._arriving.keep()
        md5 = {"md5sum": sums["md5"]} if "md5" in sums else {}
        return {"checksum": digest, **md5, "remote_md5sum": None}

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"file": report.get("source") or self.src}
        if report.changes or "checksum" in report.records:
            values["dest"] = str(self._place)
        if "checksum" in report.records:
            values |= dict.fromkeys(("checksum", "remote_checksum"), report.get("checksum"))
        return values


def _have(path: Path) -> tuple[str, str]:
    """The SHA-1 and size of a local file; "" where there is none that can be read."""
    try:
        with path.open("rb") as file:
            sha1 = hashlib.file_digest(file, _new_sha1).hexdigest()
            return sha1, str(os.fstat(file.fileno()).st_size)
    except OSError:
        return "", ""


def _new_sha1() -> Any:
    return hashlib.sha1(usedforsecurity=False)
