"""Parse the report of a program while it arrives, within limits.

A report is a sequence of records: `key=value` and a NUL; or, for a value with any bytes, `#key KEPT
TOTAL`, a NUL and KEPT bytes, or `#key MARK`, a NUL, the bytes, MARK and a NUL.

A host may send anything. What is no such record, or exceeds the limit, raises MalformedReport. The
time of every method is proportional to the number of new bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioner import regex
from provisioner.errors import MalformedReport
from provisioner.records import dataclass
from provisioner.remote.shell import REPORT_LIMIT, Report

RECORD_COST = 64
"""Bytes of memory that a record takes besides its value. They count towards the limit."""

LONGEST_HEAD = 256
"""Bytes of the longest head of a value with any bytes."""

LONGEST_NUMBER = 12
"""Bytes within which a process id or an exit status, and the NUL after it, must come."""

STREAMED = "content"
"""The key of the value that a receiver takes."""

_HEAD = regex.compile(rb"#([A-Za-z_][A-Za-z0-9_]*) (?:([0-9]{1,15}) ([0-9]{1,15})|([0-9A-Za-z]+))")
_NOISE = regex.compile(rb"[^=#\0]*\n(?=[#A-Za-z_])")
_DIGITS = regex.compile(rb"[0-9]{1,10}")
_RETURN_CODE = regex.compile(rb"-?[0-9]{0,10}")


@dataclass
class _Value:
    """A value with any bytes that is arriving: its end is known, or it ends before the mark."""

    key: str
    size: int
    total: int | None
    mark: bytes = b""


class ReportParser:
    """Parses the records in a buffer. The bytes before `position` are parsed.

    `limit`: bytes that the report may take. With `streams`, the value `content` goes to a receiver:
    `read` stops at its first byte, and `streaming` is its size.
    """

    def __init__(self, limit: int = REPORT_LIMIT, streams: bool = False) -> None:
        self.position = 0
        self.streaming: int | None = None
        self._limit, self._streams = limit, streams
        self._records: dict[str, list[str]] = {}
        self._totals: dict[str, int] = {}
        self._kept = 0
        self._searched = 0
        self._value: _Value | None = None
        self._replaceable: dict[str, int] = {}
        """The sizes of values with a mark. A value with a length may replace each of them."""

    @property
    def is_within_record(self) -> bool:
        """Whether a record has begun and its end has not come."""
        return self._value is not None or self._searched > self.position

    def read(self, buffer: bytearray, stop: int) -> Iterator[tuple[str, str]]:
        """Parse the complete records before `stop`. Yield key and value of those with a text."""
        while self.streaming is None:
            if self._value is not None:
                if not self._read_value(buffer, stop):
                    return
                continue
            nul = buffer.find(b"\0", self._searched, stop)
            if nul < 0:
                self._searched = max(self._searched, stop)
                self._check(stop - self.position)
                return
            head = bytes(memoryview(buffer)[self.position : nul])
            self.position = self._searched = nul + 1
            if b"\n" in head:
                head = _without_noise(head)
            if head.startswith(b"#"):
                self._begin(head)
                continue
            name, _, value = head.partition(b"=")
            if name == b"rc" and not _RETURN_CODE.fullmatch(value):
                raise _malformed(f"the exit status is {_shown(value)}")
            key = name.decode("ascii", "replace")
            yield key, self._add(key, value)

    def compact(self, buffer: bytearray) -> int:
        """Remove the parsed bytes from the buffer, and return their number."""
        count = self.position
        if count:
            del buffer[:count]
            self.position, self._searched = 0, self._searched - count
        return count

    def begin_streaming(self) -> int:
        """Return the size of the value that the receiver takes now. `read` continues behind it."""
        size, self.streaming = self.streaming or 0, None
        self._searched = self.position
        return size

    def report(self, buffer: bytearray, stop: int, status: int | None) -> Report:
        """Return the report of a program that ended with `status`.

        A killed program leaves a value incomplete: it is part of the report as far as it has come.
        """
        value = self._value
        if value is not None and self.position <= stop:
            self._finish(value, bytes(memoryview(buffer)[self.position : stop]))
        records = {key: tuple(values) for key, values in self._records.items()}
        return Report(records, self._totals, status)

    def _begin(self, head: bytes) -> None:
        """Begin a value with any bytes."""
        match = _HEAD.fullmatch(head) if len(head) <= LONGEST_HEAD else None
        if match is None:
            raise _malformed(f"the record {_shown(head)} has no valid length")
        key = match[1].decode("ascii")
        if match[4] is not None:
            self._value = _Value(key, 0, None, match[4] + b"\0")
            return
        size, total = int(match[2]), int(match[3])
        if size > total:
            raise _malformed(f"the record {_shown(head)} has more bytes than its total")
        if self._streams and key == STREAMED:
            self._begin_streamed(size, total)
            return
        self._check(size)
        if key in self._replaceable:
            self._kept -= self._replaceable.pop(key)
            self._records[key].pop()
        self._value = _Value(key, size, total)

    def _begin_streamed(self, size: int, total: int) -> None:
        if STREAMED in self._totals or size != total:
            raise _malformed("the content of the file comes twice or has two sizes")
        self._add(STREAMED, b"")
        self._totals[STREAMED] = total
        self.streaming = size

    def _read_value(self, buffer: bytearray, stop: int) -> bool:
        """Parse the value that is arriving; return whether it has come to its end."""
        value = self._value
        assert value is not None
        start = self.position
        if value.total is not None:
            end = next_record = start + value.size
            if end > stop:
                return False
        else:
            end = buffer.find(value.mark, self._searched, stop)
            next_record = end + len(value.mark)
            if end < 0:
                self._searched = max(start, stop - len(value.mark) + 1)
                self._check(stop - start)
                return False
        self.position = self._searched = next_record
        self._finish(value, bytes(memoryview(buffer)[start:end]))
        return True

    def _finish(self, value: _Value, data: bytes) -> None:
        self._value = None
        self._add(value.key, data)
        if value.total is None:
            self._replaceable[value.key] = len(data) + RECORD_COST
        self._totals[value.key] = len(data) if value.total is None else value.total

    def _add(self, key: str, value: bytes) -> str:
        self._check(len(value) + RECORD_COST)
        self._kept += len(value) + RECORD_COST
        text = value.decode("utf-8", "surrogateescape")
        self._records.setdefault(key, []).append(text)
        return text

    def _check(self, more: int) -> None:
        if self._kept + more > self._limit:
            raise MalformedReport(
                f"a report of more than {self._limit >> 20} MiB",
                "let the task report less, or find out what on the host writes without end",
            )


def parse(data: bytes, status: int | None = None) -> Report:
    """Return the report of a program that ended with `status` and wrote `data`."""
    parser, buffer = ReportParser(len(data) * RECORD_COST + REPORT_LIMIT), bytearray(data)
    for _ in parser.read(buffer, len(buffer)):
        pass
    return parser.report(buffer, len(buffer), status)


def read_number(buffer: bytearray, start: int, what: str, largest: int) -> tuple[int, int]:
    """Return the number before the next NUL in the buffer, and the position after the NUL.

    Raises MalformedReport for anything but a few decimal digits.
    """
    digits = bytes(buffer[start : start + LONGEST_NUMBER]).partition(b"\0")[0]
    if not _DIGITS.fullmatch(digits) or int(digits) > largest:
        raise _malformed(f"the {what} is {_shown(digits)}")
    return int(digits), start + len(digits) + 1


def _without_noise(head: bytes) -> bytes:
    """Return a record without the lines before it: messages of the shell (no more processes)."""
    noise = _NOISE.match(head)
    return head[noise.end() :] if noise else head


def _malformed(problem: str) -> MalformedReport:
    return MalformedReport(f"a malformed report: {problem}")


def _shown(data: bytes | bytearray) -> str:
    """Return the beginning of bytes of a host as a printable text."""
    text = repr(bytes(data[:40]))[1:]
    return f"{text} and more" if len(data) > 40 else text
