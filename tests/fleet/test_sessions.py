"""The shells of one host, where sshd is sparing with them."""

from __future__ import annotations

from pathlib import Path

from provisioner.engine.effects import Exchange, Seat
from provisioner.errors import NoSession
from provisioner.fleet.sessions import Login, Sessions
from provisioner.remote.become import Become
from provisioner.remote.session import Step
from provisioner.remote.shell import Program
from provisioner.remote.ssh import connect
from tests.remote.sshd import sshd

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
