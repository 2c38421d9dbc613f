"""Hosts that can't be reached, and changed host keys: each failure has its own message."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import re
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provisioner.errors import ConnectionFailed
from provisioner.remote.ssh import dial, known_hosts
from provisioner.remote.ssh.connection import OutOfFiles, connect
from provisioner.remote.ssh.paramiko import transport
from provisioner.remote.target import Target
from tests.remote.sshd import Sshd, closed_port, keygen, needs_sshd, sshd


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("sshd"), kinds=("ed25519", "ecdsa", "rsa")) as running:
        yield running


def target(port: int, **changes: object) -> Target:
    plain = Target("web1", "127.0.0.1", port, "nobody", known_hosts=("/nonexistent",))
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def failure(of: Target) -> ConnectionFailed:
    with pytest.raises(ConnectionFailed) as caught:
        connect(of)
    return caught.value


def test_a_closed_port_is_reported() -> None:
    with closed_port() as port:
        assert f"port {port} of 127.0.0.1 is closed" in failure(target(port)).reason


def test_a_name_that_cannot_be_resolved_is_reported() -> None:
    problem = failure(target(22, address="no-such-host.invalid"))
    assert "'no-such-host.invalid' can't be resolved" in problem.reason


@pytest.mark.parametrize("name", ["a..b", "x" * 70 + ".invalid", "", "tab\there"])
def test_a_malformed_name_is_reported_without_a_traceback(name: str) -> None:
    failure(target(1, address=name))


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (113, "no route to 127.0.0.1"),
        (101, "no route to 127.0.0.1"),
        (110, "did not answer within 10 s"),
        (13, "can't connect to port 22 of 127.0.0.1: Permission denied"),
    ],
)
def test_each_network_error_has_its_own_message(
    monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(dial, "_connect", refuse)
    assert message in failure(target(22)).reason


def test_the_second_address_is_used_where_the_first_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, closed_port("127.0.0.2") as closed:
        port = listener.getsockname()[1]
        kind = socket.SOCK_STREAM
        answers = [
            (socket.AF_INET, kind, 6, "", ("127.0.0.2", closed)),
            (socket.AF_INET, kind, 6, "", ("127.0.0.1", port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
        connection = dial.dial(target(port, address="both.example"))
        assert connection.getpeername() == ("127.0.0.1", port)
        connection.close()


def test_our_banner_is_sent_as_soon_as_the_connection_is_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = dial.dial(target(listener.getsockname()[1]))
        accepted, _ = listener.accept()
        with connection, accepted, accepted.makefile("rb") as stream:
            assert stream.readline() == b"SSH-2.0-provision\r\n"


@contextlib.contextmanager
def fake_server(greeting: bytes, *, drip: bool = False) -> Iterator[tuple[int, list[int]]]:
    """A server that sends `greeting` and closes, or with `drip` sends a byte now and then."""
    stop, count = threading.Event(), [0]

    def serve(listener: socket.socket) -> None:
        while not stop.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            count[0] += 1
            threading.Thread(target=answer, args=(client,), daemon=True).start()

    def answer(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            client.sendall(greeting)
            while drip and not stop.wait(0.02):
                client.sendall(b"x")
            client.shutdown(socket.SHUT_WR)
            client.recv(100)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1], count
        finally:
            stop.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


DEADLINES = (0.5, 2, 8, 32, 128)
"""Login timeouts in seconds, the shortest first: a busy machine needs a longer one."""


@pytest.mark.parametrize("greeting", [b"", b"hello\r\n"])
def test_a_server_without_a_banner_ends_at_the_deadline(greeting: bytes) -> None:
    with fake_server(greeting, drip=True) as (port, _):
        problems = (failure(target(port, login_timeout=seconds)) for seconds in DEADLINES)
        assert any("sent no SSH banner" in problem.reason for problem in problems)


def test_a_server_without_a_key_exchange_ends_at_the_deadline() -> None:
    with fake_server(b"SSH-2.0-slow\r\n", drip=True) as (port, _):
        problems = (failure(target(port, login_timeout=seconds)) for seconds in DEADLINES)
        assert any("key exchange" in problem.reason for problem in problems)


def test_a_server_with_another_protocol_is_reported_at_once() -> None:
    with fake_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (port, count):
        problem = failure(target(port))
        assert "is not an SSH server; it sent 'HTTP/1.1 400 Bad Request'" in problem.reason
        assert count[0] == 1


@pytest.mark.parametrize("greeting", [b"", b"Exceeded MaxStartups\r\n"])
def test_a_server_that_closes_connections_is_tried_until_the_deadline(greeting: bytes) -> None:
    with fake_server(greeting) as (port, count):
        for seconds in DEADLINES:
            count[0] = 0
            problem = failure(target(port, login_timeout=seconds))
            assert "closes the connection before its SSH banner" in problem.reason
            assert "MaxStartups" in problem.hint
            if count[0] > 1:
                return
    pytest.fail("it is never tried again")


def test_a_megabyte_without_a_line_end_is_not_a_banner() -> None:
    with fake_server(b"x" * 3_000_000) as (port, _):
        assert "is not an SSH server; it sent 'xxx" in failure(target(port)).reason


@needs_sshd
def test_a_megabyte_before_the_banner_is_skipped(server: Sshd) -> None:
    """RFC 4253, section 4.2, allows other lines before the version."""
    server.trust()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=relay_with_greeting, args=(listener, server), daemon=True)
        thread.start()
        with pytest.raises(ConnectionFailed, match="not in known_hosts"):  # so the banner was found
            connect(server.target(port=port))


def relay_with_greeting(listener: socket.socket, server: Sshd) -> None:
    client, _ = listener.accept()
    upstream = socket.create_connection((server.address, server.port))
    client.sendall((b"x" * 12_000 + b"\r\n") * 90)

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(9999):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    other = threading.Thread(target=pump, args=(client, upstream), daemon=True)
    other.start()
    pump(upstream, client)
    other.join(20)
    client.close()
    upstream.close()


@needs_sshd
def test_the_error_for_an_unknown_host_key_tells_how_to_accept_it(server: Sshd) -> None:
    server.known_hosts.write_text("")
    problem = failure(server.target())
    assert re.search(r"not in known_hosts: ED25519 SHA256:\S{43}$", problem.reason)
    for part in ("--accept-new-host-keys", "ssh-keyscan", "ssh-keygen -lf", str(server.port)):
        assert part in problem.hint


@needs_sshd
def test_a_changed_host_key_is_an_error_with_every_policy(server: Sshd, tmp_path: Path) -> None:
    stranger = keygen(tmp_path / "stranger")
    words = Path(f"{stranger}.pub").read_text().split()
    server.known_hosts.write_text(f"# comment\n[127.0.0.1]:{server.port} {words[0]} {words[1]}\n")
    for policy in ("yes", "accept-new", "no"):
        problem = failure(server.target(host_key_policy=policy))
        assert len(re.findall(r"SHA256:\S{43}", problem.reason)) == 2
        assert f"{server.known_hosts}:2" in problem.reason
        assert f"-R '[127.0.0.1]:{server.port}'" in problem.hint


@needs_sshd
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_host_is_asked_for_the_key_type_in_known_hosts(server: Sshd, kind: str) -> None:
    server.known_hosts.write_text("")
    server.trust(kind)
    connection = connect(server.target())
    connection.close()


@needs_sshd
def test_a_key_of_another_type_for_a_known_host_is_a_changed_key(
    server: Sshd, tmp_path: Path
) -> None:
    with sshd(tmp_path, kinds=("ecdsa",)) as only_ecdsa:
        line = f"[127.0.0.1]:{only_ecdsa.port} {server.public_key('ed25519')}\n"
        only_ecdsa.known_hosts.write_text(line)
        assert "CHANGED" in failure(only_ecdsa.target(host_key_policy="accept-new")).reason


@needs_sshd
def test_new_keys_are_accepted_by_many_threads_at_once(server: Sshd) -> None:
    server.known_hosts.unlink(missing_ok=True)
    names = [f"host{number}" for number in range(12)]
    targets = [
        server.target(name=name, host_key_name=name, host_key_policy="accept-new")
        for name in (*names, *names)
    ]
    with ThreadPoolExecutor(8) as pool:
        for connection in pool.map(connect, targets):
            connection.close()
    lines = server.known_hosts.read_text().splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(names)
    assert server.known_hosts.stat().st_mode & 0o777 == 0o600


@needs_sshd
def test_hashed_names_are_written_and_found_as_ssh_keygen_does(server: Sshd) -> None:
    server.known_hosts.unlink(missing_ok=True)
    accepting = server.target(host_key_policy="accept-new", hash_known_hosts=True)
    connect(accepting).close()
    assert server.known_hosts.read_text().startswith("|1|")
    known_hosts.forget()
    connect(server.target()).close()
    command = ["ssh-keygen", "-F", f"[127.0.0.1]:{server.port}", "-f", str(server.known_hosts)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0


@needs_sshd
def test_keys_are_not_added_to_dev_null(server: Sshd) -> None:
    for _ in range(2):
        connect(server.target(host_key_policy="no", known_hosts=("/dev/null",))).close()


def test_too_many_open_files_are_reported_as_out_of_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        # All new files would have to be number 0, which is there: nothing that others close helps.
        resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
        try:
            with pytest.raises(OutOfFiles):
                dial.dial(target(port))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thread_that_cannot_be_started_is_reported_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(threading.Thread, "start", refuse)
        problem = failure(target(listener.getsockname()[1]))
    assert problem.reason == "this machine: can't start new thread"
    assert problem.hint == "lower --forks"


def test_paramiko_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with fake_server(b"SSH-2.0-x\r\n" + b"\x00" * 100) as (port, _):
        failure(target(port))
    logging.getLogger("paramiko.transport").error("a traceback")
    assert capfd.readouterr() == ("", "")


def test_the_target_layer_does_not_import_paramiko() -> None:
    code = (
        "import sys, provisioner.remote.target;"
        "sys.exit('paramiko' in sys.modules or 'cryptography' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    code = "import sys, provisioner.remote.ssh; sys.exit('invoke' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@needs_sshd
def test_an_idle_connection_sleeps(server: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    server.known_hosts.write_text("")
    server.trust()
    # The socket's timeout, for writing; paramiko's 0.1 s costs 3 % of a core for 100 connections.
    monkeypatch.setattr(transport.SshTransport, "_active_check_timeout", 0.01)
    connection = connect(server.target())
    try:
        assert any(sleeps(connection._transport.native_id) for _ in range(30))
    finally:
        connection.close()


def sleeps(thread: int | None) -> bool:
    """Whether a thread of this process is idle for 0.3 s."""
    status = Path(f"/proc/self/task/{thread}/status")
    before = switches(status)
    time.sleep(0.3)
    return switches(status) == before


def switches(status: Path) -> list[str]:
    return [line for line in status.read_text().splitlines() if "ctxt_switches" in line]
