"""SSH connections: `connect(target)` returns a `Connection` as channel.py defines it.

Each connection has one thread, paramiko's, which reads and sleeps while nothing comes. The
heartbeat needs no thread: a thread that waits in `SshChannel.receive` sends a keepalive request
after `Heartbeat.silence` seconds without a byte and waits `Heartbeat.grace` seconds for the answer.
Together with TCP_USER_TIMEOUT (15 s) it finds a cut network and a stopped sshd within 30 s.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial

from provisioner.errors import ConnectionFailed, ConnectionLost, SessionRefused, traceback_of
from provisioner.records import dataclass
from provisioner.remote.ssh.dial import OutOfFiles
from provisioner.remote.ssh.link import BusyError, establish
from provisioner.remote.ssh.paramiko.names import Channel as ParamikoChannel
from provisioner.remote.ssh.paramiko.names import ChannelException, Message
from provisioner.remote.ssh.paramiko.output import set_output_buffer
from provisioner.remote.ssh.paramiko.packetizer import LARGEST_READ, Stream
from provisioner.remote.ssh.paramiko.transport import JumpStream, SshTransport, abort, reason_of
from provisioner.remote.ssh.route import Route, open_route
from provisioner.remote.target import Target

__all__ = ["HEARTBEAT", "Heartbeat", "OutOfFiles", "SshChannel", "SshConnection", "connect"]

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 3.0  # seconds between attempts at a busy sshd, before jitter
LARGEST_WRITE = 1 << 15  # bytes: OpenSSH's packets take no more
FIRST_STALL, BUSY_STALL = 30.0, 300.0  # seconds that a process may take no input
STATUS_WAIT = 5.0  # seconds that the exit status may come after the end of the output

CHANNEL_REQUEST = b"\x62"  # SSH_MSG_CHANNEL_REQUEST, RFC 4254 section 6.5

BROKEN = (
    "check that the host is up (`last -x` shows reboots) and sshd's log (`journalctl -u sshd`),"
    " then run again"
)


@dataclass(frozen=True)
class Heartbeat:
    """When to send a silent host a keepalive request, and how long to wait for the answer (s)."""

    silence: float = 15.0
    grace: float = 15.0


HEARTBEAT = Heartbeat()


def connect(
    target: Target, *, stream: Stream | None = None, heartbeat: Heartbeat = HEARTBEAT
) -> SshConnection:
    """Connect and log in to `target`. Raises ConnectionFailed with a reason and a hint.

    `stream` is an open TCP connection to it (`dial.dial`), if there is one. A server that closes
    the connection before its banner (MaxStartups) is tried again, after growing random pauses,
    until `target.login_timeout` is over. Other failures are final.
    """
    deadline = time.monotonic() + target.login_timeout
    pause = FIRST_PAUSE
    while True:
        try:
            route = (
                open_route(target, partial(connect, heartbeat=heartbeat))
                if stream is None
                else Route(stream)
            )
            return _attempt(target, route, deadline, heartbeat)
        except BusyError as busy:
            from random import uniform

            delay = pause * uniform(0.5, 1.5)  # noqa: S311
            if time.monotonic() + delay >= deadline:
                raise ConnectionFailed(
                    f"{busy}, at every attempt for {target.login_timeout:g} s",
                    "raise sshd's MaxStartups or lower --forks; TCP wrappers also do this",
                ) from busy
        time.sleep(delay)
        stream = None
        pause = min(pause * 2, LONGEST_PAUSE)


def _attempt(target: Target, route: Route, deadline: float, heartbeat: Heartbeat) -> SshConnection:
    try:
        transport = establish(route.stream, target, deadline)
    except BaseException as error:
        proxy_error = route.proxy_error()
        route.close()
        if proxy_error and isinstance(error, BusyError | ConnectionFailed):
            raise ConnectionFailed(f"{error}; the ProxyCommand reports: {proxy_error}") from error
        if isinstance(error, BusyError) and target.proxy_command:
            raise ConnectionFailed(f"{error} (ProxyCommand {target.proxy_command!r})") from error
        raise
    return SshConnection(target, transport, route, heartbeat)


class SshConnection:
    """A `Connection` over SSH."""

    def __init__(
        self, target: Target, transport: SshTransport, route: Route, heartbeat: Heartbeat
    ) -> None:
        self.target, self.heartbeat = target, heartbeat
        self._transport, self._route = transport, route
        self._asked_at: float | None = None  # time of the unanswered keepalive request
        self._lost: ConnectionLost | None = None
        self._closing = threading.Lock()  # acquired by the first `close`, never released

    @property
    def host_key(self) -> str:
        """The first digits of the SHA-256 of the server's key."""
        return self._transport.host_key_hash

    @property
    def alive(self) -> bool:
        """Whether the connection is up. Sends nothing, so the answer may be outdated."""
        return self._lost is None and self._transport.is_active()

    def open(self, command: str, *, terminal: bool = False) -> SshChannel:
        """Start `command` under the remote user's login shell.

        Does not wait for the server's answer: `receive` raises ConnectionFailed for a refusal.
        """
        channel = self._open_session()
        channel.set_combine_stderr(True)
        set_output_buffer(channel)
        channel.settimeout(self.heartbeat.silence)
        try:
            if terminal:
                from provisioner.remote.ssh.terminal import terminal_request

                self._transport.send(terminal_request(channel.remote_chanid))
            self._transport.send(_exec_request(channel.remote_chanid, command))
        except Exception as error:
            raise self.lost(error) from error
        return SshChannel(self, channel)

    def _open_session(self) -> ParamikoChannel:
        seconds = self.heartbeat.silence + self.heartbeat.grace
        try:
            return self._transport.open_session(timeout=seconds)
        except ChannelException as error:
            raise SessionRefused(
                f"{self.target} allows no further session: {error.text}",
                "raise MaxSessions in its sshd_config",
            ) from error
        except Exception as error:
            raise self.lost(error) from error

    def forward(self, target: Target) -> JumpStream:
        """Open a byte stream to `target` from this host, for ProxyJump. Raises ConnectionFailed."""
        try:
            return JumpStream(self._transport, target.address, target.port, target.timeout)
        except ChannelException as error:
            raise ConnectionFailed(
                f"the jump host {self.target} can't connect to"
                f" {target.address}:{target.port}: {error.text}",
                "is the host up, and does the jump host's sshd have AllowTcpForwarding yes?",
            ) from error
        except Exception as error:
            raise self.lost(error) from error

    def check_heartbeat(self) -> float:
        """Return how many seconds to wait before the next check.

        Sends a keepalive request when one is due. Raises ConnectionLost when the answer is overdue.
        """
        if self._lost:
            raise self._lost
        now, received_at = time.monotonic(), self._transport.last_received
        if self._asked_at is not None and received_at >= self._asked_at:
            self._asked_at = None
        if self._asked_at is None:
            remaining = received_at + self.heartbeat.silence - now
            if remaining > 0:
                return remaining
            self._asked_at = now
            self._send_quietly(self._transport.send_keepalive)
            return self.heartbeat.grace
        remaining = self._asked_at + self.heartbeat.grace - now
        if remaining > 0:
            return remaining
        raise self.lost(TimeoutError(), f"no byte came for {now - received_at:.0f} s")

    def keep_alive(self) -> None:
        """Send a message if the connection is silent.

        sshd ends a silent connection after ClientAliveInterval where ClientAliveCountMax is 0, and
        firewalls forget it.
        """
        silent_for = time.monotonic() - self._transport.last_received
        if self.alive and silent_for >= self.heartbeat.silence:
            # Not a request: with 300 connections each answer takes 1 ms, to wake a thread.
            self._send_quietly(self._transport.send_ignore)

    def _send_quietly(self, send: Callable[[], None]) -> None:
        if not self._transport.clear_to_send.is_set():
            # Only packets of the key exchange may be sent now, and the server's are expected.
            return
        # The threads that wait for a broken connection find the error.
        with contextlib.suppress(Exception):
            send()

    def lost(self, error: Exception | None = None, reason: str = "") -> ConnectionLost:
        """End the connection and return the exception for it. The first cause is kept."""
        if self._lost is None:
            cause = self._transport.get_exception() or error
            reason = reason or (reason_of(cause) if cause else "the host closed the connection")
            details = traceback_of(cause) if cause else ""
            text = f"the connection to {self.target} broke: {reason}"
            self._lost = ConnectionLost(text, BROKEN, details)
        abort(self._transport)
        return self._lost

    def close(self) -> None:
        """End the connection and its channels at once; never raises, may be called twice."""
        if not self._closing.acquire(blocking=False):
            return
        if self._lost is None:
            self._lost = ConnectionLost(f"the connection to {self.target} was closed")
        abort(self._transport)
        with contextlib.suppress(Exception):
            self._route.close()


