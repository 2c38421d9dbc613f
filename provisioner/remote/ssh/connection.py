"""SSH connections: `connect(target)` gives a `Connection` as `channel` describes it.

One thread per connection reads (paramiko's), and sleeps while nothing comes. Liveness costs no
thread: whoever waits in `Channel.receive` asks the host for a sign of life after
`Heartbeat.silence` seconds without a byte, and gives it `Heartbeat.grace` seconds to answer.
Together with TCP_USER_TIMEOUT (15 s) that finds a cut network and a frozen sshd within 30 s.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial

from provisioner.errors import ConnectionFailed, Lost, NoSession
from provisioner.records import dataclass
from provisioner.remote.ssh.dial import OutOfFiles
from provisioner.remote.ssh.link import BusyError, establish
from provisioner.remote.ssh.paramiko.inbox import Inbox
from provisioner.remote.ssh.paramiko.names import Channel as ParamikoChannel
from provisioner.remote.ssh.paramiko.names import ChannelException, Message
from provisioner.remote.ssh.paramiko.outbox import MOST, Outgoing
from provisioner.remote.ssh.paramiko.transport import BULK, Forward, SshTransport, Stream, abort
from provisioner.remote.ssh.route import Route, open_route
from provisioner.remote.target import Target

__all__ = ["HEARTBEAT", "Heartbeat", "OutOfFiles", "SshChannel", "SshConnection", "connect"]

PAUSE, LONGEST_PAUSE = 0.2, 3.0  # seconds between tries at a busy sshd, before jitter
PACKET_HEAD = 64  # bytes that paramiko leaves free in a packet
STATUS_WAIT = 5.0  # seconds for an exit status to follow the end of the output

BROKEN = "see whether it is up (`last -x`) and sshd's log (`journalctl -u sshd`), then run again"


@dataclass(frozen=True)
class Heartbeat:
    """When to ask a silent host for a sign of life, and how long to wait for it (seconds)."""

    silence: float = 15.0
    grace: float = 15.0


HEARTBEAT = Heartbeat()


def connect(
    target: Target, *, wire: Stream | None = None, heartbeat: Heartbeat = HEARTBEAT
) -> SshConnection:
    """Connect and log in to `target`. Raises ConnectionFailed with a reason and a remedy. `wire` is
    a TCP connection to it (`sshdial.dial`), where there is one already.

    A server that hangs up before its banner (MaxStartups) is tried again, at growing random
    intervals, until `target.login_timeout` is over. Nothing else is tried twice.
    """
    deadline = time.monotonic() + target.login_timeout
    pause = PAUSE
    while True:
        try:
            route = (
                open_route(target, partial(connect, heartbeat=heartbeat))
                if wire is None
                else Route(wire)
            )
            return _attempt(target, route, deadline, heartbeat)
        except BusyError as busy:
            from random import uniform

            delay = pause * uniform(0.5, 1.5)  # noqa: S311
            if time.monotonic() + delay >= deadline:
                raise ConnectionFailed(
                    f"{busy}, again and again for {target.login_timeout:g} s",
                    "raise sshd's MaxStartups, or lower --forks; TCP wrappers also do this",
                ) from busy
        time.sleep(delay)
        wire = None
        pause = min(pause * 2, LONGEST_PAUSE)


def _attempt(target: Target, route: Route, deadline: float, heartbeat: Heartbeat) -> SshConnection:
    try:
        link = establish(route.wire, target, deadline)
    except BaseException as error:
        complaint = route.complaint()
        route.close()
        if complaint and isinstance(error, BusyError | ConnectionFailed):
            raise ConnectionFailed(f"{error}; the ProxyCommand says: {complaint}") from error
        if isinstance(error, BusyError) and target.proxy_command:
            raise ConnectionFailed(f"{error} (ProxyCommand {target.proxy_command!r})") from error
        raise
    return SshConnection(target, link, route, heartbeat)


class SshConnection:
    """A `Connection` over SSH."""

    def __init__(
        self, target: Target, link: SshTransport, route: Route, heartbeat: Heartbeat
    ) -> None:
        self.target, self.heartbeat = target, heartbeat
        self._link, self._route = link, route
        self._asked: float | None = None  # when the sign of life was asked for that is still due
        self._lost: Lost | None = None
        self._closing = threading.Lock()  # taken once, never released

    @property
    def alive(self) -> bool:
        """Whether the connection is up, as far as is known without asking."""
        return self._lost is None and self._link.is_active()

    def open(self, command: str, *, terminal: bool = False) -> SshChannel:
        """Start `command` under the remote user's login shell.

        Doesn't wait for the server's answer to the request: a refusal shows in `receive`.
        """
        channel = self._open_session()
        channel.set_combine_stderr(True)
        _swap_inbox(channel)
        channel.settimeout(self.heartbeat.silence)
        message = Message()
        message.add_byte(b"\x62")  # SSH_MSG_CHANNEL_REQUEST, RFC 4254 section 6.5
        message.add_int(channel.remote_chanid)
        message.add_string("exec")
        message.add_boolean(True)
        message.add_string(command)
        try:
            if terminal:
                from provisioner.remote.ssh.terminal import request

                self._link._send_user_message(request(channel.remote_chanid))
            self._link._send_user_message(message)
        except Exception as error:
            raise self.lost(error) from error
        return SshChannel(self, channel)

    def _open_session(self) -> ParamikoChannel:
        seconds = self.heartbeat.silence + self.heartbeat.grace
        try:
            return self._link.open_session(timeout=seconds)
        except ChannelException as error:
            raise NoSession(
                f"{self.target} allows no further session: {error.text}",
                "raise MaxSessions in its sshd_config",
            ) from error
        except Exception as error:
            raise self.lost(error) from error

    def forward(self, target: Target) -> Forward:
        """A byte stream to `target` from this host, for ProxyJump. Raises ConnectionFailed."""
        try:
            return Forward(self._link, target.address, target.port, target.timeout)
        except ChannelException as error:
            raise ConnectionFailed(
                f"jump host {self.target} can't reach {target.address}:{target.port}: {error.text}",
                "is the host up, and AllowTcpForwarding yes on the jump host?",
            ) from error
        except Exception as error:
            raise self.lost(error) from error

    def beat(self) -> float:
        """How long to sleep before the next look at the host's liveness (seconds).

        Asks for a sign of life when one is due. Raises Lost when none has come.
        """
        if self._lost:
            raise self._lost
        now, heard = time.monotonic(), self._link.wiring.heard
        if self._asked is not None and heard >= self._asked:
            self._asked = None
        if self._asked is None:
            left = heard + self.heartbeat.silence - now
            if left > 0:
                return left
            self._asked = now
            self._ask()
            return self.heartbeat.grace
        left = self._asked + self.heartbeat.grace - now
        if left > 0:
            return left
        raise self.lost(TimeoutError(), f"it has been silent for {now - heard:.0f} s")

    def keep_alive(self) -> None:
        """sshd ends what is silent for its ClientAliveInterval, with a ClientAliveCountMax of 0 at
        once; firewalls forget it."""
        if self.alive and time.monotonic() - self._link.wiring.heard >= self.heartbeat.silence:
            self._send(self._link.ignore)

    def _ask(self) -> None:
        self._send(self._link.ask_alive)

    def _send(self, word: Callable[[], None]) -> None:
        if not self._link.clear_to_send.is_set():
            return  # in a key exchange nothing may be sent, but its next packet is due as well
        with contextlib.suppress(Exception):  # a broken link is noticed by those who wait
            word()

    def lost(self, error: Exception | None = None, why: str = "") -> Lost:
        """The exception for a broken connection, which is ended; the first cause is kept."""
        if self._lost is None:
            cause = self._link.get_exception() or error
            why = why or getattr(cause, "strerror", None) or str(cause or "")
            why = why or "the host closed it"
            self._lost = Lost(f"the connection to {self.target} broke: {why}", BROKEN)
        abort(self._link)
        return self._lost

    def close(self) -> None:
        """End the connection and its channels at once; never raises, may be called twice."""
        if not self._closing.acquire(blocking=False):
            return
        if self._lost is None:
            self._lost = Lost(f"the connection to {self.target} was closed")
        abort(self._link)
        with contextlib.suppress(Exception):
            self._route.close()


class SshChannel:
    """A `Channel` over SSH; one thread may send while another receives."""

    def __init__(self, connection: SshConnection, channel: ParamikoChannel) -> None:
        self._connection, self._channel = connection, channel

    @property
    def alive(self) -> bool:
        return self._connection.alive and not (self._channel.closed or self._ended())

    def send(self, data: bytes) -> None:
        """Write all of `data`. What a process that has ended would get is dropped in silence:
        `receive` then shows its last words and its end.
        """
        view, most = memoryview(data), self._channel.out_max_packet_size - PACKET_HEAD
        while view and not self._channel.closed:
            try:
                several = len(view) > most
                sent = self._send_several(view) if several else self._channel.send(bytes(view))
            except TimeoutError:
                self._connection.beat()
                continue
            except OSError:  # paramiko's word for a closed channel
                break
            except Exception as error:
                raise self._connection.lost(error) from error
            if not sent:
                break
            view = view[sent:]
        if not self._ended() and not self._connection.alive:
            raise self._connection.lost()

    def _send_several(self, view: memoryview) -> int:
        """Send what fits into the window, several packets at most; tell how much."""
        channel, pieces = self._channel, list[memoryview]()
        with channel.lock:
            while len(view) and len(pieces) < MOST and (channel.out_window_size or not pieces):
                size: int = channel._wait_for_send_window(len(view))  # type: ignore[attr-defined]
                if not size:
                    break
                pieces.append(view[:size])
                view = view[size:]
        if pieces:
            self._connection._link._send_user_message(Outgoing(channel.remote_chanid, pieces))
        return sum(map(len, pieces))

    def receive(self, timeout: float | None) -> bytes:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            wait = self._connection.beat()
            if deadline is not None:
                wait = min(wait, max(0.0, deadline - time.monotonic()))
            self._channel.settimeout(wait)
            try:
                return self._channel.recv(BULK) or self._end()
            except TimeoutError:
                if deadline is not None and time.monotonic() >= deadline:
                    raise
            except EOFError as error:
                raise self._connection.lost(error) from error

    def _ended(self) -> bool:
        """Whether the server has ended the output, rather than the connection."""
        return bool(self._channel.eof_received) or self._channel.exit_status != -1

    def _end(self) -> bytes:
        if self._ended():
            return b""
        # Whoever ends a channel sends or answers so. paramiko's thread closes those of a broken
        # connection without, and says only later that it is broken.
        if self._channel.eof_sent and self._connection.alive:
            raise ConnectionFailed(
                f"{self._connection.target} refuses to run commands for"
                f" {self._connection.target.user}",
                "is the account restricted (ForceCommand, no exec)?",
            )
        raise self._connection.lost()

    def exit_status(self) -> int | None:
        """Waits up to 5 s for it: it may come after the end of the output."""
        self._channel.status_event.wait(STATUS_WAIT)
        status = self._channel.exit_status
        return None if status == -1 else status

    def close(self) -> None:
        with contextlib.suppress(Exception):
            if self._connection.alive:
                self._channel.close()


def _swap_inbox(channel: ParamikoChannel) -> None:
    """Give a channel that nothing can have come for yet a queue of our own."""
    inbox = Inbox()
    channel.in_buffer = inbox  # type: ignore[assignment]
    if channel.closed:  # before that, so nobody has told the new one
        inbox.close()
