"""What travels behind a frame or in its report and may be large: streamed, not held in memory."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from provisioner.records import dataclass
from provisioner.remote.channel import Channel
from provisioner.remote.shell import Program, Receiver, blob

CHUNK = 8 * (32768 - 64)
"""Bytes in one piece: eight of OpenSSH's packets, all of them full."""
EVERY = 0.5
"""Seconds between two words about a transfer, and before the first: small files have none."""

Tell = Callable[[int, int], None]
"""Called while something large passes: how many bytes have, and how many there are."""


@dataclass(frozen=True)
class Want:
    """A program's request for its content of that number, exactly `size` bytes of it; behind them,
    where that is asked for too, the hex digits of its sum."""

    number: int
    size: int
    summed: bool = False

    @classmethod
    def read(cls, value: bytes) -> Want:
        """From `SIZE [NUMBER [SUM]]`, where a SUM that is known is none that is asked for."""
        size, _, more = value.partition(b" ")
        number, _, known = more.partition(b" ")
        return cls(int(number or 0), int(size), known == b"sum")


class Meter:
    """Counts the bytes of one transfer and tells of them now and then; of a quick one never."""

    def __init__(self, size: int, tell: Tell) -> None:
        self._size, self._tell = size, tell
        self._done = 0
        self._told = False
        self._next = time.monotonic() + EVERY

    def add(self, count: int) -> None:
        self._done += count
        now = time.monotonic()
        if now >= self._next or (self._told and self._done >= self._size):
            self._told, self._next = True, now + EVERY
            self._tell(self._done, self._size)


class Records:
    """Follows a program's report while it arrives in a buffer: finds its requests and its end, and
    takes out the blob that a receiver gets.

    `end` is where the mark behind the report stands, -1 before it is there. A program that is
    killed in the middle of a blob leaves it short, so the mark is looked for in there too.
    """

    def __init__(self, mark: bytes, receiver: Receiver | None, tell: Tell) -> None:
        self.end = -1
        self._mark = mark
        self._receiver, self._tell = receiver, tell
        self._meter = Meter(0, tell)
        self._searched = self._position = self._left = 0

    def add(self, buffer: bytearray, data: bytes) -> None:
        """Put what came behind the buffer. In the middle of a blob most of it goes straight to the
        receiver."""
        if self._left and self._receiver is not None and self.end < 0:
            if self._position < len(buffer):
                data = bytes(memoryview(buffer)[self._position :]) + data
                del buffer[self._position :]
            end = data.find(self._mark)
            stop = self._pass_on(data, end if end >= 0 else self._mark_may_begin(data))
            data = data[stop:]
            self._searched = self._position
        buffer += data

    def take(self, buffer: bytearray) -> Iterator[Want]:
        """Each request not seen before. `buffer` keeps all but the receiver's bytes."""
        self.end = buffer.find(self._mark, self._searched)
        self._searched = self.end if self.end >= 0 else max(0, len(buffer) - len(self._mark))
        self._divert(buffer)
        while not self._left and (nul := buffer.find(b"\0", self._position)) >= 0:
            if 0 <= self.end <= self._position:
                return
            head = bytes(buffer[self._position : nul])
            if self._receiver is not None and head.startswith(b"#content "):
                self._begin(buffer, nul, head)
            elif head.startswith(b"#"):
                behind = blob(buffer, nul + 1, head)[1]
                if behind > len(buffer):
                    return
                self._position = behind
            else:
                self._position = nul + 1
                if head.startswith(b"want=") and self.end < 0:
                    yield Want.read(head.removeprefix(b"want="))

    def _begin(self, buffer: bytearray, nul: int, head: bytes) -> None:
        """From here on the blob's bytes are the receiver's; in the report it is empty."""
        _, size, total = head.split(b" ")
        empty = b"#content 0 %s\0" % total
        self._replace(buffer, nul + 1, empty)
        self._position += len(empty)
        self._left = int(size)
        self._meter = Meter(self._left, self._tell)
        self._divert(buffer)

    def _divert(self, buffer: bytearray) -> None:
        """Give the receiver what is there of its blob, but nothing that may become the mark: behind
        the blob there is always that much more to come."""
        if self._left:
            stop = self.end if self.end >= 0 else len(buffer) - len(self._mark)
            there = bytes(memoryview(buffer)[self._position : max(self._position, stop)])
            self._replace(buffer, self._position + self._pass_on(there, len(there)), b"")

    def _mark_may_begin(self, data: bytes) -> int:
        """Where the part of the mark begins that `data` ends in; its end where there is none."""
        start, first = max(0, len(data) - len(self._mark) + 1), self._mark[:1]
        while (start := data.find(first, start)) >= 0:
            if self._mark.startswith(data[start:]):
                return start
            start += 1
        return len(data)

    def _pass_on(self, data: bytes, most: int) -> int:
        """Give the receiver so much of it as is the blob's, `most` bytes at most; tell how much."""
        count = max(0, min(most, self._left))
        if count and self._receiver is not None:
            self._left -= count
            self._receiver.write(memoryview(data)[:count])
            self._meter.add(count)
        return count

    def _replace(self, buffer: bytearray, stop: int, new: bytes) -> None:
        shift = len(new) - (stop - self._position)
        buffer[self._position : stop] = new
        self._searched = max(0, self._searched + shift)
        if self.end >= 0:
            self.end += shift


def send(channel: Channel, program: Program, want: Want, tell: Tell) -> None:
    """Send what is asked for: exactly that many bytes, as the host counts them off.

    A local file that got shorter meanwhile is filled up: the host finds its checksum wrong.
    """
    content = program.content
    several = [content] if isinstance(content, bytes | Path) else content or ()
    size, meter = want.size, Meter(want.size, tell)
    for chunk in chunks(several[want.number] if want.number < len(several) else b"", size):
        size -= len(chunk)
        channel.send(chunk)
        meter.add(len(chunk))
    while size > 0:
        channel.send(b"\0" * min(size, CHUNK))
        size -= CHUNK
    if want.summed and program.sum is not None:
        channel.send(program.sum.wait().encode())


def chunks(content: bytes | Path, size: int) -> Iterator[bytes]:
    """The first `size` bytes of it, in pieces."""
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
        while chunk := file.read(min(CHUNK, size)):
            size -= len(chunk)
            yield chunk
