"""Connections to real sshd instances: logins, commands, heartbeat, jump hosts."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paramiko
import pytest

from provisioner.errors import ConnectionFailed, ConnectionLost
from provisioner.remote.ssh import known_hosts
from provisioner.remote.ssh.connection import Heartbeat, SshChannel, SshConnection, connect
from provisioner.remote.ssh.dial import dial
from provisioner.remote.ssh.paramiko.packetizer import BufferedPacketizer
from provisioner.remote.ssh.paramiko.transport import SshTransport
from provisioner.remote.target import Target
from tests.remote.sshd import OPENSSH_7_4, Sshd, keygen, needs_sshd, sshd

pytestmark = needs_sshd


def read_all(channel: SshChannel) -> bytes:
    output = b""
    while data := channel.receive(30):
        output += data
    return output


def run(connection: SshConnection, command: str) -> bytes:
    channel = connection.open(command)
    try:
        return read_all(channel)
    finally:
        channel.close()


def go_and_come_back(connection: SshConnection, content: bytes) -> None:
    channel = connection.open(f"head -c {len(content)} | cat")
    sender = threading.Thread(target=channel.send, args=(content,))
    sender.start()
    assert read_all(channel) == content
    sender.join()


def log_in_and_run(target: Target, command: str = "echo hello") -> bytes:
    connection = connect(target)
    try:
        return run(connection, command)
    finally:
        connection.close()


def test_a_given_stream_is_used(server: Sshd) -> None:
    stream = dial(server.target())
    connection = connect(server.target(), stream=stream)
    assert connection._transport.sock is stream
    assert run(connection, "echo hello") == b"hello\n"
    connection.close()


def test_a_given_stream_that_ends_before_the_banner_is_replaced(server: Sshd) -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    connection = connect(server.target(), stream=ours)
    assert run(connection, "echo hello") == b"hello\n"
    connection.close()


def test_a_command_gets_its_input_and_returns_both_outputs_and_its_status(server: Sshd) -> None:
    connection = connect(server.target())
    channel = connection.open("read line; echo got $line; echo oops >&2; exit 3")
    channel.send(b"something\n")
    assert sorted(read_all(channel).splitlines()) == [b"got something", b"oops"]
    assert channel.exit_status() == 3
    for _ in range(2):
        channel.close()
        connection.close()


def test_several_channels_share_a_connection(server: Sshd) -> None:
    connection = connect(server.target())
    channels = [connection.open(f"read line; echo {number} $line") for number in range(5)]
    for channel in channels:
        channel.send(b"x\n")
    assert [read_all(channel) for channel in channels] == [b"%d x\n" % n for n in range(5)]
    connection.close()


def test_small_pieces_of_several_channels_arrive_in_order(server: Sshd) -> None:
    connection = connect(server.target())
    count = 'i=0; while [ "$i" -lt 3000 ]; do printf "%s " "$i"; i=$((i + 1)); done'
    channels = [connection.open(f"exec dash -c '{count}'") for _ in range(3)]
    expected = " ".join(map(str, range(3000))).encode() + b" "
    assert [read_all(channel) for channel in channels] == [expected] * 3
    connection.close()


def test_a_megabyte_is_sent_and_received(server: Sshd) -> None:
    connection = connect(server.target())
    go_and_come_back(connection, os.urandom(1_000_000))
    connection.close()


def test_a_timeout_of_receive_loses_no_later_output(server: Sshd) -> None:
    connection = connect(server.target())
    channel = connection.open("read line; echo $line")
    with pytest.raises(TimeoutError):
        channel.receive(0.05)
    channel.send(b"later\n")
    assert channel.receive(30) == b"later\n"
    connection.close()


def test_input_for_an_ended_process_is_dropped_and_its_last_output_is_kept(
    server: Sshd,
) -> None:
    connection = connect(server.target())
    channel = connection.open("echo This account is not available; exit 1")
    channel._channel.status_event.wait(30)
    channel.send(b"x" * 3_000_000)
    assert read_all(channel) == b"This account is not available\n"
    assert channel.exit_status() == 1
    assert run(connection, "echo still") == b"still\n"
    connection.close()


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_every_type_of_host_key_and_user_key_works(tmp_path: Path, kind: str) -> None:
    keygen(tmp_path / "id", kind)
    with sshd(tmp_path, kinds=(kind,)) as server:
        server.trust(kind)
        assert log_in_and_run(server.target()) == b"hello\n"


def test_the_algorithms_of_openssh_7_4_are_enough(tmp_path: Path) -> None:
    kinds = ("rsa", "ecdsa", "ed25519")
    with sshd(tmp_path, OPENSSH_7_4, kinds=kinds) as server:
        for kind in kinds:
            server.known_hosts.unlink(missing_ok=True)
            known_hosts.forget()
            server.trust(kind)
            assert log_in_and_run(server.target()) == b"hello\n"


@pytest.mark.parametrize(
    "config",
    [
        "Ciphers aes128-ctr\nMACs hmac-sha2-256",
        "Ciphers aes256-ctr\nMACs hmac-sha2-512-etm@openssh.com",
        "Ciphers aes256-gcm@openssh.com\nMACs hmac-sha2-256-etm@openssh.com",
        "KexAlgorithms diffie-hellman-group14-sha256",
        "KexAlgorithms diffie-hellman-group-exchange-sha256",
        "KexAlgorithms ecdh-sha2-nistp521",
    ],
)
def test_a_server_with_few_algorithms_can_be_used(tmp_path: Path, config: str) -> None:
    with sshd(tmp_path, config) as server:
        server.trust()
        assert log_in_and_run(server.target()) == b"hello\n"


def test_a_server_without_a_common_algorithm_is_reported(tmp_path: Path) -> None:
    with sshd(tmp_path, "Ciphers chacha20-poly1305@openssh.com") as server:
        server.trust()
        with pytest.raises(ConnectionFailed, match="there is no common algorithm"):
            connect(server.target())


def test_one_session_is_enough_and_the_refusal_of_a_second_is_reported(tmp_path: Path) -> None:
    with sshd(tmp_path, "MaxSessions 1") as server:
        server.trust()
        connection = connect(server.target())
        channel = connection.open("cat")
        with pytest.raises(ConnectionFailed, match="allows no further session"):
            connection.open("echo second")
        channel.send(b"first\n")
        assert channel.receive(30) == b"first\n"
        connection.close()


def test_ipv6_works_with_and_without_brackets(tmp_path: Path) -> None:
    try:
        with sshd(tmp_path, address="::1") as server:
            server.trust()
            assert log_in_and_run(server.target()) == b"hello\n"
            assert log_in_and_run(server.target(address="::1")) == b"hello\n"
    except OSError:
        pytest.skip("no IPv6 on the loopback")


def test_a_login_banner_as_long_as_sshd_can_send_is_skipped(tmp_path: Path) -> None:
    """With more than 256 KB (a packet) sshd 9.2 closes the connection, for ssh too."""
    banner = tmp_path / "banner"
    banner.write_text("unauthorised use is prohibited\n" * 8_000)
    with sshd(tmp_path, f"Banner {banner}") as server:
        server.trust()
        assert log_in_and_run(server.target()) == b"hello\n"


class Herald(paramiko.ServerInterface):
    """A server with a login banner of a megabyte that accepts every user."""

    def get_banner(self) -> tuple[str, str]:
        return "x" * 1_000_000, "en"

    def check_auth_password(self, username: str, password: str) -> int:
        return 0  # AUTH_SUCCESSFUL, which the type stubs lack


def test_a_login_banner_of_a_megabyte_in_one_packet_is_skipped(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = Target(
            "herald",
            "127.0.0.1",
            listener.getsockname()[1],
            user="anybody",
            password="anything",
            host_key_policy="accept-new",
            known_hosts=(str(tmp_path / "known_hosts"),),
        )
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(connect, target)
            serving = paramiko.Transport(listener.accept()[0])
            serving.add_server_key(paramiko.ECDSAKey.generate())
            serving.start_server(server=Herald())
            waiting.result(60).close()
            serving.close()


def test_a_killed_sshd_is_a_broken_connection_and_not_the_end_of_the_output(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        server.trust()
        connection = connect(server.target())
        channel = connection.open("echo ready; cat")
        assert channel.receive(30) == b"ready\n"
        server.signal_connections(signal.SIGKILL)
        with pytest.raises(ConnectionLost):
            channel.receive(30)
        with pytest.raises(ConnectionLost):
            channel.send(b"x")
        with pytest.raises(ConnectionLost):
            connection.open("true")
        connection.close()


def freeze(server: Sshd, channel: SshChannel) -> None:
    """Stop the server's processes and shorten the heartbeat."""
    server.signal_connections(signal.SIGSTOP)
    channel._connection.heartbeat = BRIEF
    channel._channel.settimeout(BRIEF.silence)


