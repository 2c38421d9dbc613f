"""paramiko's Transport as this tool needs it: quiet, quick, and awake only when bytes arrive.

What differs from paramiko (3.5 to 5.1) and why:

- reads are buffered: one system call for several packets, where paramiko makes two for each;
- who reads sleeps for up to `SLEEP` instead of 0.1 s, so idle connections cost nothing; whoever
  ends a connection wakes its reader with `abort`;
- our banner is sent when there is a connection, and what we want of the key exchange when there is
  a Transport: neither waits for the server's; packets that follow each other go out as one
  (`sshoutbox`);
- a write that moves no byte for `STALL` seconds ends the connection, where paramiko retries for
  ever with its write lock held;
- a channel's data is copied less, and passed on as one where several packets of it have come
  together (`sshinbox`);
- the time of the last packet is kept, for the heartbeat;
- a channel that ends in a key exchange does not make the reading thread wait for itself;
- the host key is judged as soon as its signature is verified, before anything else is sent.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from provisioner.remote.ssh.dial import BANNER, NAME
from provisioner.remote.ssh.known_hosts import PREFERENCE, HostKey, algorithms
from provisioner.remote.ssh.paramiko.inbox import LARGEST
from provisioner.remote.ssh.paramiko.names import (
    Channel,
    Message,
    NeedRekeyException,
    SSHException,
    Transport,
)
from provisioner.remote.ssh.paramiko.outbox import Outbox, Packetizer

STALL = 20.0  # seconds
SLEEP = 600.0  # seconds
CHUNK = 1 << 17  # bytes that a busy connection is read with
BULK = 1 << 19
"""Bytes that it is read with where a read was full: the more at once, the fewer hand-overs from one
thread to the next."""
FIRST = 1 << 12
"""Bytes that an idle connection is read with: each holds a buffer of that size while it waits."""
WINDOW = 1 << 22  # bytes in flight to us: 40 MB/s at 100 ms
KEX = (
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group16-sha512",
)
# Terrapin (CVE-2023-48795) needs CBC with an -etm MAC, or ChaCha20: no CBC here, paramiko has no
# ChaCha20, and -etm comes last, for servers that take nothing else (GCM needs no MAC at all).
CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
)
MACS = (
    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
)


class Stream(Protocol):
    """What a Transport needs of a socket; a real one, or a channel through a jump host."""

    def send(self, data: bytes, /) -> int: ...
    def recv(self, size: int, /) -> bytes: ...
    def settimeout(self, seconds: float | None, /) -> None: ...
    def close(self) -> None: ...


class BufferedPacketizer(Packetizer):
    """A Packetizer with its own buffer for reading."""

    def __init__(self, wire: Any) -> None:
        super().__init__(wire)
        self._wire = wire
        self._arrives = _arrives(wire)
        self._size = FIRST
        self.outbox = Outbox(wire)
        self.heard = time.monotonic()
        self.greeting = ""

    def start_handshake(self, timeout: float) -> None:
        """Nothing: paramiko would start a thread to keep this time, but our callers do."""

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Exactly `n` bytes; EOFError at the end of the stream, as paramiko expects."""
        self.have(n, check_rekey)
        data = bytes(memoryview(self._buffer)[:n])
        del self._buffer[:n]
        return data

    def have(self, size: int, check_rekey: bool = False) -> None:
        """Read until `size` bytes are in the buffer; EOFError at the end of the stream."""
        if size > LARGEST:
            raise SSHException(f"the server sends a packet of {size} bytes")
        while len(self._buffer) < size:
            if not self._fill() and check_rekey and not self._buffer and self.need_rekey():
                raise NeedRekeyException

    def readline(self, timeout: float) -> str:
        """One line before the key exchange; the caller's deadline bounds it, not `timeout`."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LARGEST:
                self.greeting = self.greeting or self._buffer[:200].decode("utf-8", "replace")
                raise SSHException("the server sends no SSH banner but megabytes of something")
            self._fill()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        text = line.rstrip(b"\r").decode("utf-8", "replace")
        self.greeting = self.greeting or text[:200]
        return text

    def _fill(self) -> bool:
        """One read into the buffer; False when nothing came for a long time. What waits to be sent
        goes out before: until there are keys, only where nothing has come yet."""
        done = self._initial_kex_done  # type: ignore[attr-defined]
        if self.outbox.waiting and (done or not self._arrives(0)):
            self.outbox.flush()
        if not self._arrives(SLEEP):
            return False
        try:
            data = self._wire.recv(self._size)
        except TimeoutError as quiet:
            # ETIMEDOUT (TCP_USER_TIMEOUT is over) comes as the same class, but with a number.
            if self.closed or quiet.errno is not None:
                raise EOFError(quiet.strerror or "") from None
            return False
        except OSError:
            if self.closed:
                raise EOFError from None
            raise
        if not data:
            raise EOFError
        self._size = FIRST if len(data) < FIRST else CHUNK if len(data) < CHUNK else BULK
        self._buffer += data
        self.heard = time.monotonic()
        return True

    def write_all(self, out: Any) -> None:
        """Write all of `out`; EOFError when the peer takes nothing for `STALL` seconds."""
        if out != BANNER:  # that was sent when there was a connection
            self.outbox.write(out)


def _arrives(wire: Stream) -> Callable[[float], bool]:
    """What sleeps until something comes, or the end; false when nothing came for so many seconds.
    A socket's own timeout is for writing, too: that is `STALL`."""
    if not isinstance(wire, socket.socket):
        return lambda seconds: seconds > 0
    poll = select.poll()
    poll.register(wire, select.POLLIN)
    return lambda seconds: bool(poll.poll(seconds * 1000))


