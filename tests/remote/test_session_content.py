"""A program's content is requested by number and sent with exactly the requested size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.errors import ConnectionLost
from provisioner.remote import streams
from provisioner.remote.local import LocalConnection
from provisioner.remote.session import Session
from provisioner.remote.shell import Content, Program, Report, Step

SEVERAL = r"""
for wanted in "2 1" "3 0" "0 2" "200000 3"; do order $wanted; done
for size in 2 3 0 200000; do
    part=$(dd bs=65536 iflag=fullblock,count_bytes count=$size <&4)
    report part "$part"
done
_content_due=0
"""


@pytest.fixture
def session() -> Iterator[Session]:
    connection = LocalConnection()
    session = Session(connection)
    yield session
    session.close()
    connection.close()


def run(session: Session, body: str, content: Content | None, name: str = "t") -> Report:
    (report,) = session.exchange([Step(Program(name, body, {}, content), "apply")])
    return report


def test_several_contents_arrive_in_the_order_of_the_requests(
    session: Session, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("f" * 200_000)
    report = run(session, SEVERAL, [b"abc", b"de", b"", file])
    assert report.all("part") == ("de", "abc", "", "f" * 200_000)


def test_a_value_that_looks_like_a_request_is_not_a_request(
    session: Session, tmp_path: Path
) -> None:
    (tmp_path / "f").write_bytes(b"a\0want=5 0\0b")
    body = f"at {tmp_path}/f; before {tmp_path}/f"
    report = run(session, body, b"12345")
    assert report.get("before") == "a\0want=5 0\0b"
    assert run(session, "report x y", None, "u").get("x") == "y"


def test_the_session_continues_after_a_local_file_became_shorter_or_longer(
    session: Session, tmp_path: Path
) -> None:
    body = r"""
    order "$content_size" 0
    part=$(dd bs=65536 iflag=fullblock,count_bytes count="$content_size" <&4 | tr '\0' z)
    _content_due=0
    report part "$part"
    """
    (tmp_path / "f").write_text("abcdef")
    for size, part in ((3, "abc"), (9, "abcdefzzz")):
        program = Program("t", body, {"content_size": size}, tmp_path / "f")
        (report,) = session.exchange([Step(program, "apply")])
        assert report.get("part") == part


def test_content_that_a_failed_program_has_not_read_is_not_run(
    session: Session, tmp_path: Path
) -> None:
    frame = f"30\n{{\ntouch {tmp_path}/bad\n}}\n".encode() * 100
    report = run(session, f"order {len(frame)} 0; fail early", frame)
    assert report.failed == "early"
    assert run(session, "report x y", None, "u").get("x") == "y"
    assert not (tmp_path / "bad").exists()


class Kept:
    """A receiver that keeps its value in memory."""

    def __init__(self) -> None:
        self.data = b""
        self.abandoned = False

    def write(self, data: bytes | memoryview) -> None:
        self.data += data

    def abandon(self) -> None:
        self.abandoned = True


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 300_000])
def test_a_value_for_a_receiver_is_not_in_the_report(session: Session, size: int) -> None:
    body = rf"""
    report before 1
    printf '#content {size} {size}\0' >&3
    yes | dd bs=65536 iflag=fullblock,count_bytes count={size} >&3
    report after 2
    """
    kept = Kept()
    (report,) = session.exchange([Step(Program("t", body, receiver=kept), "apply")])
    assert kept.data == (b"y\n" * size)[:size]
    assert (report.get("before"), report.get("content"), report.get("after")) == ("1", "", "2")
    assert report.done
    assert not kept.abandoned
    assert run(session, "report x y", None, "u").get("x") == "y"


def test_a_value_of_a_killed_program_ends_at_the_mark(session: Session) -> None:
    kept = Kept()
    body = r"printf '#content 100000 100000\0abc' >&3; exit 9"
    step = Step(Program("t", body, receiver=kept), "apply", tolerant=True)
    behind = Step(Program("u", "report x y"), "apply")
    first, second = session.exchange([step, behind])
    assert first.failed == "the module's program died (exit 9)"
    assert (kept.data, kept.abandoned) == (b"abc", True)
    assert second.get("x") == "y"


def test_a_receiver_abandons_when_the_connection_breaks(session: Session) -> None:
    kept = Kept()
    body = r"printf '#content 100000 100000\0abc' >&3; kill -9 $$"
    reports = session.exchange([Step(Program("t", body, receiver=kept), "apply")])
    assert next(reports).status is None
    assert kept.abandoned
    with pytest.raises(ConnectionLost):
        next(reports)


@pytest.mark.parametrize("every", [0.0, 3600.0])
def test_only_large_transfers_report_progress_in_both_directions(
    session: Session, monkeypatch: pytest.MonkeyPatch, every: float
) -> None:
    monkeypatch.setattr(streams, "INTERVAL", every)
    read = "dd bs=65536 iflag=fullblock,count_bytes count=900000 <&4"
    there = f"order 900000 0; {read}; _content_due=0"
    back = "say; printf '#content 300000 300000\\0' >&3; head -c 300000 /dev/zero >&3"
    progress: list[tuple[int, int]] = []
    for body, size in ((there, 900_000), (back, 300_000)):
        program = Program(f"t{size}", body, content=b"x" * 900_000, receiver=Kept())
        (report,) = session.exchange(
            [Step(program, "apply")], lambda done, size: progress.append((done, size))
        )
        assert report.done
        if every:
            assert not progress
            continue
        assert progress[-1] == (size, size)
        assert len(progress) > 2
        assert progress == sorted(progress)
        progress.clear()


MARK = b"1234 end 0 "
BLOB = MARK[:5] + b"12" * 20 + MARK[:-1] + b"x1" + MARK[:1]


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "cut"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 12, 13, 40, 1000])
def test_a_value_with_parts_of_the_mark_arrives_in_pieces_of_any_size(
    size: int, whole: bool
) -> None:
    more = 0 if whole else 100
    sent = b"a=b\0#content %d %d\0" % (len(BLOB) + more, len(BLOB) + more) + BLOB
    sent += (b"c=d\0" if whole else b"") + MARK
    kept, buffer = Kept(), bytearray()
    records = streams.Records(MARK, Program("t", "", receiver=kept), lambda _done, _size: None)
    for start in range(0, len(sent), size):
        records.add(buffer, sent[start : start + size])
        assert list(records.take(buffer)) == []
    assert kept.data == BLOB
    total = len(BLOB) + more
    report = records.report(buffer, 0)
    assert report.records == {"a": ("b",), "content": ("",), **({"c": ("d",)} if whole else {})}
    assert report.totals == {"content": total}
