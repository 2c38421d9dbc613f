from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.reporters.quiet_stream import QuietStream


class Failing(io.StringIO):
    """A stream whose disk is full, or whose reader has gone."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def write(self, text: str) -> int:
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF])
def test_a_write_error_ends_the_writing_and_is_kept(number: int) -> None:
    stream = QuietStream(Failing(number))
    stream.write("a")
    stream.write("b")
    assert stream.error is not None
    assert stream.error.errno == number


def test_a_closed_stream_does_not_raise() -> None:
    closed = io.StringIO()
    closed.close()
    stream = QuietStream(closed)
    stream.write("a")
    assert stream.error is not None
    assert not stream.isatty()


def test_text_for_a_missing_stream_is_discarded() -> None:
    assert QuietStream(None).write("a") == 1


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("utf-8", "✓ é".encode()), ("latin-1", b"\\u2713 \xe9"), ("ascii", b"\\u2713 \\xe9")],
)
def test_characters_that_the_encoding_lacks_become_escapes(encoding: str, expected: bytes) -> None:
    raw = io.BytesIO()
    wrapper = io.TextIOWrapper(raw, encoding=encoding)
    QuietStream(wrapper).write("✓ é")
    assert raw.getvalue() == expected


PROGRAM = """
import sys
from tests.reporters.examples import RUN
from provisioner.reporters import reporters_for
reporters = reporters_for(json=sys.argv[1] == "json")
for event in RUN * 200:
    for report in reporters:
        report(event)
for report in reporters:
    report.close()
print("ended", file=sys.stderr)
"""
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", ["console", "json"])
@pytest.mark.parametrize("redirection", ["| head -n 1", ">&-"])
def test_a_closed_pipe_changes_neither_the_run_nor_the_exit_status(
    kind: str, redirection: str
) -> None:
    command = f'"$0" -c "$1" {kind} {redirection}; echo ${{PIPESTATUS[0]}} >&2'
    ended = subprocess.run(
        ["bash", "-c", command, sys.executable, PROGRAM],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr.endswith("ended\n0\n")
    assert "Traceback" not in ended.stderr


def on_a_full_disk(reporter: str) -> subprocess.CompletedProcess[str]:
    with Path("/dev/full").open("w") as full:
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, reporter],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )


def test_json_lines_lost_to_a_full_disk_are_an_error_after_the_run() -> None:
    ended = on_a_full_disk("json")
    assert "No space left on device" in ended.stderr
    assert ended.returncode == 1  # the CLI makes it 7


def test_a_full_disk_does_not_stop_a_run_with_console_output() -> None:
    ended = on_a_full_disk("console")
    assert (ended.returncode, ended.stderr) == (0, "ended\n")