class SshTransport(Transport):
    """A Transport to one host, with the algorithms and the host key check of this tool."""

    _active_check_timeout = STALL
    # paramiko has properties by these names, which look for what is disabled each time.
    preferred_kex = tuple(k for k in KEX if k in Transport._kex_info)  # type: ignore[attr-defined]
    preferred_ciphers = tuple(c for c in CIPHERS if c in Transport._cipher_info)  # type: ignore[attr-defined]
    preferred_macs = MACS
    preferred_compression = ("none",)
    _CLIENT_ID = NAME

    def __init__(self, wire: Any, types: Sequence[str], judge: Callable[[HostKey], None]) -> None:
        super().__init__(wire, default_window_size=WINDOW, packetizer_class=BufferedPacketizer)
        # A known host is asked for the keys we know, in the first place.
        wanted = algorithms(dict.fromkeys((*types, *PREFERENCE)))
        self._wanted_keys = tuple(name for name in wanted if name in self._key_info)  # type: ignore[attr-defined]
        self._judge = judge
        self._judged: bytes | None = None
        self._postponed: list[Any] = []
        self.refusal: Exception | None = None

    @property
    def preferred_keys(self) -> Sequence[str]:
        """Without host certificates, which paramiko 5 would add."""
        return self._wanted_keys

    @property
    def wiring(self) -> BufferedPacketizer:
        return self.packetizer  # type: ignore[return-value]

    def _log(self, level: int, msg: Any, *args: Any) -> None:
        """Nothing: nobody reads paramiko's log, which has some thirty lines for each connection."""

    def _parse_debug(self, message: Message) -> None:
        """Nothing: sshd tells each login's options so, for the log."""

    def run(self) -> None:
        """What this thread sends goes out when it has nothing left to read."""
        self.wiring.outbox.be_patient()
        super().run()

    def _check_banner(self) -> None:
        self._send_kex_init()
        super()._check_banner()  # type: ignore[misc]

    def _send_kex_init(self) -> None:
        """Once a key exchange: paramiko's thread asks for it again when it has seen the banner."""
        if self.local_kex_init is None:
            super()._send_kex_init()  # type: ignore[misc]

    def _verify_key(self, host_key: bytes, sig: bytes) -> None:
        super()._verify_key(host_key, sig)  # type: ignore[misc]
        if host_key == self._judged:  # a new key exchange of the same connection
            return
        try:
            self._judge(HostKey(Message(host_key).get_text(), host_key))
        except Exception as refusal:
            self.refusal = refusal
            raise SSHException("host key refused") from None
        self._judged = host_key

    def _send_user_message(self, data: Any) -> None:
        """Who sends in a key exchange waits for its end; not so this thread, which brings it about:
        it answers the end of a channel, and paramiko's would wait for itself and give up."""
        if threading.current_thread() is self and not self.clear_to_send.is_set():
            self._postponed.append(data)
        else:
            super()._send_user_message(data)  # type: ignore[misc]

    def _parse_newkeys(self, message: Message) -> None:
        super()._parse_newkeys(message)  # type: ignore[misc]
        postponed, self._postponed = self._postponed, []
        for data in postponed:
            self._send_user_message(data)

    def negotiate(self, seconds: float) -> None:
        """Banner and key exchange. Raises what went wrong, TimeoutError after `seconds`."""
        done = threading.Event()
        self.handshake_timeout = self.banner_timeout = seconds
        self.start_client(event=done)
        finished = done.wait(seconds)
        if self.refusal is not None:
            raise self.refusal
        if not finished:
            raise TimeoutError
        if not self.initial_kex_done or not self.is_active():
            raise self.get_exception() or EOFError()

    def ignore(self) -> None:
        """Send what nobody answers (RFC 4253, section 11.2): with 300 connections an answer costs
        1 ms, mostly for the thread that it wakes."""
        message = Message()
        message.add_byte(b"\x02")  # SSH_MSG_IGNORE
        message.add_string("")
        self._send_user_message(message)

    def ask_alive(self) -> None:
        """Send a request that every OpenSSH answers (PROTOCOL, keepalive@openssh.com)."""
        message = Message()
        message.add_byte(b"\x50")  # SSH_MSG_GLOBAL_REQUEST, RFC 4254 section 4
        message.add_string("keepalive@openssh.com")
        message.add_boolean(True)
        self._send_user_message(message)


def abort(link: SshTransport) -> None:
    """End a connection at once: nothing is sent, no lock is taken, and its thread wakes up.

    The thread itself does the rest (it closes the channels and the socket), since closing a
    socket under a thread that reads it neither wakes the thread nor is safe.
    """
    wire = link.sock
    with contextlib.suppress(Exception):
        if isinstance(wire, socket.socket):
            wire.shutdown(socket.SHUT_RDWR)
        else:
            wire.close()
    if not link.is_alive():
        with contextlib.suppress(Exception):
            wire.close()


class Forward:
    """A channel through a jump host, in the shape of a socket."""

    def __init__(self, link: SshTransport, address: str, port: int, seconds: float) -> None:
        origin = ("127.0.0.1", 0)
        self._channel: Channel = link.open_channel(
            "direct-tcpip", (address, port), origin, timeout=seconds
        )

    def send(self, data: bytes) -> int:
        return self._channel.send(bytes(data[:CHUNK]))

    def recv(self, size: int) -> bytes:
        return self._channel.recv(size)

    def settimeout(self, seconds: float | None) -> None:
        self._channel.settimeout(seconds)

    def close(self) -> None:
        self._channel.close()

    @property
    def _closed(self) -> bool:  # paramiko looks at it in stop_thread
        return self._channel.closed
