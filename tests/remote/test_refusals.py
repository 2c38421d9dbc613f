"""Sessions that never answer: whose fault it was, and so whether the host was reached at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provisioner.errors import BecomeFailed, ConnectionFailed, ConnectionLost
from provisioner.remote.become import Become
from provisioner.remote.channel import Channel
from provisioner.remote.refusals import refusal
from provisioner.remote.session import Session
from provisioner.remote.shell import Program, Step
from provisioner.remote.ssh.connection import connect
from tests.remote.sshd import sshd

SUDO = Become()


class Said:
    """A host whose login shell says `words` of any command, then ends; {} is what it is to echo."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.alive = True

    def keep_alive(self) -> None:
        pass

    def open(self, command: str, *, terminal: bool = False) -> Channel:
        echoed = re.findall(r"echo (\w+)", command)[0]
        return Words(self.words.replace("{}", echoed).encode())

    def close(self) -> None:
        pass


class Words:
    def __init__(self, words: bytes) -> None:
        self.left, self.alive = words, True

    def send(self, data: bytes) -> None:
        pass

    def receive(self, timeout: float | None) -> bytes:
        said, self.left = self.left, b""
        return said

    def exit_status(self) -> int | None:
        return None

    def close(self) -> None:
        pass


def test_where_the_login_shell_runs_nothing_sudo_is_not_blamed() -> None:
    why = refusal("", SUDO, Said("this account is closed\n"))
    assert isinstance(why, ConnectionFailed)
    assert "login shell ended before it ran a command: this account is closed" in why.reason


def test_where_the_login_shell_works_sudo_has_failed() -> None:
    why = refusal("some trouble\n", SUDO, Said("motd\n{}\n"))
    assert isinstance(why, BecomeFailed)
    assert "sudo to root failed: some trouble" in why.reason


def test_what_sudo_says_needs_no_second_look() -> None:
    why = refusal("sudo: a password is required\n", SUDO, Said("nothing works"))
    assert isinstance(why, BecomeFailed)
    assert "-K" in why.hint


@pytest.mark.parametrize("become", [None, SUDO])
@pytest.mark.parametrize(
    ("said", "reason", "hint"),
    [
        ("sh: line 1: [: {: integer expression expected", "profile reads", "read standard input"),
        ("Password change required but no TTY available.", "password .* expired", "chage"),
        ("This account is currently not available.", "login shell ended", "getent passwd"),
    ],
)
def test_what_is_known_of_login_shells_has_its_own_words(
    become: Become | None, said: str, reason: str, hint: str
) -> None:
    why = refusal(said, become, Said("{}"))
    assert isinstance(why, ConnectionFailed)
    assert re.search(reason, why.reason)
    assert hint in why.hint


def ask(session: Session) -> None:
    list(session.exchange([Step(Program("t", "report out x\n"), "apply")]))


def test_a_forced_command_makes_a_host_unreachable_with_sudo_too(tmp_path: Path) -> None:
    with sshd(tmp_path, "ForceCommand echo only backups here") as server:
        server.trust()
        connection = connect(server.target())
        with pytest.raises(ConnectionFailed, match="only backups here"):
            ask(Session(connection, SUDO))
        connection.close()


def test_a_connection_that_breaks_before_a_task_was_sent_leaves_no_fate_unknown(
    tmp_path: Path,
) -> None:
    with sshd(tmp_path) as server:
        server.trust()
        connection = connect(server.target())
        connection.close()
        with pytest.raises(ConnectionFailed) as caught:
            ask(Session(connection))
        assert not isinstance(caught.value, ConnectionLost)
