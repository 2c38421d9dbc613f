"""The second Ctrl-C kills the tasks on all hosts within a time limit, or says what still runs."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from provisioner.engine.effects import Answer, Exchange, SessionKey
from provisioner.errors import ConnectionLost
from provisioner.fleet import session_pool
from provisioner.fleet.login import Login
from provisioner.fleet.session_pool import SessionPool
from provisioner.remote import session as sessions
from provisioner.remote.local import LocalConnection
from provisioner.remote.shell import Program, Step
from tests.lab.processes import wait_for
from tests.remote.counting_connection import CountingConnection

LONG = 60.0
"""Timeout of a test in seconds."""

KEY = SessionKey("h1")


class Fleet:
    """One host, on which a thread runs the steps of a frame."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._answers = folder, list[Answer]()
        self.logins: list[LocalConnection] = []
        self.make_connection: Callable[[], LocalConnection] = LocalConnection
        self.pool = SessionPool(self._connect, 1, nullcontext)
        self._thread = threading.Thread(target=self._exchange, daemon=True)
        self._steps: tuple[Step, ...] = ()

    def _connect(self, _host: str, _variables: object) -> Login:
        self.logins.append(self.make_connection())
        return Login(self.logins[-1], "root")

    def _exchange(self) -> None:
        exchange = Exchange(KEY, self._steps, {})
        self._answers.append(self.pool.sessions_of("h1").exchange(exchange))

    def start(self, *bodies: str) -> None:
        """Send a frame, and wait until the first of its bodies runs."""
        begun = self._folder / "begun"
        self._steps = tuple(
            Step(Program(f"body{number}", f"touch {begun}\n{body}"), "apply", tolerant=True)
            for number, body in enumerate(bodies)
        )
        self._thread.start()
        wait_for(begun.exists, LONG, "the task")

    def answer(self) -> Answer:
        self._thread.join(LONG)
        (answer,) = self._answers
        return answer


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path)
    yield fleet
    fleet.pool.close()


def test_a_killed_task_has_failed_and_its_host_stays_connected(fleet: Fleet) -> None:
    fleet.start("trap '' TERM; sleep 300")
    fleet.pool.kill()
    answer = fleet.answer()
    assert (answer.lost, len(answer.reports)) == (None, 1)
    assert answer.reports[0].status not in (None, 0)
    assert fleet.pool.sessions_of("h1").is_open


def test_also_the_later_tasks_of_a_frame_are_killed(fleet: Fleet) -> None:
    fleet.start("sleep 300", "sleep 301", "sleep 302")
    fleet.pool.kill()
    answer = fleet.answer()
    assert answer.lost is None
    assert [report.status not in (None, 0) for report in answer.reports] == [True] * 3


def test_a_task_that_cannot_be_killed_is_lost_and_what_runs_is_named(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "KILL", f"kill() {{ :; }}\n{sessions.KILL}")
    monkeypatch.setattr(session_pool, "KILL_SECONDS", LONG)
    fleet.start("exec sleep 300")
    fleet.pool.kill()
    answer = fleet.answer()
    assert isinstance(answer.lost, ConnectionLost)
    assert answer.sent
    assert [report.status for report in answer.reports] == [None]
    begin = "it was interrupted and could not be killed: on the host still run: "
    assert answer.lost.reason.startswith(begin)
    for process in answer.lost.reason.removeprefix(begin).split(", "):
        os.kill(int(process.split()[0]), signal.SIGKILL)


def test_where_sshd_allows_one_session_a_task_is_killed_over_another_connection(
    fleet: Fleet,
) -> None:
    fleet.make_connection = lambda: CountingConnection(allowed=1)
    fleet.start("sleep 300")
    fleet.pool.kill()
    answer = fleet.answer()
    assert (answer.lost, len(fleet.logins)) == (None, 2)


def test_a_host_that_does_not_answer_ends_the_kill_at_its_time_limit(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "KILL", "sleep 300")
    monkeypatch.setattr(session_pool, "KILL_SECONDS", 0.5)
    fleet.start("sleep 300")
    began = time.monotonic()
    fleet.pool.kill()
    answer = fleet.answer()
    assert time.monotonic() < began + sessions.KILL_SECONDS
    assert isinstance(answer.lost, ConnectionLost)
    assert [report.status for report in answer.reports] == [None]
    assert "the host did not answer within" in answer.lost.reason
