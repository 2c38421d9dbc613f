"""Questions on a terminal that has a live view."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.reporters.test_live_sink import ROOT

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
    """Run a program on a pseudo-terminal; yield the controlling end and the process."""
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
    """Return the output up to `end`."""
    output = b""
    while not output.endswith(end):
        output += os.read(descriptor, 1)
    return output


def echoes(descriptor: int) -> bool:
    return bool(termios.tcgetattr(descriptor)[3] & termios.ECHO)


def test_a_thread_gets_a_hidden_answer_after_the_screen_is_cleared() -> None:
    with terminal(ASK.format(then="asking.join()")) as (ours, process):
        assert until(ours, b"Word: ") == b"cleared\r\nWord: "
        assert not echoes(ours)
        os.write(ours, "schlüssel\n".encode())
        assert until(ours, b"'\r\n") == "\r\n'schlüssel'\r\n".encode()
        assert process.wait(60) == 0
        assert echoes(ours)


def test_a_cancelled_question_has_no_answer() -> None:
    then = "SCREEN.cancel_questions(); asking.join(); print(SCREEN.ask('x', hidden=False))"
    with terminal(ASK.format(then=then)) as (ours, process):
        assert until(ours, b"Word: ")
        assert until(ours, b"None\r\n") == b"\r\nNone\r\n"
        assert until(ours, b"None\r\n").endswith(b"x\r\nNone\r\n")
        assert process.wait(60) == 0


def test_the_terminal_echoes_again_if_the_process_exits_during_a_question(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    then = f"open({str(fifo)!r}).read()"
    with terminal(ASK.format(then=then)) as (ours, process):
        until(ours, b"Word: ")
        fifo.write_text("exit")
        assert process.wait(60) == 0
        assert echoes(ours)
