"""The shells of one host: limits of sshd, lost sessions, and refusals of sudo."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.engine.effects import Exchange, SessionKey
from provisioner.errors import BecomeFailed, SessionRefused
from provisioner.fleet.host_sessions import REOPENED, HostSessions
from provisioner.fleet.login import Login
from provisioner.remote.become import Become
from provisioner.remote.local import LocalChannel, LocalConnection
from provisioner.remote.shell import Mode, Program, Step
from provisioner.remote.ssh.connection import connect
from tests.lab.processes import wait_for
from tests.remote.sshd import Sshd, sshd

WHO = Step(Program("who", "report out $(id -un)\n"), "apply")
SESSION_KEYS = (
    SessionKey("h"),
    SessionKey("h", become=Become("nobody", "su")),
    SessionKey("h", become=Become("daemon", "su")),
)


def test_with_one_session_per_connection_shells_are_closed_for_each_other(tmp_path: Path) -> None:
    with sshd(tmp_path, "MaxSessions 1") as server:
        server.trust()
        sessions = HostSessions(lambda _host, _variables: Login(connect(server.target()), "root"))
        for session_key in (*SESSION_KEYS, *SESSION_KEYS):
            answer = sessions.exchange(Exchange(session_key, (WHO,), {}))
            assert answer.lost is None
            user = session_key.become.user if session_key.become else "root"
            assert answer.reports[0].get("out") == user
        sessions.close()


def test_without_allowed_sessions_the_host_is_unreachable(tmp_path: Path) -> None:
    with sshd(tmp_path, "MaxSessions 0") as server:
        server.trust()
        sessions = HostSessions(lambda _host, _variables: Login(connect(server.target()), "root"))
        answer = sessions.exchange(Exchange(SESSION_KEYS[0], (WHO,), {}))
        assert isinstance(answer.lost, SessionRefused)
        assert not answer.sent
        sessions.close()


def end_shell(pid: int, _server: Sshd) -> None:
    os.kill(pid, signal.SIGKILL)


def end_connection(_pid: int, server: Sshd) -> None:
    server.signal_connections(signal.SIGKILL)


@pytest.mark.parametrize("end", [end_shell, end_connection])
def test_a_session_that_ends_between_tasks_is_opened_again(
    tmp_path: Path, end: Callable[[int, Sshd], None]
) -> None:
    with sshd(tmp_path) as server:
        server.trust()
        sessions = HostSessions(lambda _host, _variables: Login(connect(server.target()), "root"))
        which = Step(Program("which", "report out $$\n"), "apply")
        answers = [sessions.exchange(Exchange(SESSION_KEYS[0], (which,), {})) for _ in range(2)]
        first, second = (int(answer.reports[0].get("out")) for answer in answers)
        assert first == second
        end(first, server)
        wait_for(lambda: not sessions._sessions[SESSION_KEYS[0]].alive, 60, "the end to be noticed")
        answer = sessions.exchange(Exchange(SESSION_KEYS[0], (which,), {}))
        assert int(answer.reports[0].get("out")) != first
        assert (answer.lost, answer.notices) == (None, (REOPENED,))
        sessions.close()


def test_a_lost_connection_with_several_shells_causes_one_notice(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        server.trust()
        sessions = HostSessions(lambda _host, _variables: Login(connect(server.target()), "root"))
        for session_key in SESSION_KEYS:
            sessions.exchange(Exchange(session_key, (WHO,), {}))
        server.signal_connections(signal.SIGKILL)
        wait_for(lambda: not sessions._sessions[SESSION_KEYS[0]].alive, 60, "the end to be noticed")
        answers = [
            sessions.exchange(Exchange(session_key, (WHO,), {})) for session_key in SESSION_KEYS
        ]
        assert [answer.lost for answer in answers] == [None] * 3
        assert [answer.notices for answer in answers] == [(REOPENED,), (), ()]
        sessions.close()


class RecordingConnection(LocalConnection):
    """A connection that records for each shell whether a terminal was requested."""

    def __init__(self) -> None:
        super().__init__()
        self.terminals: list[bool] = []

    def open(self, command: str, *, terminal: bool = False) -> LocalChannel:
        self.terminals.append(terminal)
        return super().open(command)


@pytest.fixture
def refuse_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Install a sudo that prints a message and fails once, and accepts everything afterwards."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    def refuse(message: str) -> None:
        sudo = tmp_path / "sudo"
        sudo.write_text(f"""#!/bin/sh
[ -e {tmp_path}/refused ] || {{ touch {tmp_path}/refused; echo sudo: {message}; exit 1; }}
while [ "$1" != /bin/sh ]; do shift; done
exec "$@"
""")
        sudo.chmod(0o755)

    return refuse


def test_sudo_may_accept_a_later_task_after_a_refusal(refuse_once: Callable[[str], None]) -> None:
    refuse_once("unknown user: app")
    sessions = HostSessions(lambda _host, _variables: Login(LocalConnection(), "me"))
    request = Exchange(SessionKey("h", become=Become("app")), (WHO,), {})
    assert isinstance(sessions.exchange(request).lost, BecomeFailed)
    answer = sessions.exchange(request)
    assert (answer.lost, len(answer.reports)) == (None, 1)
    sessions.close()


def test_only_sudo_gets_a_terminal(refuse_once: Callable[[str], None]) -> None:
    refuse_once("sorry, you must have a tty to run sudo")
    connection = RecordingConnection()
    sessions = HostSessions(lambda _host, _variables: Login(connection, "me"))
    for become in (Become("app"), Become("nobody", "su")):
        assert sessions.exchange(Exchange(SessionKey("h", become=become), (WHO,), {})).lost is None
    assert connection.terminals == [False, True, False]
    sessions.close()


IS_THERE = """
for pid in $nobody $daemon; do
    if [ -e "/proc/$pid" ]; then report there "$pid"; fi
done
"""


@pytest.mark.parametrize(("mode", "is_ended"), [("look", False), ("apply", True)])
def test_a_change_of_a_user_ends_the_sessions_as_that_user_first(
    tmp_path: Path, mode: Mode, is_ended: bool
) -> None:
    with sshd(tmp_path) as server:
        server.trust()
        sessions = HostSessions(lambda _host, _variables: Login(connect(server.target()), "root"))
        which = Step(Program("which", "report out $$\n"), "apply")
        root, *others = SESSION_KEYS
        nobody, daemon = (
            sessions.exchange(Exchange(key, (which,), {})).reports[0].get("out") for key in others
        )
        pids = {"nobody": nobody, "daemon": daemon}
        change = Step(Program("there", IS_THERE, pids, frees_user="nobody"), mode)
        answer = sessions.exchange(Exchange(root, (change,), {}))
        left = answer.reports[0].records["there"]
        assert left == ((daemon,) if is_ended else (nobody, daemon))
        again = sessions.exchange(Exchange(others[0], (WHO,), {}))
        assert (again.reports[0].get("out"), again.notices) == ("nobody", ())
        sessions.close()
