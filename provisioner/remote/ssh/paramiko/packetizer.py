"""paramiko's Packetizer with buffered reading, bounded writing and a faster AES-GCM reader.

paramiko's private attributes that are used here are the same in paramiko 3.5.1 to 5.1 (tested with
3.5.1 and 5.1.0).
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from provisioner.remote.ssh.dial import BANNER
from provisioner.remote.ssh.paramiko.message_budget import CHANNEL_DATA, MessageBudget
from provisioner.remote.ssh.paramiko.names import (
    Message,
    NeedRekeyException,
    Packetizer,
    SSHException,
)

STALL = 20.0
"""Seconds without progress after which a write ends the connection."""
SLEEP = 600.0
"""Seconds that a read waits before it looks whether new keys are due."""
SMALL_READ = 1 << 12
"""Bytes to read from an idle connection: each holds a buffer of this size while it waits."""
LARGE_READ = 1 << 17
"""Bytes to read from a busy connection."""
LARGEST_READ = 1 << 19
"""Bytes to read after a read that filled `LARGE_READ`: larger reads wake fewer threads."""
LONGEST_PACKET = 1 << 21
"""Bytes of a packet. A login banner of 1 MB is one packet."""
LONGEST_KEX_PACKET = 1 << 16
"""Bytes of a packet of a key exchange. RFC 4253, section 6.1, allows 35,000 for all packets.
paramiko needs minutes for a number of a megabyte."""
LONGEST_LINE = 1 << 16
"""Bytes of a line before and in the server's identification."""
BEFORE_LOGIN = 1 << 22
"""Bytes that a server may send before the login is done."""

KEX_MESSAGES = range(20, 50)  # RFC 4250, section 4.1.2
DATA_HEADER = 9  # bytes before the data of such a message: its number, the channel, the length
BLOCK = TAG = 16  # bytes, RFC 5647


class Stream(Protocol):
    """The methods of a socket that a transport needs; implemented by sockets and `JumpStream`."""

    def send(self, data: bytes | memoryview, /) -> int: ...
    def recv(self, size: int, /) -> bytes: ...
    def settimeout(self, seconds: float | None, /) -> None: ...
    def close(self) -> None: ...


class ChannelData(Message):
    """The data of successive packets for one channel, as one message."""

    def __init__(self, channel: int, data: bytes) -> None:
        super().__init__()
        self._channel, self._data = channel, data

    def get_int(self) -> int:
        return self._channel

    def get_binary(self) -> bytes:
        return self._data


class Packet(NamedTuple):
    """A decrypted packet."""

    payload: memoryview
    sequence_number: int

    def message(self) -> tuple[int, Message]:
        """Return the number of the message (RFC 4250, section 4.1) and the rest of it."""
        message = Message(bytes(self.payload[1:]))
        message.seqno = self.sequence_number
        return self.payload[0], message


