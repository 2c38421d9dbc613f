"""fetch: copy a file of the host to the controller."""

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

from provisioner.modules.framework.base import Module, ModuleError, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.shared.digests import StreamDigest
from provisioner.remote.shell import LARGE_REPORT_LIMIT, Program, Report, Value

RESOLVE = r"""
expand src
report source "$src"
"""

PIECE = 1 << 23
"""A file that arrives is flushed to the disk after so many bytes."""


class IncomingFile:
    """Receives a file as a temporary file, which replaces the local file in the end."""

    def __init__(self, path: Path, algorithms: Sequence[str]) -> None:
        self.digests = {algorithm: StreamDigest(algorithm) for algorithm in algorithms}
        self._path = path
        self._temporary = path.with_name(f".{path.name[:200]}.provision-{secrets.token_hex(8)}")
        self._file: IO[bytes] | None = None
        self._unflushed = 0
        self._flush: threading.Thread | None = None
        self._problem: OSError | None = None

    def write(self, data: bytes | memoryview) -> None:
        """Write the next bytes. An error of the disk is raised later, by `keep`."""
        for stream in self.digests.values():
            stream.add(data)
        if self._problem is None:
            try:
                if self._file is None:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    self._file = self._temporary.open("xb", buffering=0)
                _write_all(self._file, data)
            except OSError as error:
                self._discard()
                self._problem = error
            self._unflushed += len(data)
            if self._unflushed >= PIECE:
                self._begin_flush()

    def _begin_flush(self) -> None:
        """Flush to the disk in a thread while more arrives, so that the end takes less time."""
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
        """Replace the local file. `ModuleError` if it could not be written."""
        self._end_flush()
        try:
            if self._problem is not None:
                raise self._problem
            if self._file is not None:
                os.fsync(self._file.fileno())
                self._file.close()
                self._temporary.replace(self._path)
        except OSError as error:
            self._discard()
            raise ModuleError(
                f"{self._path} can't be written on the controller: {error.strerror}"
            ) from None

    def abandon(self) -> None:
        """Remove the temporary file."""
        for stream in self.digests.values():
            stream.end()
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
    """Copy a file of the host to the controller."""

    ignores_unknown: ClassVar[bool] = True

    body: ClassVar[str] = load_body("fetch.sh")
    report_limit: ClassVar[int] = LARGE_REPORT_LIMIT

    src: str
    """The file on the host."""
    dest: str
    """A directory of the controller, relative to the playbook. The file becomes `DEST/HOST/SRC`.
    With `flat` it is the file, or with `/` at its end the directory of the file."""
    flat: bool = False
    """Write the file to `dest` itself, without the host's name and the path."""
    fail_on_missing: bool = True
    """Fail if the file does not exist."""
    validate_checksum: bool = True
    """Compare the checksum of the received file with the one on the host."""

    _path: Path = Path()
    _incoming: IncomingFile
    _context: TaskContext

    @property
    def edits(self) -> bool:
        """True if `src` begins with `~`: only the host knows it, and `dest` contains the path."""
        return self.src.startswith("~") and not self.flat

    def program(self, context: TaskContext) -> Program:
        if self.edits:
            self._context = context
            return Program("fetch_resolve", RESOLVE, {"src": self.src})
        return self._program(self.src, context)

    def edit(self, report: Report) -> Program | None:
        return self._program(report.get("source"), self._context) if self.edits else None

    def _program(self, src: str, context: TaskContext) -> Program:
        self._path = self._local(src, context)
        self._incoming = IncomingFile(
            self._path, ["sha1", "md5"] if context.registered else ["sha1"]
        )
        old_sha1, old_size = _sha1_and_size(self._path)
        variables: dict[str, Value] = {
            "src": src,
            "fail_on_missing": self.fail_on_missing,
            "old_sha1": old_sha1,
            "old_size": old_size,
            "dest": str(self._path),
        }
        limit = self.report_limit
        return Program("fetch", self.body, variables, receiver=self._incoming, report_limit=limit)

    def _local(self, src: str, context: TaskContext) -> Path:
        if self.flat:
            name = posixpath.basename(src) if self.dest.endswith("/") else ""
            path = context.local(self.dest) / name
            if path.is_dir():
                raise ModuleError(f"{path} is a directory: end dest with / to fetch into it")
            return path
        if context.host in (".", "..") or "/" in context.host:
            raise ModuleError(f"the host's name {context.host!r} can't be the name of a directory")
        # normpath removes `..`, so that the path stays below dest.
        inside = posixpath.normpath("/" + src).lstrip("/")
        return context.local(self.dest) / context.host / inside

    def finish(self, report: Report) -> dict[str, Any]:
        if "encoded" in report.records:
            self._incoming.write(base64.b64decode(report.get("encoded")))
        elif "content" not in report.records:
            return {}
        digests = {name: stream.end() for name, stream in self._incoming.digests.items()}
        digest = digests["sha1"]
        if self.validate_checksum and digest != report.get("checksum"):
            self._incoming.abandon()
            raise ModuleError(
                f"{self.src} changed while it was fetched: {self._path} was not changed"
            )
        self._incoming.keep()
        md5 = {"md5sum": digests["md5"]} if "md5" in digests else {}
        return {"checksum": digest, **md5, "remote_md5sum": None}

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"file": report.get("source") or self.src}
        if report.changes or "checksum" in report.records:
            values["dest"] = str(self._path)
        if "checksum" in report.records:
            values |= dict.fromkeys(("checksum", "remote_checksum"), report.get("checksum"))
        return values


def _sha1_and_size(path: Path) -> tuple[str, str]:
    """Return the SHA-1 and size of a local file; "" for both if it can't be read."""
    try:
        with path.open("rb") as file:
            sha1 = hashlib.file_digest(file, _new_sha1).hexdigest()
            return sha1, str(os.fstat(file.fileno()).st_size)
    except OSError:
        return "", ""


def _new_sha1() -> Any:
    return hashlib.sha1(usedforsecurity=False)
