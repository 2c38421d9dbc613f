"""The shells of one host: where sshd is sparing with them, and where they end by themselves."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.engine.effects import Exchange, Seat
from provisioner.errors import NoSession
from provisioner.fleet.sessions import ENDED, Login, Sessions
from provisioner.remote.become import Become
from provisioner.remote.session import Step
from provisioner.remote.shell import Program
from provisioner.remote.ssh import connect
from tests.lab.processes import wait_for
from tests.remote.sshd import Sshd, sshd

WHO = Step(Program("who", "report out $(id -un)\n"), "apply")
SEATS = (
    Seat("h"),
    Seat("h", become=Become("nobody", "su")),
    Seat("h", become=Become("daemon", "su")),
)


def test_shells_take_turns_where_sshd_allows_one_session_only(tmp_path: Path) -> None:
    with sshd(tmp_path, "MaxSessions 1") as server:
        server.trust()
        sessions = Sessions(lambda _host, _variables: Login(connect(server.target()), "root"))
        for seat in (*SEATS, *SEATS):
            answer = sessions.exchange(Exchange(seat, (WHO,), {}))
            assert answer.lost is None
            user = seat.become.user if seat.become else "root"
            assert answer.reports[0].get("out") == user
        sessions.close()


def test_where_no_session_is_allowed_at_all_the_host_is_unreachable(tmp_path: Path) -> None:
    with sshd(tmp_path, "MaxSessions 0") as server:
        server.trust()
        sessions = Sessions(lambda _host, _variables: Login(connect(server.target()), "root"))
        answer = sessions.exchange(Exchange(SEATS[0], (WHO,), {}))
        assert isinstance(answer.lost, NoSession)
        assert not answer.sent
        sessions.close()


def end_shell(pid: int, _server: Sshd) -> None:
    os.kill(pid, signal.SIGKILL)


def end_connection(_pid: int, server: Sshd) -> None:
    server.signal_connections(signal.SIGKILL)


@pytest.mark.parametrize("end", [end_shell, end_connection])
def test_what_ended_while_nothing_was_under_way_is_opened_anew(
    tmp_path: Path, end: Callable[[int, Sshd], None]
) -> None:
    with sshd(tmp_path) as server:
        server.trust()
        sessions = Sessions(lambda _host, _variables: Login(connect(server.target()), "root"))
        which = Step(Program("which", "report out $$\n"), "apply")
        answers = [sessions.exchange(Exchange(SEATS[0], (which,), {})) for _ in range(2)]
        first, second = (int(answer.reports[0].get("out")) for answer in answers)
        assert first == second
        end(first, server)
        wait_for(lambda: not sessions._sessions[SEATS[0]].alive, 60, "the end to be noticed")
        answer = sessions.exchange(Exchange(SEATS[0], (which,), {}))
        assert int(answer.reports[0].get("out")) != first
        assert (answer.lost, answer.notices) == (None, (ENDED,))
        sessions.close()
