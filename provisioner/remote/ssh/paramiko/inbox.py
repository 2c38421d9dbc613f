"""How a channel's data is read: what makes fetching a large file quick.

paramiko copies each packet half a dozen times, and keeps what was not yet taken in one array, whose
rest moves forward with each read. Here packets are copied twice, those that came together are
passed on as one (each costs a lock, a wake-up and the interpreter's lock, and a remote shell writes
each record by itself), and data waits in a queue of pieces.
"""

from __future__ import annotations

import queue
from typing import Any

from provisioner.records import dataclass
from provisioner.remote.ssh.paramiko import names
from provisioner.remote.ssh.paramiko.names import Message, PipeTimeout, SSHException

LARGEST = 1 << 21  # bytes in one packet at all; a login banner of 1 MB is one
DATA = 94  # SSH_MSG_CHANNEL_DATA, RFC 4254 section 5.2
BLOCK = TAG = 16  # bytes, RFC 5647
HEAD = 9  # bytes before a channel's data: the kind of message, the channel, the size


class Incoming(Message):
    """A channel's data, as much as has come in a row."""

    def __init__(self, channel: int, data: bytes) -> None:
        super().__init__()
        self._channel, self._data = channel, data

    def get_int(self) -> int:
        return self._channel

    def get_binary(self) -> bytes:
        return self._data


@dataclass(frozen=True)
class _Opened:
    """A packet's payload, decrypted."""

    payload: memoryview
    seqno: int

    def message(self) -> tuple[int, Message]:
        message = Message(bytes(self.payload[1:]))
        message.seqno = self.seqno
        return self.payload[0], message


class Packetizer(names.Packetizer):
    """Opens packets of AES-GCM, our first choice, by itself; others are paramiko's.

    It bears the name of paramiko's, since that makes what is private there (`__iv_in` is
    `_Packetizer__iv_in`) the same attribute here. Those are so in 3.5 to 5.1.
    """

    __aead_in: bool
    __block_engine_in: Any
    __iv_in: bytes
    __sequence_number_in: int
    __received_bytes: int
    __received_packets: int
    __received_bytes_overflow: int
    __received_packets_overflow: int

    def __init__(self, wire: Any) -> None:
        super().__init__(wire)
        self._buffer = bytearray()
        self._held: _Opened | None = None

    def have(self, size: int, check_rekey: bool = False) -> None:
        """Read until `size` bytes are in the buffer."""
        raise NotImplementedError

    def read_message(self) -> tuple[int, Message]:
        """The next packet. A channel's data is as much of it as has come in a row already."""
        if not self.__aead_in:
            return super().read_message()
        first, self._held = self._held or self._open(), None
        head = first.payload[:5]
        if head[0] != DATA:
            return first.message()
        parts = [first.payload[HEAD:]]
        while self._has_packet():
            other = self._open()
            if other.payload[:5] != head:
                self._held = other
                break
            parts.append(other.payload[HEAD:])
        return DATA, Incoming(int.from_bytes(head[1:], "big"), b"".join(parts))

    def _has_packet(self) -> bool:
        """Whether a whole packet is in the buffer."""
        if len(self._buffer) < 4:
            return False
        return len(self._buffer) >= 4 + int.from_bytes(self._buffer[:4], "big") + TAG

    def _open(self) -> _Opened:
        self.have(BLOCK, check_rekey=True)
        length = bytes(self._buffer[:4])
        end = 4 + int.from_bytes(length, "big") + TAG
        self.have(end)
        with memoryview(self._buffer) as view:
            plain = self.__block_engine_in.decrypt(self.__iv_in, view[4:end], length)
        del self._buffer[:end]
        self.__iv_in = following(self.__iv_in)
        seqno = self.__sequence_number_in
        self.__sequence_number_in = (seqno + 1) & 0xFFFFFFFF
        self._count(end)
        return _Opened(memoryview(plain)[1 : len(plain) - plain[0]], seqno)

    def _count(self, size: int) -> None:
        """Ask for new keys when it is time, and do not wait for them for ever."""
        self.__received_bytes += size
        self.__received_packets += 1
        if self.need_rekey():
            self.__received_bytes_overflow += size
            self.__received_packets_overflow += 1
            if (
                self.__received_bytes_overflow >= self.REKEY_BYTES_OVERFLOW_MAX
                or self.__received_packets_overflow >= self.REKEY_PACKETS_OVERFLOW_MAX
            ):
                raise SSHException("the server ignores that new keys are asked for")
        elif (
            self.__received_bytes >= self.REKEY_BYTES
            or self.__received_packets >= self.REKEY_PACKETS
        ):
            self._ask_for_keys()

    def _ask_for_keys(self) -> None:
        self.__received_bytes_overflow = self.__received_packets_overflow = 0
        self._trigger_rekey()  # type: ignore[attr-defined]


class Inbox:
    """A channel's output between the thread that reads the connection and the one that waits for
    it: what Channel needs of a BufferedPipe. The channel's window bounds it."""

    def __init__(self) -> None:
        self._arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._rest = b""

    def feed(self, data: bytes) -> None:
        if data:
            self._arrived.put(data)

    def close(self) -> None:
        """The end: what is there can still be read, then b""."""
        self._arrived.put(b"")

    def read(self, size: int, timeout: float | None = None) -> bytes:
        """What is there, up to `size` bytes. Raises PipeTimeout."""
        try:
            data = self._rest or self._arrived.get(timeout=timeout)
        except queue.Empty:
            raise PipeTimeout from None
        pieces, left = [data], size - len(data)
        while data and left > 0 and not self._arrived.empty():
            data = self._arrived.get()
            pieces.append(data)
            left -= len(data)
        if not data:
            self._arrived.put(b"")  # it stays at its end
        whole = b"".join(pieces) if len(pieces) > 1 else pieces[0]
        self._rest = whole[size:]
        return whole[:size]

    def __len__(self) -> int:
        return len(self._rest) + self._arrived.qsize()


def following(iv: bytes) -> bytes:
    """The nonce of the next packet: RFC 5647, section 7.1."""
    return iv[:4] + ((int.from_bytes(iv[4:], "big") + 1) & (1 << 64) - 1).to_bytes(8, "big")
