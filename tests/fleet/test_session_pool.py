"""The shells of one host: where sshd is sparing with them, and where they end by themselves."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.engine.effects import Exchange, SessionKey
from provisioner.errors import BecomeFailed, SessionRefused
from provisioner.fleet.session_pool import ENDED, Login, Sessions
from provisioner.remote.become import Become
from provisioner.remote.local import LocalChannel, LocalConnection
from provisioner.remote.shell import Program, Step
from provisioner.remote.ssh.connection import connect
from tests.lab.processes import wait_for
from tests.remote.sshd import Sshd, sshd

WHO = Step(Program("who", "report out $(id -un)\n"), "apply")
SEATS = (
    SessionKey("h"),
    SessionKey("h", become=Become("nobody", "su")),
    SessionKey("h", become=Become("daemon", "su")),
)


def test_shells_take_turns_where_sshd_allows_one_session_only(tmp_path: Path) -> None:
    with sshd(tmp_path, "MaxSessions 1") as server:
        server.trust()
        sessions = Sessions(lambda _host, _variables: Login(connect(server.target()), "root"))
        for session_key in (*SEATS, *SEATS):
            answer = sessions.exchange(Exchange(session_key, (WHO,), {}))
            assert answer.lost is None
            user = session_key.become.user if session_key.become else "root"
            assert answer.reports[0].get("out") == user
        sessions.close()


def test_where_no_session_is_allowed_at_all_the_host_is_unreachable(tmp_path: Path) -> None:
    with sshd(tmp_path, "MaxSessions 0") as server:
        server.trust()
        sessions = Sessions(lambda _host, _variables: Login(connect(server.target()), "root"))
        answer = sessions.exchange(Exchange(SEATS[0], (WHO,), {}))
        assert isinstance(answer.lost, SessionRefused)
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


def test_a_connection_that_ended_is_told_of_once_whoever_has_a_shell_on_it(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        server.trust()
        sessions = Sessions(lambda _host, _variables: Login(connect(server.target()), "root"))
        for session_key in SEATS:
            sessions.exchange(Exchange(session_key, (WHO,), {}))
        server.signal_connections(signal.SIGKILL)
        wait_for(lambda: not sessions._sessions[SEATS[0]].alive, 60, "the end to be noticed")
        answers = [sessions.exchange(Exchange(session_key, (WHO,), {})) for session_key in SEATS]
        assert [answer.lost for answer in answers] == [None] * 3
        assert [answer.notices for answer in answers] == [(ENDED,), (), ()]
        sessions.close()


class Kept(LocalConnection):
    """A connection that keeps whether it was asked for terminals."""

    def __init__(self) -> None:
        super().__init__()
        self.terminals: list[bool] = []

    def open(self, command: str, *, terminal: bool = False) -> LocalChannel:
        self.terminals.append(terminal)
        return super().open(command)


@pytest.fixture
def refuse_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has sudo say something and end, once; then it lets everybody in."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    def refuse(words: str) -> None:
        sudo = tmp_path / "sudo"
        sudo.write_text(f"""#!/bin/sh
[ -e {tmp_path}/refused ] || {{ touch {tmp_path}/refused; echo sudo: {words}; exit 1; }}
while [ "$1" != /bin/sh ]; do shift; done
exec "$@"
""")
        sudo.chmod(0o755)

    return refuse


def test_whom_sudo_has_refused_it_may_let_in_later(refuse_once: Callable[[str], None]) -> None:
    refuse_once("unknown user: app")
    sessions = Sessions(lambda _host, _variables: Login(LocalConnection(), "me"))
    request = Exchange(SessionKey("h", become=Become("app")), (WHO,), {})
    assert isinstance(sessions.exchange(request).lost, BecomeFailed)
    answer = sessions.exchange(request)
    assert (answer.lost, len(answer.reports)) == (None, 1)
    sessions.close()


def test_only_sudo_is_given_the_terminal_that_it_wants(refuse_once: Callable[[str], None]) -> None:
    refuse_once("sorry, you must have a tty to run sudo")
    kept = Kept()
    sessions = Sessions(lambda _host, _variables: Login(kept, "me"))
    for become in (Become("app"), Become("nobody", "su")):
        assert sessions.exchange(Exchange(SessionKey("h", become=become), (WHO,), {})).lost is None
    assert kept.terminals == [False, True, False]
    sessions.close()
