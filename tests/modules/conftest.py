"""Run a module's body under each shell that a host may have, with fakes for other commands."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.base import HostAccess, Module
from provisioner.remote.local import LocalChannel, LocalConnection
from provisioner.remote.session import Session
from provisioner.remote.shell import Mode, Program, Report, Step
from tests.modules.mysql_server import mysql, mysql_server  # noqa: F401
from tests.modules.postgresql_server import postgresql, postgresql_server  # noqa: F401

SHELLS = {"dash": "dash", "bash": "bash --posix", "busybox": "busybox sh"}


class ShellConnection(LocalConnection):
    """This machine, with another sh and with `fakes` first in PATH."""

    def __init__(self, sh: str, fakes: Path, home: Path) -> None:
        super().__init__(("/bin/sh",))
        self._sh, self._fakes, self._home = sh, fakes, home

    def open(self, command: str, *, terminal: bool = False) -> LocalChannel:
        inner = command.replace("/bin/sh -c", f"{self._sh} -c")
        return super().open(
            f"HOME={self._home} PATH={self._fakes}:$PATH; export PATH HOME; {inner}"
        )


@dataclass
class FakeContext:
    """A TaskContext for tests: files below one folder, not rendered."""

    folder: Path

    def find(self, folder: str, name: str) -> Path:
        return self.folder / name

    def content(self, path: Path) -> bytes | Path:
        return path

    def render(
        self, path: Path, options: Mapping[str, Any], more: Mapping[str, Any] | None = None
    ) -> str:
        return path.read_text()

    def variables(self, path: Path) -> Mapping[str, Any]:
        return {}

    def local(self, name: str) -> Path:
        return self.folder / name

    host: str = "web1"
    registered: bool = True
    host_access: HostAccess = field(default_factory=lambda: HostAccess("web1", {}, same=True))


@dataclass
class Host:
    """A fake host: a temporary directory, fakes for its commands, and one session."""

    root: Path
    session: Session
    fakes: Path
    log: Path
    context: FakeContext
    environment: dict[str, str] = field(default_factory=dict)

    def fake(self, name: str, script: str) -> None:
        """Put a command first in PATH. Each call is logged as one line; `script` is sh."""
        path = self.fakes / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.log}\n{script}\n')
        path.chmod(0o755)

    def calls(self) -> list[str]:
        """Return the calls of fakes since the last time."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines

    def run(self, module: str, how: Mode = "apply", /, **arguments: Any) -> Report:
        """Run a module once, with its edit if it has one, and return the report."""
        return self._run(find_module(module).from_arguments(arguments), how)

    def _run(self, model: Module, how: Mode) -> Report:
        report = self.exchange(model.program(self.context), how)
        edit = model.edit(report) if report.done else None
        return report if edit is None else self.exchange(edit, how)

    def returned(self, module: str, /, **arguments: Any) -> dict[str, Any]:
        """Run a module once and return its return values."""
        model = find_module(module).from_arguments(arguments)
        return model.returns(self._run(model, "apply"))

    def exchange(self, program: Program, how: Mode) -> Report:
        (report,) = self.session.exchange([Step(program, how, self.environment, diff=True)])
        return report

    def look(self, module: str, /, **arguments: Any) -> Report:
        return self.run(module, "look", **arguments)

    def values(self, module: str, report: Report, /, **arguments: Any) -> dict[str, Any]:
        """Return the module's return values for `report`."""
        return find_module(module).from_arguments(arguments).returns(report)


@pytest.fixture(params=sorted(SHELLS))
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    """A fake host under dash, bash --posix and busybox sh."""
    sh: str = SHELLS[request.param]
    if shutil.which(sh.split()[0]) is None:
        pytest.fail(f"{sh} is not installed: `make setup` installs it")
    fakes, root, home = (tmp_path / name for name in ("fakes", "root", "home"))
    for folder in (fakes, root, home, tmp_path / "sources"):
        folder.mkdir()
    connection = ShellConnection(sh, fakes, home)
    session = Session(connection)
    yield Host(root, session, fakes, tmp_path / "calls", FakeContext(tmp_path / "sources"))
    session.close()
    connection.close()


def listing(root: Path) -> Sequence[tuple[str, int, int, int]]:
    """Return every path below `root` with mode, size and modification time in nanoseconds."""
    found = []
    for folder, names, files in os.walk(root):
        for name in (*names, *files):
            path = Path(folder, name)
            stat = path.lstat()
            found.append((str(path), stat.st_mode, stat.st_size, stat.st_mtime_ns))
    return sorted(found)


@pytest.fixture
def small(host: Host) -> Iterator[Path]:
    """A file system of 64 KiB, or a skip if nothing can be mounted."""
    folder = host.root / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
