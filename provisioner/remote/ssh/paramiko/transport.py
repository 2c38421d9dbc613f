"""paramiko's Transport with this tool's algorithms, host key check and keepalive messages.

paramiko's private methods and attributes that are used here are the same in paramiko 3.5.1 to 5.1
(tested with 3.5.1 and 5.1.0).
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

from provisioner.errors import describe
from provisioner.remote.ssh.dial import NAME
from provisioner.remote.ssh.known_hosts import PREFERENCE, HostKey, algorithms
from provisioner.remote.ssh.paramiko.message_budget import MessageBudget
from provisioner.remote.ssh.paramiko.names import (
    Channel,
    ChannelMap,
    KexGexSHA256,
    Message,
    SSHException,
    Transport,
)
from provisioner.remote.ssh.paramiko.packetizer import STALL, BufferedPacketizer

WINDOW = 1 << 22
"""Bytes that a channel's peer may send ahead: 40 MB/s at a round trip of 100 ms."""
MOST_UNREAD = 2 * WINDOW
"""Bytes of unread output after which a server evidently ignores the window."""
LONGEST_TEXT = 200
"""Characters of a text of the server that a message shows."""
MOST_EXTENSIONS = 64
"""Extensions that a server may name (RFC 8308)."""
LARGEST_WRITE = 1 << 17
"""Bytes to pass to a channel through a jump host at once."""
KEX = (
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group16-sha512",
)
# The Terrapin attack (CVE-2023-48795) needs ChaCha20, which paramiko lacks, or CBC with an -etm
# MAC: there is no CBC here. -etm MACs come last, for servers that accept no others. GCM needs no
# MAC.
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

GLOBAL_REQUEST = b"\x50"  # SSH_MSG_GLOBAL_REQUEST, RFC 4254 section 4
CHANNEL_DATA, EXTENDED_DATA = 94, 95  # RFC 4254, section 5.2


class Disconnected(EOFError):
    """The server has ended the connection with a message."""


class _Channels(ChannelMap):
    """The open channels of a transport. A message for another one costs `budget` more."""

    def __init__(self, budget: MessageBudget) -> None:
        super().__init__()
        self._budget = budget

    def get(self, chanid: int) -> Any:
        channel = super().get(chanid)
        if channel is None:
            self._budget.spend_for_nothing()
        return channel


class CheckedGroupExchange(KexGexSHA256):
    """The key exchange in a group that the server chooses (RFC 4419).

    paramiko searches for ever for a secret number in a group with a negative modulus.
    """

    def _parse_kexdh_gex_group(self, m: Message) -> None:
        group = Message(m.get_remainder())
        modulus, generator = group.get_mpint(), group.get_mpint()
        if not 1 < generator < modulus - 1:
            raise SSHException("the server proposes an impossible group for the key exchange")
        super()._parse_kexdh_gex_group(m)  # type: ignore[misc]


def _feed(channel: Channel, message: Message) -> None:
    _check_window(channel)
    channel._feed(message)  # type: ignore[attr-defined]


def _feed_extended(channel: Channel, message: Message) -> None:
    _check_window(channel)
    channel._feed_extended(message)  # type: ignore[attr-defined]


def _check_window(channel: Channel) -> None:
    """Raise SSHException if the server sends more than the channel's window allows."""
    if len(channel.in_buffer) + len(channel.in_stderr_buffer) > MOST_UNREAD:
        raise SSHException("the server sends more output than it may")


def shown(data: bytes) -> str:
    """Return the beginning of a text of the server, on one line."""
    text = " ".join(data[: 4 * LONGEST_TEXT].decode("utf-8", "replace").split())
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} …"


