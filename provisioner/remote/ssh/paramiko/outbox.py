"""How packets are sent: those that follow each other go out as one.

Each send wakes sshd and gives the interpreter's lock away. Of a large file several packets are made
at once: paramiko copies each seven times, and takes three locks for it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from provisioner.remote.ssh.paramiko import inbox
from provisioner.remote.ssh.paramiko.inbox import BLOCK, DATA, HEAD, following
from provisioner.remote.ssh.paramiko.names import Message

MOST = 8  # packets that are made at once


class Outgoing(Message):
    """A channel's data in several packets."""

    def __init__(self, channel: int, pieces: Sequence[memoryview]) -> None:
        super().__init__()
        self.channel, self.pieces = channel, pieces

    def messages(self) -> Iterator[Message]:
        """One for each packet."""
        for piece in self.pieces:
            yield Message(self._head(piece) + piece)

    def plain(self) -> Iterator[bytes]:
        """Each packet as AES-GCM encrypts it: the padding's size, the message, the padding."""
        noise = os.urandom(BLOCK + 4)
        for piece in self.pieces:
            padding = 4 + -(HEAD + len(piece) + 5) % BLOCK
            yield b"".join((bytes((padding,)), self._head(piece), piece, noise[:padding]))

    def _head(self, piece: memoryview) -> bytes:
        numbers = (self.channel, len(piece))
        return bytes((DATA,)) + b"".join(number.to_bytes(4, "big") for number in numbers)


class Packetizer(inbox.Packetizer):
    """Makes several packets of AES-GCM at once. As to its name see sshinbox."""

    __aead_out: bool
    __block_engine_out: Any
    __iv_out: bytes
    __sequence_number_out: int
    __sent_bytes: int
    __sent_packets: int
    __write_lock: threading.Lock

    def send_message(self, data: Message) -> None:
        if not isinstance(data, Outgoing):
            super().send_message(data)
        elif self.__aead_out:
            self._send_several(data)
        else:
            for message in data.messages():
                super().send_message(message)

    def _send_several(self, data: Outgoing) -> None:
        parts = []
        with self.__write_lock:
            for plain in data.plain():
                size = len(plain).to_bytes(4, "big")
                parts += [size, self.__block_engine_out.encrypt(self.__iv_out, plain, size)]
                self.__iv_out = following(self.__iv_out)
            count = len(data.pieces)
            self.__sequence_number_out = (self.__sequence_number_out + count) & 0xFFFFFFFF
            self.__sent_packets += count
            self.__sent_bytes += sum(map(len, parts))
            self.write_all(b"".join(parts))
            if not self.need_rekey() and (
                self.__sent_packets >= self.REKEY_PACKETS or self.__sent_bytes >= self.REKEY_BYTES
            ):
                self._ask_for_keys()


class Outbox:
    """What goes to one host. Packets of a patient thread wait for more of them, but for nothing
    else: whoever sends at once takes along what waits."""

    def __init__(self, wire: Any) -> None:
        self._wire = wire
        self._lock = threading.Lock()
        self._waiting = bytearray()
        self._patient: set[int] = set()

    @property
    def waiting(self) -> bool:
        return bool(self._waiting)

    def be_patient(self) -> None:
        """From now on what this thread sends waits for its next `flush`."""
        self._patient.add(get_ident())

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread sends goes out as one at the end."""
        self.be_patient()
        try:
            yield
        finally:
            self._patient.discard(get_ident())
            self.flush()

    def write(self, data: bytes) -> None:
        """Send all of `data`; EOFError when the peer takes nothing for as long as a write may take
        (`sshwire.STALL`)."""
        with self._lock:
            if get_ident() in self._patient:
                self._waiting += data
                return
            if self._waiting:
                data = bytes(self._waiting) + data
                self._waiting.clear()
            self._send(data)

    def flush(self) -> None:
        """Send what waits."""
        if not self._waiting:
            return
        with self._lock:
            data = bytes(self._waiting)
            self._waiting.clear()
            self._send(data)

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                sent = self._wire.send(view)
                if sent <= 0:
                    raise EOFError
                view = view[sent:]
        except OSError as problem:
            raise EOFError(str(problem)) from problem