PATIENT, BRIEF = Heartbeat(silence=0.2, grace=60), Heartbeat(silence=0.2, grace=0.5)


def test_the_heartbeat_finds_a_stopped_sshd(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        server.trust()
        connection = connect(server.target(), heartbeat=PATIENT)
        channel = connection.open("echo ready; cat")
        assert channel.receive(30) == b"ready\n"
        freeze(server, channel)
        with pytest.raises(ConnectionLost, match="no byte came for"):
            channel.receive(None)
        connection._transport.join(30)
        assert not connection._transport.is_alive()
        connection.close()


def test_sending_to_a_stopped_sshd_ends_with_an_error(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        server.trust()
        connection = connect(server.target(), heartbeat=PATIENT)
        channel = connection.open("echo ready; cat >/dev/null")
        assert channel.receive(30) == b"ready\n"
        freeze(server, channel)
        with pytest.raises(ConnectionLost):
            channel.send(b"x" * 20_000_000)
        connection.close()


def test_a_silent_command_runs_through_many_heartbeats(server: Sshd) -> None:
    connection = connect(server.target(), heartbeat=Heartbeat(silence=0.05, grace=60))
    channel = connection.open("sleep 1; echo done")
    assert read_all(channel) == b"done\n"
    connection.close()


def test_keep_alive_sends_one_packet_on_a_silent_connection(server: Sshd) -> None:
    connection = connect(server.target(), heartbeat=Heartbeat(silence=0, grace=60))
    before = vars(connection._transport.packetizer)["_Packetizer__sequence_number_out"]
    connection.keep_alive()
    assert vars(connection._transport.packetizer)["_Packetizer__sequence_number_out"] == before + 1
    assert read_all(connection.open("echo here")) == b"here\n"
    connection.close()
    connection.keep_alive()


def test_close_wakes_a_waiting_thread_and_leaves_no_thread(server: Sshd) -> None:
    connection = connect(server.target())
    channel = connection.open("cat")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(channel.receive, None)
        with pytest.raises(TimeoutError):
            waiting.result(0.1)
        connection.close()
        with pytest.raises(ConnectionLost):
            waiting.result(30)
    connection._transport.join(30)
    assert not connection._transport.is_alive()


def test_a_busy_server_is_tried_again(tmp_path: Path) -> None:
    with sshd(tmp_path, "MaxStartups 1:100:1") as server:
        server.trust()
        with ThreadPoolExecutor(6) as pool:
            results = list(pool.map(log_in_and_run, [server.target()] * 6))
    assert results == [b"hello\n"] * 6


@pytest.mark.parametrize("cipher", ["aes128-gcm@openssh.com", "aes256-ctr"])
@pytest.mark.parametrize("asks", ["host", "we"])
def test_a_new_key_exchange_loses_no_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asks: str, cipher: str
) -> None:
    limit = "RekeyLimit 300K" if asks == "host" else ""
    if asks == "we":
        monkeypatch.setattr(BufferedPacketizer, "REKEY_BYTES", 300_000)
    exchanges: list[str] = []
    parse = SshTransport._parse_newkeys

    def counted(link: SshTransport, message: paramiko.Message) -> None:
        exchanges.append(link.remote_cipher)  # type: ignore[attr-defined]
        parse(link, message)

    monkeypatch.setattr(SshTransport, "_parse_newkeys", counted)
    with sshd(tmp_path, f"Ciphers {cipher}\n{limit}") as server:
        server.trust()
        connection = connect(server.target())
        for _ in range(3):  # each passes the limit, so that each sees one at least
            go_and_come_back(connection, os.urandom(900_000))
        connection.close()
    assert set(exchanges) == {cipher}
    assert len(exchanges) > 2


@pytest.fixture
def make_jump(tmp_path: Path, server: Sshd) -> Iterator[Callable[[str], tuple[Sshd, Target]]]:
    opened = []

    def make(config: str) -> tuple[Sshd, Target]:
        context = sshd(tmp_path / "jump", config, address="127.0.0.2")
        jump = context.__enter__()
        opened.append(context)
        jump.trust()
        return jump, server.target(proxy_jump=(jump.target(),))

    yield make
    for context in opened:
        context.__exit__(None, None, None)


Jump = Callable[[str], tuple[Sshd, Target]]


def test_hosts_behind_a_jump_host_share_one_connection_to_it(make_jump: Jump) -> None:
    jump, target = make_jump("MaxStartups 1:100:1")
    connections = [connect(target) for _ in range(3)]
    assert len(jump.children()) == 1
    assert [run(connection, "echo $SSH_CONNECTION") for connection in connections]
    for connection in connections:
        connection.close()
    assert log_in_and_run(target) == b"hello\n"


def test_a_chain_of_jump_hosts_works(server: Sshd, make_jump: Jump) -> None:
    _, target = make_jump("")
    chain = (*target.proxy_jump, dataclasses.replace(server.target(), address="127.0.0.1"))
    assert log_in_and_run(dataclasses.replace(target, proxy_jump=chain)) == b"hello\n"


def test_the_host_key_of_the_jump_host_is_checked(make_jump: Jump) -> None:
    jump, target = make_jump("")
    jump.known_hosts.unlink()
    with pytest.raises(
        ConnectionFailed, match=r"jump host 127\.0\.0\.2: the host key .* is not in known_hosts"
    ):
        connect(target)


def test_a_host_that_the_jump_host_cannot_reach_is_reported(make_jump: Jump) -> None:
    _, target = make_jump("")
    with pytest.raises(ConnectionFailed, match=r"jump host 127\.0\.0\.2 can't connect to .*:1:"):
        connect(dataclasses.replace(target, port=1))


def test_a_proxy_command_carries_the_connection(server: Sshd) -> None:
    code = (
        "import socket,sys,threading,os;s=socket.create_connection((sys.argv[1],int(sys.argv[2])));"
        "threading.Thread(target=lambda:[s.sendall(d) for d in iter(lambda:os.read(0,9999),b'')],"
        "daemon=True).start();"
        "[os.write(1,d) for d in iter(lambda:s.recv(9999),b'')]"
    )
    command = f'python3 -c "{code}" {server.address} {server.port}'
    connection = connect(server.target(proxy_command=command))
    assert run(connection, "echo through") == b"through\n"
    proxy = connection._route.proxy
    connection.close()
    assert proxy is not None
    assert proxy._process.wait(30) is not None


def test_a_failing_proxy_command_is_reported_with_its_error_message(server: Sshd) -> None:
    with pytest.raises(ConnectionFailed, match="ProxyCommand reports: no way through"):
        connect(server.target(proxy_command="sh -c 'echo no way through >&2; exit 1'"))