class BufferedPacketizer(Packetizer):
    """A Packetizer that reads through a buffer of its own.

    Overridden, and why:

    - `start_handshake`: paramiko starts a thread to bound the handshake; our callers bound it.
    - `read_all`, `readline`: one system call reads several packets (paramiko: two calls each). An
      idle connection wakes up every `SLEEP` seconds (paramiko: every 0.1 s, which costs 3 % of a
      core for 100 connections).
    - `write_all`: a write that makes no progress for `STALL` seconds ends the connection (paramiko
      retries for ever with its write lock held).
    - `read_message`: AES-GCM packets are decrypted here, and successive packets of a channel's data
      become one message. paramiko copies each packet six times, and takes a lock and a thread
      switch for each: 0.2 s of CPU time for 100 MB, against 0.1 s here. Other ciphers use its code.
    """

    # Private attributes of paramiko's Packetizer ("name mangling" adds the name of its class).
    _initial_kex_done: bool
    _Packetizer__aead_in: bool
    _Packetizer__block_engine_in: Any
    _Packetizer__iv_in: bytes
    _Packetizer__sequence_number_in: int
    _Packetizer__received_bytes: int
    _Packetizer__received_packets: int
    _Packetizer__received_bytes_overflow: int
    _Packetizer__received_packets_overflow: int

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._stream: Stream = stream
        self._wait_for_data = _waiter(stream)
        self._buffer = bytearray()
        self._read_size = SMALL_READ
        self._next_packet: Packet | None = None
        self._before_login = 0
        self.is_logged_in = False
        self.budget = MessageBudget()
        self.last_received = time.monotonic()
        self.first_line = ""

    def start_handshake(self, timeout: float) -> None:
        """Do nothing."""

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Return exactly `n` bytes. Raises EOFError at the end of the stream."""
        if n < 0:
            raise SSHException("the server sends a packet with an impossible length")
        self._fill_to(n, check_rekey)
        data = bytes(memoryview(self._buffer)[:n])
        del self._buffer[:n]
        return data

    def readline(self, timeout: float) -> str:
        """Return a line of the server's greeting. `timeout` is not used: our callers bound it."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched, LONGEST_LINE)) < 0:
            searched = len(self._buffer)
            if searched >= LONGEST_LINE:
                self.first_line = self.first_line or self._buffer[:200].decode("utf-8", "replace")
                raise SSHException(f"the server sends a line of more than {LONGEST_LINE} bytes")
            self._fill()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        text = line.rstrip(b"\r").decode("utf-8", "replace")
        self.first_line = self.first_line or text[:200]
        return text

    def write_all(self, out: Any) -> None:
        """Write all of `out`. Raises EOFError after `STALL` seconds without progress."""
        if out == BANNER:  # dial.greet has sent it already
            return
        rest = memoryview(out)
        try:
            while rest:
                sent = self._stream.send(rest)
                if sent <= 0:
                    raise EOFError
                self.budget.note_sent(sent)
                rest = rest[sent:]
        except OSError as error:  # TimeoutError: the transport sets STALL as the stream's timeout
            raise EOFError(str(error)) from error

    def read_message(self) -> tuple[int, Message]:
        """Return the next message: its number and the rest of it."""
        if not self._Packetizer__aead_in:
            number, message = super().read_message()
            self._check(number, len(message.asbytes()))
            return number, message
        packet, self._next_packet = self._next_packet or self._read_packet(), None
        start = packet.payload[:5]  # the number of the message, and of the channel
        if start[0] != CHANNEL_DATA:
            return packet.message()
        parts = [packet.payload[DATA_HEADER:]]
        while self._has_packet():
            following = self._read_packet()
            if following.payload[:5] != start:
                self._next_packet = following
                break
            parts.append(following.payload[DATA_HEADER:])
        channel = int.from_bytes(start[1:], "big")
        return CHANNEL_DATA, ChannelData(channel, b"".join(parts))

    def _check(self, message: int, size: int) -> None:
        """Raise SSHException for a message that a server may not send."""
        if message in KEX_MESSAGES and size > LONGEST_KEX_PACKET:
            raise SSHException(f"the server sends a key exchange of {size} bytes")
        self.budget.spend(message, size)

    def _has_packet(self) -> bool:
        """Whether a whole packet is in the buffer."""
        if len(self._buffer) < 4:
            return False
        return len(self._buffer) >= 4 + int.from_bytes(self._buffer[:4], "big") + TAG

    def _read_packet(self) -> Packet:
        """Read, decrypt and count an AES-GCM packet (RFC 5647, section 7.2)."""
        self._fill_to(BLOCK, check_rekey=True)
        length = bytes(self._buffer[:4])
        end = 4 + int.from_bytes(length, "big") + TAG
        self._fill_to(end)
        with memoryview(self._buffer) as view:
            plain = self._Packetizer__block_engine_in.decrypt(
                self._Packetizer__iv_in, view[4:end], length
            )
        del self._buffer[:end]
        self._Packetizer__iv_in = next_nonce(self._Packetizer__iv_in)
        number = self._Packetizer__sequence_number_in
        self._Packetizer__sequence_number_in = (number + 1) & 0xFFFFFFFF
        self._count(end)
        padding = plain[0] if plain else 0
        payload = memoryview(plain)[1 : len(plain) - padding]
        if not payload:
            raise SSHException("the server sends an empty packet")
        self._check(payload[0], len(payload))
        return Packet(payload, number)

    def _count(self, size: int) -> None:
        """Count a packet. Ask for new keys when they are due; end a connection that ignores it."""
        self._Packetizer__received_bytes += size
        self._Packetizer__received_packets += 1
        if self.need_rekey():
            self._Packetizer__received_bytes_overflow += size
            self._Packetizer__received_packets_overflow += 1
            if (
                self._Packetizer__received_bytes_overflow >= self.REKEY_BYTES_OVERFLOW_MAX
                or self._Packetizer__received_packets_overflow >= self.REKEY_PACKETS_OVERFLOW_MAX
            ):
                raise SSHException("the server ignores a request for new keys")
        elif (
            self._Packetizer__received_bytes >= self.REKEY_BYTES
            or self._Packetizer__received_packets >= self.REKEY_PACKETS
        ):
            self._Packetizer__received_bytes_overflow = 0
            self._Packetizer__received_packets_overflow = 0
            self._trigger_rekey()  # type: ignore[attr-defined]

    def _fill_to(self, size: int, check_rekey: bool = False) -> None:
        """Read until `size` bytes are in the buffer. Raises EOFError at the end of the stream."""
        if size > (LONGEST_PACKET if self._initial_kex_done else LONGEST_KEX_PACKET):
            raise SSHException(f"the server sends a packet of {size} bytes")
        while len(self._buffer) < size:
            if not self._fill() and check_rekey and not self._buffer and self.need_rekey():
                raise NeedRekeyException

    def _fill(self) -> bool:
        """Read once into the buffer; return False when nothing came for `SLEEP` seconds."""
        if not self._wait_for_data(SLEEP):
            return False
        try:
            data = self._stream.recv(self._read_size)
        except TimeoutError as timeout:
            # The end of TCP_USER_TIMEOUT (ETIMEDOUT) is a TimeoutError too, but has a number.
            if self.closed or timeout.errno is not None:
                raise EOFError(timeout.strerror or "") from None
            return False
        except OSError:
            if self.closed:
                raise EOFError from None
            raise
        if not data:
            raise EOFError
        if not self.is_logged_in:
            self._before_login += len(data)
            if self._before_login > BEFORE_LOGIN:
                limit = f"{BEFORE_LOGIN >> 20} MiB"
                raise SSHException(f"the server sends more than {limit} before the login is done")
        self._read_size = _next_read_size(len(data))
        self._buffer += data
        self.last_received = time.monotonic()
        return True


def _next_read_size(received: int) -> int:
    if received < SMALL_READ:
        return SMALL_READ
    return LARGE_READ if received < LARGE_READ else LARGEST_READ


def next_nonce(nonce: bytes) -> bytes:
    """Return the nonce of the next AES-GCM packet: RFC 5647, section 7.1."""
    counter = (int.from_bytes(nonce[4:], "big") + 1) & (1 << 64) - 1
    return nonce[:4] + counter.to_bytes(8, "big")


def _waiter(stream: Stream) -> Callable[[float], bool]:
    """Return a function that waits for data or the end of the stream, up to a number of seconds.

    It returns False when nothing came. The timeout of a socket itself is `STALL`, for writing. If
    the stream is not a socket, its `recv` waits.
    """
    if not isinstance(stream, socket.socket):
        return lambda seconds: True
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    return lambda seconds: bool(poll.poll(seconds * 1000))
