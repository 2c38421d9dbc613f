"""Logins with keys, the agent and passwords, and the errors of failed logins."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provisioner.errors import ConnectionFailed
from provisioner.remote.ssh.connection import connect
from tests.remote.sshd import Sshd, keygen, needs_root, needs_sshd, sshd

pytestmark = needs_sshd


def authorize(server: Sshd, key: Path) -> None:
    with (server.folder / "authorized").open("a") as stream:
        stream.write(Path(f"{key}.pub").read_text())


class Prompt:
    """A passphrase prompt that counts its calls and repeats its last answer."""

    def __init__(self, *answers: str | None) -> None:
        self.answers, self.asked = answers, 0
        self._lock = threading.Lock()

    def __call__(self, path: str, wrong: int) -> str | None:
        with self._lock:
            assert wrong == self.asked
            self.asked += 1
        return self.answers[min(wrong, len(self.answers) - 1)]


@pytest.mark.parametrize(
    ("kind", "options"),
    [("ed25519", ()), ("ecdsa", ()), ("rsa", ()), ("rsa", ("-m", "PEM")), ("ecdsa", ("-m", "PEM"))],
)
def test_the_passphrase_of_a_key_is_asked_once_for_all_hosts(
    server: Sshd, tmp_path: Path, kind: str, options: tuple[str, ...]
) -> None:
    key = keygen(tmp_path / "locked", kind, *options, passphrase="open sesame")
    authorize(server, key)
    prompt = Prompt("open sesame")
    target = server.target(key_files=(str(key),), passphrase=prompt)
    with ThreadPoolExecutor(4) as pool:
        for connection in pool.map(connect, [target] * 4):
            connection.close()
    assert prompt.asked == 1


def test_no_passphrase_is_asked_for_a_key_that_the_server_does_not_accept(
    server: Sshd, tmp_path: Path
) -> None:
    key = keygen(tmp_path / "unwanted", passphrase="secret")
    prompt = Prompt("secret")
    files = (str(key), str(server.key))
    connect(server.target(key_files=files, passphrase=prompt)).close()
    assert prompt.asked == 0


def test_a_passphrase_is_asked_again_after_a_wrong_one(server: Sshd, tmp_path: Path) -> None:
    key = keygen(tmp_path / "locked", passphrase="right")
    authorize(server, key)
    prompt = Prompt("rihgt", "rigth", "right")
    connect(server.target(key_files=(str(key),), passphrase=prompt)).close()
    assert prompt.asked == 3


@pytest.mark.parametrize(
    ("answers", "asked", "message"),
    [
        ((None,), 1, "is encrypted and no passphrase"),
        (("wrong",), 3, "passphrase is wrong"),
        (("wrong", None), 2, "passphrase is wrong"),
    ],
)
def test_a_missing_or_wrong_passphrase_is_reported(
    server: Sshd, tmp_path: Path, answers: tuple[str | None, ...], asked: int, message: str
) -> None:
    key = keygen(tmp_path / "locked", passphrase="right")
    authorize(server, key)
    prompt = Prompt(*answers)
    for _ in range(2):
        with pytest.raises(ConnectionFailed, match=message) as caught:
            connect(server.target(key_files=(str(key),), passphrase=prompt))
        assert "ssh-add" in caught.value.hint
    assert prompt.asked == asked


def test_a_key_that_others_may_read_is_reported_with_its_mode(server: Sshd, tmp_path: Path) -> None:
    key = keygen(tmp_path / "open")
    authorize(server, key)
    key.chmod(0o644)
    with pytest.raises(ConnectionFailed, match=r"permissions 0644 for .* are too open") as caught:
        connect(server.target(key_files=(str(key),)))
    assert "chmod 600" in caught.value.hint


def test_a_missing_key_file_is_reported(server: Sshd) -> None:
    with pytest.raises(
        ConnectionFailed, match=r"/nonexistent/key can't be read: No such file"
    ) as e:
        connect(server.target(key_files=("/nonexistent/key",)))
    assert "--private-key" in e.value.hint


@pytest.mark.parametrize("keep", [0, 1, 3, 5])
def test_a_damaged_key_is_not_called_encrypted(server: Sshd, tmp_path: Path, keep: int) -> None:
    key = keygen(tmp_path / "damaged")
    lines = key.read_text().splitlines()
    key.write_text("\n".join([lines[0], *lines[1:keep], "AAAA!", lines[-1], ""]))
    prompt = Prompt("never")
    with pytest.raises(ConnectionFailed, match="damaged, or not a private key"):
        connect(server.target(key_files=(str(key),), passphrase=prompt))
    assert prompt.asked == 0


@pytest.mark.parametrize(
    ("name", "kind"),
    [("fifo", "a FIFO"), ("folder", "a directory"), ("/dev/zero", "a character device")],
)
def test_a_special_file_as_key_or_known_hosts_is_reported(
    server: Sshd, tmp_path: Path, name: str, kind: str
) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    file = str(tmp_path / name)
    with pytest.raises(ConnectionFailed, match=f"{file} can't be read: it is {kind}"):
        connect(server.target(key_files=(file,)))
    for policy in ("yes", "accept-new", "no"):
        with pytest.raises(ConnectionFailed, match=f"{file} can't be read: it is {kind}"):
            connect(server.target(known_hosts=(file,), host_key_policy=policy))


def test_a_rejected_key_is_reported_with_the_accepted_methods(server: Sshd, tmp_path: Path) -> None:
    key = keygen(tmp_path / "stranger")
    pattern = rf"authentication failed .* tried {key}; the server accepts: publickey"
    with pytest.raises(ConnectionFailed, match=pattern):
        connect(server.target(key_files=(str(key),)))


def test_without_any_key_the_accepted_methods_are_reported(server: Sshd) -> None:
    with pytest.raises(ConnectionFailed, match=r"tried nothing .* the server accepts: publickey"):
        connect(server.target(key_files=()))


def test_the_right_key_is_found_among_more_keys_than_MaxAuthTries(
    server: Sshd, tmp_path: Path
) -> None:
    files = [str(keygen(tmp_path / f"key{number}")) for number in range(4)]
    connect(server.target(key_files=(*files, str(server.key)))).close()


def test_the_hint_for_too_many_keys_is_identities_only(server: Sshd, tmp_path: Path) -> None:
    files = tuple(str(keygen(tmp_path / f"key{number}")) for number in range(8))
    with pytest.raises(ConnectionFailed) as caught:
        connect(server.target(key_files=files))
    assert "IdentitiesOnly" in caught.value.hint


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[tuple[str, int]]:
    path = str(tmp_path / "agent")
    process = subprocess.Popen(
        ["ssh-agent", "-D", "-a", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    process.stdout.readline()
    yield path, process.pid
    process.kill()
    process.wait()


def add_to_agent(path: str, key: Path) -> None:
    environment = {**os.environ, "SSH_AUTH_SOCK": path}
    subprocess.run(["ssh-add", "-q", str(key)], env=environment, check=True, capture_output=True)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_the_agent_signs_for_many_hosts_at_once(
    server: Sshd, tmp_path: Path, agent: tuple[str, int], kind: str
) -> None:
    key = keygen(tmp_path / "held", kind)
    authorize(server, key)
    add_to_agent(agent[0], keygen(tmp_path / "other"))
    add_to_agent(agent[0], key)
    target = server.target(key_files=(), agent=agent[0])
    with ThreadPoolExecutor(8) as pool:
        for connection in pool.map(connect, [target] * 16):
            connection.close()


def test_with_identities_only_the_agent_signs_only_with_the_configured_keys(
    server: Sshd, tmp_path: Path, agent: tuple[str, int]
) -> None:
    key = keygen(tmp_path / "held")
    authorize(server, key)
    add_to_agent(agent[0], key)
    key.unlink()
    nothing = server.target(key_files=(), agent=agent[0], identities_only=True)
    with pytest.raises(ConnectionFailed, match="tried nothing"):
        connect(nothing)
    public = server.target(key_files=(f"{key}.pub",), agent=agent[0], identities_only=True)
    Path(f"{key}.pub").chmod(0o600)
    connect(public).close()


def test_a_dead_agent_is_reported_only_if_the_login_fails(
    server: Sshd, agent: tuple[str, int]
) -> None:
    os.kill(agent[1], signal.SIGKILL)
    os.waitpid(agent[1], 0)
    connect(server.target(agent=agent[0])).close()
    with pytest.raises(ConnectionFailed, match=r"ssh-agent at .* doesn't answer") as caught:
        connect(server.target(agent=agent[0], key_files=()))
    assert "SSH_AUTH_SOCK" in caught.value.hint


@pytest.fixture(scope="module")
def user() -> Iterator[str]:
    name = f"sshtest{uuid.uuid4().hex[:8]}"
    subprocess.run(["useradd", "-m", "-s", "/bin/sh", name], check=True)
    try:
        accounts = f"{name}:pässword 7*7 {{{{x}}}}\n"
        subprocess.run(["chpasswd"], input=accounts.encode(), check=True)
        yield name
    finally:
        subprocess.run(["userdel", "-r", name], check=False, capture_output=True)
        with contextlib.suppress(KeyError):
            pwd.getpwnam(name)
            pytest.fail(f"the user {name} is still there")


def keys_in(folder: str) -> str:
    Path(folder).chmod(0o755)
    return f"AuthorizedKeysFile {folder}/keys"


PASSWORD = "pässword 7*7 {{x}}"


@needs_root
@pytest.mark.parametrize("config", ["UsePAM no", "UsePAM yes"])
def test_a_password_logs_in_and_is_not_in_any_message(
    tmp_path: Path, user: str, config: str
) -> None:
    with sshd(tmp_path, config) as server:
        server.trust()
        target = server.target(user=user, password=PASSWORD, key_files=())
        assert PASSWORD not in repr(target)
        connect(target).close()


@needs_root
def test_keyboard_interactive_is_used_where_passwords_are_off(tmp_path: Path, user: str) -> None:
    config = "UsePAM yes\nPasswordAuthentication no\nKbdInteractiveAuthentication yes"
    with sshd(tmp_path, config) as server:
        server.trust()
        connect(server.target(user=user, password=PASSWORD, key_files=())).close()
        with pytest.raises(ConnectionFailed, match="keyboard-interactive"):
            connect(server.target(user=user, password="wrong", key_files=()))


@needs_root
def test_a_wrong_password_is_tried_once_with_one_method(tmp_path: Path, user: str) -> None:
    config = "UsePAM yes\nKbdInteractiveAuthentication yes\nLogLevel VERBOSE"
    with sshd(tmp_path, config) as server:
        server.trust()
        with pytest.raises(
            ConnectionFailed, match=r"the password; the server accepts: .*password"
        ) as e:
            connect(server.target(user=user, password="wrong-secret", key_files=()))
        assert "wrong-secret" not in f"{e.value.reason} {e.value.hint} {e.value!r}"
        assert (server.folder / "log").read_text().count("Failed password") == 1
        assert "Failed keyboard" not in (server.folder / "log").read_text()


@needs_root
def test_a_key_and_a_password_are_given_where_the_server_requires_both(
    tmp_path: Path, user: str
) -> None:
    with (
        tempfile.TemporaryDirectory() as shared,  # sshd reads the file as that user
        sshd(tmp_path, f"AuthenticationMethods publickey,password\n{keys_in(shared)}") as server,
    ):
        Path(shared, "keys").write_bytes(Path(f"{server.key}.pub").read_bytes())
        server.trust()
        connect(server.target(user=user, password=PASSWORD)).close()
        with pytest.raises(ConnectionFailed, match="the server accepts: password") as caught:
            connect(server.target(user=user))
        assert "give the password with -k" in caught.value.hint


@needs_root
def test_an_expired_account_is_reported_as_expired(tmp_path: Path, user: str) -> None:
    with tempfile.TemporaryDirectory() as shared:
        with sshd(tmp_path, f"UsePAM yes\n{keys_in(shared)}") as server:
            Path(shared, "keys").write_bytes(Path(f"{server.key}.pub").read_bytes())
            server.trust()
            subprocess.run(["chage", "-E", "0", user], check=True)
            try:
                with pytest.raises(ConnectionFailed, match="closed the connection") as caught:
                    connect(server.target(user=user))
            finally:
                subprocess.run(["chage", "-E", "-1", user], check=True)
        assert "has expired" in caught.value.reason
        assert "chage -l" in caught.value.hint


@needs_root
def test_no_password_is_sent_to_a_host_whose_key_has_changed(tmp_path: Path, user: str) -> None:
    with sshd(tmp_path, "LogLevel VERBOSE") as server:
        stranger = keygen(tmp_path / "stranger")
        line = f"[127.0.0.1]:{server.port} {Path(f'{stranger}.pub').read_text()}"
        server.known_hosts.write_text(line)
        with pytest.raises(ConnectionFailed, match="has CHANGED"):
            connect(server.target(user=user, password=PASSWORD, host_key_policy="no"))
        log = (server.folder / "log").read_text()
        assert f"for {user}" not in log
        assert f"user {user}" not in log
