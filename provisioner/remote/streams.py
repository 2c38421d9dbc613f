"""Large content, which is streamed: sent to a program on request, or received in its report."""

from __future__ import annotations

import io
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from provisioner import regex
from provisioner.errors import MalformedReport
from provisioner.records import dataclass
from provisioner.remote.channel import Channel
from provisioner.remote.report_parser import ReportParser
from provisioner.remote.shell import Program, Report

CHUNK = 8 * (32768 - 64)
"""Bytes in one piece: eight full packets of OpenSSH's."""
INTERVAL = 0.5
"""Seconds between two calls of `Progress`, and before the first one."""

Progress = Callable[[int, int], None]
"""Callback(transferred, size) during a large transfer, in bytes."""


MOST_REQUESTS = 4
"""How often a program may request one content: where writing fails, it tries another directory."""


@dataclass(frozen=True)
class ContentRequest:
    """A program's request for `size` bytes of its content `number`.

    With `with_sum` the hex digits of the SHA-256 follow.
    """

    number: int
    size: int
    with_sum: bool = False


class RequestReader:
    """Reads the requests of one program. It can request only what it was given."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._sizes: Sequence[int] | None = None
        self._count: Counter[int] = Counter()

    def read(self, text: str) -> ContentRequest:
        """Parse `SIZE [NUMBER [SUM]]`. SUM is the word "sum" where the sum is requested too.

        Raises MalformedReport.
        """
        if self._sizes is None:
            self._sizes = _sizes(self._program)
        match = _REQUEST.fullmatch(text)
        if match is None:
            raise MalformedReport(f"a request for content that has no valid size: {text[:40]!r}")
        size, number = int(match[1]), int(match[2] or 0)
        if number >= len(self._sizes) or size > self._sizes[number]:
            raise MalformedReport("a request for content that its task does not have")
        self._count[number] += 1
        if self._count[number] > MOST_REQUESTS:
            raise MalformedReport("requests for the same content again and again")
        return ContentRequest(number, size, match[3] == "sum")


_REQUEST = regex.compile(r"([0-9]{1,15})(?: ([0-9]{0,6})(?: (\w{0,64}))?)?", re.ASCII)


def _sizes(program: Program) -> Sequence[int]:
    """Return the size of each content that the program may request.

    A local file may have become shorter since its size was sent to the host.
    """
    if program.content_sizes:
        return program.content_sizes
    content = program.content
    contents = [content] if isinstance(content, bytes | Path) else content or ()
    first = int(str(program.variables.get("content_size") or 0)) if len(contents) == 1 else 0
    return [max(first, _size(each)) for each in contents]


def _size(content: bytes | Path) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


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

    def __init__(self, mark: bytes, program: Program, progress: Progress) -> None:
        self.end = -1
        self._mark = mark
        self._receiver, self._progress = program.receiver, progress
        self._parser = ReportParser(program.report_limit, streams=self._receiver is not None)
        self._requests = RequestReader(program)
        self._meter = Meter(0, progress)
        self._searched = self._remaining = 0

    def add(self, buffer: bytearray, data: bytes) -> None:
        """Append `data` to the buffer.

        Most of a receiver's value goes directly to the receiver.
        """
        if self._remaining and self.end < 0:
            if buffer:
                data = bytes(buffer) + data
                buffer.clear()
            end = data.find(self._mark)
            stop = self._pass_on(data, end if end >= 0 else self._possible_mark(data))
            data = data[stop:]
            self._searched = 0
        buffer += data

    def take(self, buffer: bytearray) -> Iterator[ContentRequest]:
        """Yield the new requests. What was read is removed from `buffer`.

        Raises MalformedReport.
        """
        while True:
            self._find_end(buffer)
            if self._remaining:
                return
            for key, value in self._parser.read(buffer, self._stop(buffer)):
                if key == "want":
                    request = self._requests.read(value)
                    if self.end < 0:  # a program that has ended reads nothing
                        yield request
            self._compact(buffer)
            if self._parser.streaming is None:
                return
            self._begin_streaming(buffer)

    def report(self, buffer: bytearray, status: int) -> Report:
        """Return the report after its end was found."""
        return self._parser.report(buffer, self.end, status)

    @property
    def status_at(self) -> int:
        """The position of the exit status, after the mark."""
        return self.end + len(self._mark)

    @property
    def is_within_record(self) -> bool:
        """Whether the host has begun a record and must go on."""
        return self.end < 0 and self._parser.is_within_record

    def _find_end(self, buffer: bytearray) -> None:
        self.end = buffer.find(self._mark, self._searched)
        self._searched = self.end if self.end >= 0 else max(0, len(buffer) - len(self._mark) + 1)

    def _stop(self, buffer: bytearray) -> int:
        return self.end if self.end >= 0 else len(buffer)

    def _compact(self, buffer: bytearray) -> None:
        """Remove the parsed bytes from the buffer."""
        count = self._parser.compact(buffer)
        self._searched = max(0, self._searched - count)
        if self.end >= 0:
            self.end -= count

    def _begin_streaming(self, buffer: bytearray) -> None:
        """Pass the available part of the receiver's value to it. In the report it is empty."""
        self._remaining = self._parser.begin_streaming()
        self._meter = Meter(self._remaining, self._progress)
        if self._remaining:
            arrived = bytes(buffer)
            buffer.clear()
            self.end = -1
            self.add(buffer, arrived)

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
