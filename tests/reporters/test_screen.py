"""Questions on a terminal that something else draws on."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.reporters.test_console import ROOT

ASK = """
import threading
from provisioner.reporters.screen import SCREEN
SCREEN.clear = lambda: print("cleared", flush=True)
ask = lambda: print(repr(SCREEN.ask("Word: ", hidden=True)))
asking = threading.Thread(target=ask, daemon=True)
asking.start()
{then}
"""


@contextmanager
def terminal(program: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A program on a pty of its own, and our end of that."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        try:
            yield ours, process
        finally:
            process.kill()
            os.close(theirs)
            os.close(ours)


def until(descriptor: int, end: bytes) -> bytes:
    """What comes, up to `end`."""
    seen = b""
    while not seen.endswith(end):
        seen += os.read(descriptor, 1)
    return seen


def echoes(descriptor: int) -> bool:
    return bool(termios.tcgetattr(descriptor)[3] & termios.ECHO)


def test_a_hidden_answer_is_taken_from_a_thread_and_what_was_drawn_is_cleared_before() -> None:
    with terminal(ASK.format(then="asking.join()")) as (ours, process):
        assert until(ours, b"Word: ") == b"cleared\r\nWord: "
        assert not echoes(ours)
        os.write(ours, "schlüssel\n".encode())
        assert until(ours, b"'\r\n") == "\r\n'schlüssel'\r\n".encode()
        assert process.wait(60) == 0
        assert echoes(ours)


def test_a_question_that_is_given_up_has_no_answer() -> None:
    then = "SCREEN.give_up(); asking.join(); print(SCREEN.ask('x', hidden=False))"
    with terminal(ASK.format(then=then)) as (ours, process):
        assert until(ours, b"Word: ")
        assert until(ours, b"None\r\n") == b"\r\nNone\r\n"
        assert until(ours, b"None\r\n").endswith(b"x\r\nNone\r\n")
        assert process.wait(60) == 0


def test_the_terminal_echoes_again_though_the_process_ends_in_the_middle(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    then = f"open({str(gate)!r}).read()"
    with terminal(ASK.format(then=then)) as (ours, process):
        until(ours, b"Word: ")
        gate.write_text("on")
        assert process.wait(60) == 0
        assert echoes(ours)