class SshChannel:
    """A `Channel` over SSH. One thread may send while another one receives."""

    def __init__(self, connection: SshConnection, channel: ParamikoChannel) -> None:
        self._connection, self._channel = connection, channel
        self._has_answered = False

    @property
    def alive(self) -> bool:
        return self._connection.alive and not (self._channel.closed or self._ended())

    def send(self, data: bytes) -> None:
        """Write all of `data`.

        Data for a process that has ended is dropped: `receive` then returns its last output and the
        end.
        """
        rest, moved_at = memoryview(data), time.monotonic()
        while rest and not self._channel.closed:
            try:
                sent = self._channel.send(bytes(rest[:LARGEST_WRITE]))
                moved_at = time.monotonic()
            except TimeoutError:
                self._connection.check_heartbeat()
                self._check_input(time.monotonic() - moved_at)
                continue
            except OSError:  # paramiko's exception for a closed channel
                break
            except Exception as error:
                raise self._connection.lost(error) from error
            if not sent:
                break
            rest = rest[sent:]
        if not self._ended() and not self._connection.alive:
            raise self._connection.lost()

    def _check_input(self, seconds: float) -> None:
        """Raise ConnectionLost if the process has taken no input for too long.

        At first its shell only waits for input. Later it may have to wait for a disk.
        """
        if seconds >= (BUSY_STALL if self._has_answered else FIRST_STALL):
            reason = f"the host took no input for {seconds:.0f} s"
            raise self._connection.lost(None, reason)

    def receive(self, timeout: float | None) -> bytes:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            wait = self._connection.check_heartbeat()
            if deadline is not None:
                wait = min(wait, max(0.0, deadline - time.monotonic()))
            self._channel.settimeout(wait)
            try:
                data = self._channel.recv(LARGEST_READ)
                self._has_answered = True
                return data or self._end()
            except TimeoutError:
                if deadline is not None and time.monotonic() >= deadline:
                    raise
            except EOFError as error:
                raise self._connection.lost(error) from error

    def _ended(self) -> bool:
        """Whether the server has ended the output, as opposed to a broken connection."""
        return bool(self._channel.eof_received) or self._channel.exit_status != -1

    def _end(self) -> bytes:
        """Return b"" at the end of the output; raise what ended it otherwise."""
        if self._ended():
            return b""
        # A server that closes a channel makes paramiko send an EOF. paramiko's thread closes the
        # channels of a broken connection without one, before `alive` turns false.
        if self._channel.eof_sent and self._connection.alive:
            target = self._connection.target
            raise ConnectionFailed(
                f"{target} refuses to run commands for {target.user}",
                "is the account restricted (ForceCommand, no exec)?",
            )
        raise self._connection.lost()

    def exit_status(self) -> int | None:
        """Return the exit status, or None where none comes within 5 s of the end of the output."""
        self._channel.status_event.wait(STATUS_WAIT)
        status = self._channel.exit_status
        return None if status == -1 else status

    def close(self) -> None:
        with contextlib.suppress(Exception):
            if self._connection.alive:
                self._channel.close()


def _exec_request(channel: int, command: str) -> Message:
    """Return the request to run a command (RFC 4254, section 6.5), with an answer."""
    message = Message()
    message.add_byte(CHANNEL_REQUEST)
    message.add_int(channel)
    message.add_string("exec")
    message.add_boolean(True)
    message.add_string(command)
    return message