class SshTransport(Transport):
    """A Transport to one host.

    Overridden, and why:

    - `preferred_*`: paramiko's are properties that search the disabled algorithms at each use;
      those of the host key start with the types that known_hosts has for the host, and leave out
      host certificates (paramiko 5 adds them).
    - `_active_check_timeout`: the timeout of the socket; paramiko's 0.1 s wakes idle connections.
    - `_CLIENT_ID`: the name in our banner.
    - `_log`: paramiko formats some thirty lines for each connection, which are not shown.
    - `_parse_debug`: sshd sends the options of the login in such messages; they are not shown.
    - `_parse_disconnect`: the server's reason becomes the connection's exception.
    - `_parse_ext_info`: paramiko reads as many extensions as the server counts, up to 2³².
    - `_kex_info`, `_channel_handler_table`: the group of a key exchange and the amount of output
      are checked.
    - `_auth_trigger`: before the login a server may send less.
    - `_check_banner`, `_send_kex_init`: our key exchange proposal is sent before the server's
      banner has arrived, which saves waiting; paramiko's thread would send a second one.
    - `_verify_key`: the host key is checked against known_hosts as soon as its signature is
      verified, before anything secret is sent.
    - `_send_user_message`, `_parse_newkeys`: during a new key exchange senders wait for its end.
      The reading thread, which answers the end of a channel, would wait for itself.
    """

    _active_check_timeout = STALL
    preferred_kex = tuple(k for k in KEX if k in Transport._kex_info)  # type: ignore[attr-defined]
    preferred_ciphers = tuple(c for c in CIPHERS if c in Transport._cipher_info)  # type: ignore[attr-defined]
    preferred_macs = MACS
    preferred_compression = ("none",)
    _CLIENT_ID = NAME
    _kex_info = {  # noqa: RUF012
        **Transport._kex_info,  # type: ignore[attr-defined]
        "diffie-hellman-group-exchange-sha256": CheckedGroupExchange,
    }
    _channel_handler_table = {  # noqa: RUF012
        **Transport._channel_handler_table,  # type: ignore[attr-defined]
        CHANNEL_DATA: _feed,
        EXTENDED_DATA: _feed_extended,
    }

    def __init__(
        self, stream: Any, key_types: Sequence[str], check_host_key: Callable[[HostKey], None]
    ) -> None:
        """Create the transport.

        `check_host_key` raises an exception for a key that must not be accepted; `negotiate` raises
        it again.
        """
        super().__init__(stream, default_window_size=WINDOW, packetizer_class=BufferedPacketizer)
        names = algorithms(dict.fromkeys((*key_types, *PREFERENCE)))
        self._preferred_keys = tuple(name for name in names if name in self._key_info)  # type: ignore[attr-defined]
        self._channels = _Channels(self._buffered.budget)
        self._check_host_key = check_host_key
        self._accepted_key: bytes | None = None
        self._postponed: list[Any] = []
        self._refusal: Exception | None = None

    @property
    def preferred_keys(self) -> Sequence[str]:
        return self._preferred_keys

    @property
    def host_key_hash(self) -> str:
        """The first 16 hex digits of the SHA-256 of the accepted host key."""
        return hashlib.sha256(self._accepted_key or b"").hexdigest()[:16]

    @property
    def last_received(self) -> float:
        """Time of the last received bytes (time.monotonic)."""
        return self._buffered.last_received

    @property
    def first_line(self) -> str:
        """The first line that the server sent, up to 200 characters."""
        return self._buffered.first_line

    @property
    def _buffered(self) -> BufferedPacketizer:
        return self.packetizer  # type: ignore[return-value]

    def _log(self, level: int, msg: Any, *args: Any) -> None:
        """Do nothing."""

    def _parse_debug(self, message: Message) -> None:
        """Do nothing."""

    def _parse_disconnect(self, message: Message) -> None:
        message.get_int()  # the code
        text = shown(message.get_binary())
        self.saved_exception = Disconnected(f"the server ends the connection: {text!r}")

    def _parse_ext_info(self, message: Message) -> None:
        count = message.get_int()
        if count > MOST_EXTENSIONS:
            raise SSHException(f"the server names {count} extensions")
        pairs = [(message.get_binary(), message.get_binary()) for _ in range(count)]
        self.server_extensions = {name.decode("ascii", "replace"): value for name, value in pairs}

    def _auth_trigger(self) -> None:
        super()._auth_trigger()  # type: ignore[misc]
        self._buffered.is_logged_in = True

    def _check_banner(self) -> None:
        self._send_kex_init()
        super()._check_banner()  # type: ignore[misc]

    def _send_kex_init(self) -> None:
        if self.local_kex_init is None:  # our proposal is not yet sent in this key exchange
            super()._send_kex_init()  # type: ignore[misc]

    def _verify_key(self, host_key: bytes, sig: bytes) -> None:
        super()._verify_key(host_key, sig)  # type: ignore[misc]
        if host_key == self._accepted_key:  # the key was accepted in an earlier key exchange
            return
        try:
            self._check_host_key(HostKey(Message(host_key).get_text(), host_key))
        except Exception as refusal:
            self._refusal = refusal
            raise SSHException("host key refused") from None
        self._accepted_key = host_key

    def _send_user_message(self, data: Any) -> None:
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
        """Exchange banners and keys.

        Raises TimeoutError after `seconds`, the exception of `check_host_key`, or the exception
        that ended the connection.
        """
        done = threading.Event()
        self.handshake_timeout = self.banner_timeout = seconds
        self.start_client(event=done)
        finished = done.wait(seconds)
        if self._refusal is not None:
            raise self._refusal
        if not finished:
            raise TimeoutError
        if not self.initial_kex_done or not self.is_active():
            raise self.get_exception() or EOFError()

    def send(self, message: Message) -> None:
        """Send a message; wait for the end of a key exchange under way."""
        self._send_user_message(message)

    def send_keepalive(self) -> None:
        """Send a request that every OpenSSH server answers (PROTOCOL, keepalive@openssh.com)."""
        message = Message()
        message.add_byte(GLOBAL_REQUEST)
        message.add_string("keepalive@openssh.com")
        message.add_boolean(True)
        self.send(message)


def reason_of(error: BaseException) -> str:
    """Return the reason of a broken connection, from the exception that ended it."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, SSHException | EOFError | OSError):
        return shown(str(error).encode("utf-8", "replace")) or "the host closed the connection"
    return describe(error)


def abort(transport: SshTransport) -> None:
    """End a connection at once, without sending anything or taking a lock; never raises.

    The transport's thread wakes up and closes the channels and the socket. Closing a socket under a
    thread that reads it would neither wake the thread nor be safe.
    """
    stream = transport.sock
    with contextlib.suppress(Exception):
        if isinstance(stream, socket.socket):
            stream.shutdown(socket.SHUT_RDWR)
        else:
            stream.close()
    if not transport.is_alive():
        with contextlib.suppress(Exception):
            stream.close()


class JumpStream:
    """A channel through a jump host to `address`:`port`, with the methods of a socket."""

    def __init__(self, transport: SshTransport, address: str, port: int, seconds: float) -> None:
        origin = ("127.0.0.1", 0)
        self._channel: Channel = transport.open_channel(
            "direct-tcpip", (address, port), origin, timeout=seconds
        )

    def send(self, data: bytes | memoryview) -> int:
        return self._channel.send(bytes(data[:LARGEST_WRITE]))

    def recv(self, size: int) -> bytes:
        return self._channel.recv(size)

    def settimeout(self, seconds: float | None) -> None:
        self._channel.settimeout(seconds)

    def close(self) -> None:
        self._channel.close()

    @property
    def _closed(self) -> bool:
        """Whether it is closed, as paramiko's `Transport.stop_thread` asks a socket."""
        return self._channel.closed
