"""Run a module as root again and again while its path is swapped, and look at root's files."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from provisioner.modules import find_module
from provisioner.remote.local import LocalConnection
from provisioner.remote.session import Session
from provisioner.remote.shell import Mode, Program, Report, Step
from tests.modules.conftest import SHELLS, FakeContext, ShellConnection
from tests.races.arena import Arena, State
from tests.races.targets import TARGETS, Target

TIDY = 50
"""Rounds after which the files that the task has left are removed."""

TIMEOUT = 20.0
"""Seconds that a round may take. A user who lets a task hang has not won, but it is counted."""


@dataclass
class Outcome:
    """The result of a race. `harm`: what the user has achieved. `failures`: number by reason."""

    rounds: int = 0
    changed: int = 0
    seconds: float = 0.0
    harm: list[str] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)


class Racer:
    """Runs one module as root."""

    def __init__(self, session: Session, target: Target, arena: Arena) -> None:
        self._session = session
        self._module = find_module(target.module)
        self._arguments = target.arguments(arena)
        self._context = FakeContext(arena.home.parent / "sources")

    def round(self) -> Report:
        """Run the module once, with its edit if it has one."""
        model = self._module.from_arguments(self._arguments)
        reading = type(model).edit is not find_module("file").edit
        report = self._exchange(model.program(self._context), "look" if reading else "apply")
        edit = model.edit(report) if report.done else None
        return report if edit is None else self._exchange(edit, "apply")

    def _exchange(self, program: Program, mode: Mode) -> Report:
        (report,) = self._session.exchange([Step(program, mode, timeout=TIMEOUT)])
        return report


def run(target: Target, is_folder: bool, rounds: int, shell: str = "dash") -> Outcome:
    """Run a race until the user has won once."""
    outcome, start = Outcome(), time.monotonic()
    with _arena(is_folder) as arena, _session(shell, arena) as session:
        target.prepare(arena)
        racer, before = Racer(session, target, arena), arena.state()
        with arena.swaps():
            while outcome.rounds < rounds and not outcome.harm:
                report = racer.round()
                outcome.rounds += 1
                outcome.changed += bool(report.changes) and not report.failed
                if report.failed:
                    outcome.failures[_reason(report.failed, arena)] += 1
                outcome.harm = _harm(arena, before)
                if outcome.rounds % TIDY == 0:
                    arena.tidy()
    outcome.seconds = time.monotonic() - start
    return outcome


def _harm(arena: Arena, before: State) -> list[str]:
    after = arena.state()
    harm = [
        f"{path}: {before.get(path)} is now {after.get(path)}"
        for path in {**before, **after}
        if before.get(path) != after.get(path)
    ]
    return harm + [f"the user can read root's secret in {path}" for path in arena.leaks()]


def _reason(failed: str, arena: Arena) -> str:
    return re.sub(r"provision-[\w-]+", "provision-*", failed.replace(str(arena.home), "HOME"))


@contextmanager
def _arena(is_folder: bool) -> Iterator[Arena]:
    with tempfile.TemporaryDirectory(prefix="race-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        for name in ("sources", "fakes", "rootshome"):
            (root / name).mkdir()
        arena = Arena(root / "home", root / "vault", is_folder)
        arena.prepare()
        yield arena


@contextmanager
def _session(shell: str, arena: Arena) -> Iterator[Session]:
    root = arena.home.parent
    connection: LocalConnection = ShellConnection(SHELLS[shell], root / "fakes", root / "rootshome")
    session = Session(connection)
    try:
        yield session
    finally:
        session.close()
        connection.close()


def races(name: str) -> Iterator[tuple[str, Target, bool]]:
    """Yield (title, target, is_folder) for the target or, for "all", for every target."""
    for key, target in TARGETS.items():
        if name in (key, "all"):
            for is_folder in target.folders:
                yield (
                    f"{key}, a {'directory' if is_folder else 'file'} is swapped",
                    target,
                    is_folder,
                )


def is_possible() -> bool:
    """Whether this process may run as root and as another user."""
    return os.geteuid() == 0
