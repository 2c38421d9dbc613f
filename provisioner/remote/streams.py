"""Large content, which is streamed: sent to a program on request, or received in its report."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from provisioner.records import dataclass
from provisioner.remote.channel import Channel
from provisioner.remote.shell import Program, Receiver, blob

CHUNK = 8 * (32768 - 64)
"""Bytes in one piece: eight full packets of OpenSSH's."""
INTERVAL = 0.5
"""Seconds between two calls of `Progress`, and before the first one."""

Progress = Callable[[int, int], None]
"""Callback(transferred, size) during a large transfer, in bytes."""


@dataclass(frozen=True)
class ContentRequest:
    """A program's request for `size` bytes of its content `number`.

    With `with_sum` the hex digits of the SHA-256 follow.
    """

    number: int
    size: int
    with_sum: bool = False

    @classmethod
    def read(cls, value: bytes) -> ContentRequest:
        """Parse `SIZE [NUMBER [SUM]]`. SUM is the word "sum" where the sum is requested too."""
        size, _, rest = value.partition(b" ")
        number, _, sum_ = rest.partition(b" ")
        return cls(int(number or 0), int(size), sum_ == b"sum")


class Meter:
    """Counts the bytes of a transfer and reports its progress; a quick transfer reports nothing."""

    def __init__(self, size: int, progress: Progress) -> None:
        self._size, self._progress = size, progress
        self._done = 0
        self._reported = False
        self._next = time.monotonic() + INTERVAL

    def add(self, count: int) -> None:
        self._done += count
        now = time.monotonic()
        if now >= self._next or (self._reported and self._done >= self._size):
            self._reported, self._next = True, now + INTERVAL
            self._progress(self._done, self._size)


class Records:
    """Reads a program's report while it arrives in a buffer.

    It finds the requests and the end of the report, and passes the value `content` to the receiver.
    `end` is the position of the mark after the report, -1 while it has not come. The mark is
    searched for within values too: a killed program leaves a value incomplete.
    """

    def __init__(self, mark: bytes, receiver: Receiver | None, progress: Progress) -> None:
        self.end = -1
        self._mark = mark
        self._receiver, self._progress = receiver, progress
        self._meter = Meter(0, progress)
        self._searched = self._position = self._remaining = 0

    def add(self, buffer: bytearray, data: bytes) -> None:
        """Append `data` to the buffer.

        Most of a receiver's value goes directly to the receiver.
        """
        if self._remaining and self._receiver is not None and self.end < 0:
            if self._position < len(buffer):
                data = bytes(memoryview(buffer)[self._position :]) + data
                del buffer[self._position :]
            end = data.find(self._mark)
            stop = self._pass_on(data, end if end >= 0 else self._possible_mark(data))
            data = data[stop:]
            self._searched = self._position
        buffer += data

    def take(self, buffer: bytearray) -> Iterator[ContentRequest]:
        """Yield the new requests. The receiver's bytes are removed from `buffer`."""
        self.end = buffer.find(self._mark, self._searched)
        self._searched = self.end if self.end >= 0 else max(0, len(buffer) - len(self._mark))
        self._divert(buffer)
        while not self._remaining and (nul := buffer.find(b"\0", self._position)) >= 0:
            if 0 <= self.end <= self._position:
                return
            head = bytes(buffer[self._position : nul])
            if self._receiver is not None and head.startswith(b"#content "):
                self._begin(buffer, nul, head)
            elif head.startswith(b"#"):
                next_record = blob(buffer, nul + 1, head)[1]
                if next_record > len(buffer):
                    return
                self._position = next_record
            else:
                self._position = nul + 1
                if head.startswith(b"want=") and self.end < 0:
                    yield ContentRequest.read(head.removeprefix(b"want="))

    def _begin(self, buffer: bytearray, nul: int, head: bytes) -> None:
        """Begin the receiver's value; in the report it becomes an empty one."""
        _, size, total = head.split(b" ")
        empty = b"#content 0 %s\0" % total
        self._replace(buffer, nul + 1, empty)
        self._position += len(empty)
        self._remaining = int(size)
        self._meter = Meter(self._remaining, self._progress)
        self._divert(buffer)

    def _divert(self, buffer: bytearray) -> None:
        """Pass the available part of the value to the receiver.

        Bytes that may be the beginning of the mark stay. The mark always follows the value.
        """
        if self._remaining:
            stop = self.end if self.end >= 0 else len(buffer) - len(self._mark)
            arrived = bytes(memoryview(buffer)[self._position : max(self._position, stop)])
            self._replace(buffer, self._position + self._pass_on(arrived, len(arrived)), b"")

    def _possible_mark(self, data: bytes) -> int:
        """Return where the beginning of the mark starts at the end of `data`, or its length."""
        start, first = max(0, len(data) - len(self._mark) + 1), self._mark[:1]
        while (start := data.find(first, start)) >= 0:
            if self._mark.startswith(data[start:]):
                return start
            start += 1
        return len(data)

    def _pass_on(self, data: bytes, limit: int) -> int:
        """Pass up to `limit` bytes of its value to the receiver; return how many."""
        count = max(0, min(limit, self._remaining))
        if count and self._receiver is not None:
            self._remaining -= count
            self._receiver.write(memoryview(data)[:count])
            self._meter.add(count)
        return count

    def _replace(self, buffer: bytearray, stop: int, new: bytes) -> None:
        """Replace the buffer from the current position to `stop`."""
        shift = len(new) - (stop - self._position)
        buffer[self._position : stop] = new
        self._searched = max(0, self._searched + shift)
        if self.end >= 0:
            self.end += shift


def send(channel: Channel, program: Program, request: ContentRequest, progress: Progress) -> None:
    """Send the requested content: exactly `request.size` bytes, since the host counts them.

    A local file that has become shorter is filled up with zeros: the host finds a wrong checksum.
    """
    content = program.content
    contents = [content] if isinstance(content, bytes | Path) else content or ()
    requested = contents[request.number] if request.number < len(contents) else b""
    remaining, meter = request.size, Meter(request.size, progress)
    for chunk in chunks(requested, remaining):
        remaining -= len(chunk)
        channel.send(chunk)
        meter.add(len(chunk))
    while remaining > 0:
        channel.send(b"\0" * min(remaining, CHUNK))
        remaining -= CHUNK
    if request.with_sum and program.sum is not None:
        channel.send(program.sum.wait().encode())


def chunks(content: bytes | Path, size: int) -> Iterator[bytes]:
    """Yield the first `size` bytes of the content, in pieces."""
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
        while chunk := file.read(min(CHUNK, size)):
            size -= len(chunk)
            yield chunk
