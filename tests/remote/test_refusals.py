"""Sessions that do not start: the login shell, or sudo and su, are reported as the reason."""

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


class PrintingHost:
    """A host whose login shell prints `words` for any command and ends; {} is the word to echo."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.alive = True

    def keep_alive(self) -> None:
        pass

    def open(self, command: str, *, terminal: bool = False) -> Channel:
        echoed = re.findall(r"echo (\w+)", command)[0]
        return PrintedText(self.words.replace("{}", echoed).encode())

    def close(self) -> None:
        pass


class PrintedText:
    """A channel whose output is `words`."""

    def __init__(self, words: bytes) -> None:
        self.left, self.alive = words, True

    def send(self, data: bytes) -> None:
        pass

    def receive(self, timeout: float | None) -> bytes:
        output, self.left = self.left, b""
        return output

    def exit_status(self) -> int | None:
        return None

    def close(self) -> None:
        pass


def test_a_login_shell_that_runs_no_command_is_reported_instead_of_sudo() -> None:
    error = refusal("", SUDO, PrintingHost("this account is closed\n"))
    assert isinstance(error, ConnectionFailed)
    assert "login shell ended before it ran a command: this account is closed" in error.reason


def test_sudo_is_reported_where_the_login_shell_works() -> None:
    error = refusal("some trouble\n", SUDO, PrintingHost("motd\n{}\n"))
    assert isinstance(error, BecomeFailed)
    assert "sudo to root failed: some trouble" in error.reason


def test_a_known_message_of_sudo_needs_no_test_of_the_login_shell() -> None:
    error = refusal("sudo: a password is required\n", SUDO, PrintingHost("nothing works"))
    assert isinstance(error, BecomeFailed)
    assert "-K" in error.hint


@pytest.mark.parametrize("become", [None, SUDO])
@pytest.mark.parametrize(
    ("output", "reason", "hint"),
    [
        ("sh: line 1: [: {: integer expression expected", "profile reads", "read standard input"),
        ("Password change required but no TTY available.", "password .* expired", "chage"),
        ("This account is currently not available.", "login shell ended", "getent passwd"),
    ],
)
def test_each_known_message_of_a_login_shell_has_its_own_reason(
    become: Become | None, output: str, reason: str, hint: str
) -> None:
    error = refusal(output, become, PrintingHost("{}"))
    assert isinstance(error, ConnectionFailed)
    assert re.search(reason, error.reason)
    assert hint in error.hint


def ask(session: Session) -> None:
    list(session.exchange([Step(Program("t", "report out x\n"), "apply")]))


def test_a_host_with_a_forced_command_is_unreachable_with_sudo_too(tmp_path: Path) -> None:
    with sshd(tmp_path, "ForceCommand echo only backups here") as server:
        server.trust()
        connection = connect(server.target())
        with pytest.raises(ConnectionFailed, match="only backups here"):
            ask(Session(connection, SUDO))
        connection.close()


def test_a_connection_that_breaks_before_a_task_was_sent_is_a_failed_connection(
    tmp_path: Path,
) -> None:
    with sshd(tmp_path) as server:
        server.trust()
        connection = connect(server.target())
        connection.close()
        with pytest.raises(ConnectionFailed) as caught:
            ask(Session(connection))
        assert not isinstance(caught.value, ConnectionLost)
