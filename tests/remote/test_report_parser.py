"""Reports are parsed strictly, in pieces of any size, and within limits."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from provisioner.errors import MalformedReport
from provisioner.remote.report_parser import ReportParser, parse, read_number
from provisioner.remote.shell import REPORT_LIMIT, Program, Report
from provisioner.remote.streams import Records

MARK = b"1234 end 0 "

MALFORMED = {
    "a key that is not ASCII": b"#st\xc3\xa9 1 1\0x",
    "lengths that are words": b"#stdout x y\0",
    "no key": b"#\0",
    "no length": b"#stdout\0",
    "one space too many": b"#stdout  5 5\0hello",
    "a negative length": b"#stdout -50 -50\0",
    "a length of 5,000 digits": b"#stdout " + b"9" * 5000 + b" 1\0",
    "a length beyond the limit": b"#stdout 99999999999 99999999999\0",
    "more bytes than the total": b"#stdout 5 1\0hello",
    "a third length": b"#stdout 1 1 1\0x",
    "a length with a sign": b"#stdout +1 1\0x",
    "a length in other digits": "#stdout ٣ ٣\0abc".encode(),
    "an exit status that is a word": b"rc=abc\0",
    "an exit status of 5,000 digits": b"rc=" + b"1" * 5000 + b"\0",
    "a request without a number": b"want=\0",
    "a request for a negative number": b"want=10 -1\0",
    "a request for content that is not there": b"want=1 1\0",
    "a request for more than the content": b"want=11 0\0",
    "a request for a negative size": b"want=-1 0\0",
    "a request of 5,000 digits": b"want=" + b"1" * 5000 + b"\0",
    "endless requests": b"want=1 0\0" * 5,
}


def read(data: bytes, size: int = 1 << 16, program: Program | None = None) -> Report:
    """Return the report of data that arrives in pieces of that size, and of the end after it."""
    program = program or Program("t", "", content=b"0123456789")
    records, buffer, whole = Records(MARK, program, lambda _done, _size: None), bytearray(), data
    whole += MARK + b"0\0"
    for start in range(0, len(whole), size):
        records.add(buffer, whole[start : start + size])
        list(records.take(buffer))
    return records.report(buffer, 0)


@pytest.mark.parametrize("size", [1, 1 << 16])
@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_record_is_refused(sent: bytes, size: int) -> None:
    with pytest.raises(MalformedReport) as caught:
        read(b"a=b\0" + sent + b"done=\0", size)
    assert caught.value.reason.startswith("the host sent ")
    assert len(caught.value.reason) < 300
    assert caught.value.reason.isprintable()


@pytest.mark.parametrize("limit", [4096, REPORT_LIMIT])
@pytest.mark.parametrize("endless", [b"a", b"a=\0", b"#a 9 9\0123456789", b"#a m\0x m\0", b"\0"])
def test_a_report_without_end_is_refused_at_the_limit(endless: bytes, limit: int) -> None:
    program = Program("t", "", report_limit=limit)
    data = b"x=" + endless * ((limit + 1024) // len(endless))
    with pytest.raises(MalformedReport, match="a report of more than"):
        read(data, 1 << 18, program)


def test_a_value_with_a_mark_that_never_comes_is_refused_at_the_limit() -> None:
    with pytest.raises(MalformedReport, match="a report of more than"):
        read(b"#stdout mark\0" + b"x" * (REPORT_LIMIT + 1), 1 << 18)


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_a_value_with_a_length_replaces_the_one_with_a_mark(size: int) -> None:
    report = read(b"#stdout m1\0first\0m1\0#stdout 4 900\0last#stderr m1\0m1\0done=\0", size)
    assert report.all("stdout") == ("last",)
    assert report.totals == {"stdout": 900, "stderr": 0}
    assert report.done


@pytest.mark.parametrize("head", [b"a", b"#a mark\0", b"#a 99999 99999\0"])
def test_the_time_is_proportional_to_the_size_even_if_each_byte_comes_alone(head: bytes) -> None:
    def seconds(size: int) -> float:
        began = time.process_time()
        read(head + b"x" * size, 1)
        return time.process_time() - began

    assert seconds(80_000) < 40 * seconds(8_000) + 0.1


def test_messages_of_the_shell_before_a_record_are_dropped() -> None:
    noise = b"sh: fork: Resource temporarily unavailable\nsh: no more\n"
    report = read(noise + b"changed=it\0" + noise + b"#out 2 2\0hidone=\0" + noise)
    assert report.changes == ("it",)
    assert report.get("out") == "hi"


@pytest.mark.parametrize(
    ("cut", "value"),
    [(b"#a 10 10\0abc", "abc"), (b"#a m\0abc", "abc"), (b"#a 10", ""), (b"a=abc", "")],
)
def test_a_killed_program_leaves_what_has_come_of_a_value(cut: bytes, value: str) -> None:
    assert read(cut).get("a") == value


def test_a_value_may_look_like_records_and_marks() -> None:
    value = b"want=5 0\0#a 1 1\0done=\0"
    assert read(b"#a %d %d\0%s" % (len(value), len(value), value)).get("a") == value.decode()


def test_a_file_that_has_become_shorter_may_be_requested_with_its_former_size(
    tmp_path: Path,
) -> None:
    (tmp_path / "f").write_text("abc")
    read(b"want=9 0 sum\0", program=Program("t", "", {"content_size": "9"}, tmp_path / "f"))
    read(b"want=9 0\0", program=Program("t", "", {}, [tmp_path / "f"], content_sizes=(9,)))
    with pytest.raises(MalformedReport):
        read(b"want=9 0\0", program=Program("t", "", {}, tmp_path / "f"))


@pytest.mark.parametrize(
    "digits", [b"\0", b"x\0", b"-1\0", b"99999999999\0", b"1 2\0", b"4" * 5000]
)
def test_a_status_that_is_no_number_is_refused(digits: bytes) -> None:
    with pytest.raises(MalformedReport, match="the exit status is"):
        read_number(bytearray(digits), 0, "exit status", 255)


def test_a_content_that_comes_twice_is_refused() -> None:
    class Sink:
        def write(self, data: bytes | memoryview) -> None:
            pass

        def abandon(self) -> None:
            pass

    program = Program("t", "", receiver=Sink())
    for sent in (b"#content 1 1\0a#content 1 1\0b", b"#content 1 2\0a"):
        with pytest.raises(MalformedReport):
            read(sent, program=program)


def test_the_parser_continues_only_forwards() -> None:
    parser, buffer = ReportParser(), bytearray(b"#a 0 0\0" * 1000)
    list(parser.read(buffer, len(buffer)))
    assert parser.position == len(buffer)
    assert len(parse(bytes(buffer)).all("a")) == 1000
