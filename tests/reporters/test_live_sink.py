"""The live view, on a real pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from provisioner.events import (
    HostFinished,
    HostSummary,
    PlayFinished,
    PlayStarted,
    Status,
    TaskStarted,
    Transferred,
)
from provisioner.reporters.activity import Activity
from provisioner.reporters.live_sink import RICH_STYLES, live_lines
from provisioner.reporters.styles import SGR_CODES, Style, paint
from tests.reporters.examples import Clock, started, task
from tests.reporters.test_formatting import UNSAFE

ROOT = Path(__file__).parents[2]

PROGRAM = """
import sys, time
from tests.reporters import examples
from provisioner.reporters import announcer, reporters_for
reporters = reporters_for(verbosity=int(sys.argv[2]))
for event in getattr(examples, sys.argv[1])():
    for report in reporters:
        report(event)
    time.sleep(0.03)
    announcer(reporters)(sys.argv[3]) if sys.argv[3:] else None
for report in reporters:
    report.close()
print("rich" in sys.modules, file=sys.stderr)
"""
# The sequences of rich and of provision: colours, hide and show the cursor, clear a line, go up.
OURS = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|2K|1A)")


def on_a_terminal(
    run: str, *announcement: str, verbosity: int = 0, **environment: str
) -> tuple[str, str]:
    """Return the program's output to a pty of 80 columns, and its standard error.

    The program makes the announcement after each event.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, run, str(verbosity), *announcement],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm", **environment},
    )
    os.close(theirs)
    received = bytearray()
    reader = threading.Thread(target=_read, args=(ours, received))
    reader.start()
    _, errors = process.communicate(timeout=300)
    reader.join()
    os.close(ours)
    assert process.returncode == 0, errors
    return received.decode("utf-8"), errors


def _read(descriptor: int, into: bytearray) -> None:
    while True:
        try:
            data = os.read(descriptor, 65536)
        except OSError:  # Linux: EIO when the other end is closed
            return
        if not data:
            return
        into += data


@pytest.mark.parametrize("verbosity", [0, 4])
@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_only_our_own_escape_sequences_reach_the_terminal(term: str, verbosity: int) -> None:
    text, _ = on_a_terminal("hostile_run", verbosity=verbosity, TERM=term)
    assert "5;41m" in text  # the sequence is shown
    assert "\x1b[5;41m" not in text  # but not sent
    characters = set(OURS.sub("", text).replace("\r\n", "\n").replace("\r", ""))
    assert characters & UNSAFE <= {"\n", "\t"}


def test_remote_text_is_never_parsed_as_markup() -> None:
    text, _ = on_a_terminal("hostile_run")
    assert "[/x] [bold]b[/bold] [link=http://x]l[/link] :smile:" in OURS.sub("", text)


def test_a_terminal_gets_a_live_view_and_colours() -> None:
    text, errors = on_a_terminal("whole_run")
    assert "\x1b[?25l" in text
    assert text.count("\x1b[?25h") >= 1
    assert "\x1b[33m" in text
    assert "running" in text
    assert errors == "True\n"


def test_an_announcement_is_part_of_the_live_view_or_goes_to_standard_error() -> None:
    text, errors = on_a_terminal("whole_run", "stopping")
    assert re.search(r"provision: stopping.*\n.*\d hosts done", OURS.sub("", text))
    assert "stopping" not in errors
    text, errors = on_a_terminal("whole_run", "stopping", TERM="dumb")
    assert "stopping" not in text
    assert "provision: stopping\n" in errors


def test_no_color_keeps_the_live_view_and_removes_all_colours() -> None:
    text, _ = on_a_terminal("whole_run", NO_COLOR="1", FORCE_COLOR="1")
    assert "\x1b[2K" in text
    assert re.findall(r"\x1b\[[1-9][0-9;]*m", text) == []


def test_a_dumb_terminal_gets_plain_lines_and_rich_is_not_imported() -> None:
    text, errors = on_a_terminal("whole_run", TERM="dumb")
    assert "\x1b" not in text
    assert errors == "False\n"


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "", "NO_COLOR": ""}, False),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, False),
    ],
)
def test_a_pipe_gets_colours_only_with_force_color(
    environment: dict[str, str], coloured: bool
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, "whole_run", "0"],
        cwd=ROOT,
        capture_output=True,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment},
        check=True,
    )
    assert (b"\x1b[" in ended.stdout) is coloured
    assert ended.stderr == b"False\n"


@pytest.mark.parametrize(
    ("encoding", "marked"),
    [("utf-8", True), ("ascii", False), ("latin-1", False), ("gbk", False)],
)
def test_an_encoding_without_the_symbols_gets_only_words(encoding: str, marked: bool) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, "whole_run", "0"],
        cwd=ROOT,
        capture_output=True,
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": encoding},
        check=True,
    )
    text = ended.stdout.decode(encoding)
    assert ("web1     ● changed      Install" in text) is marked
    assert ("web1     changed      Install" in text) is not marked


def test_both_tables_have_every_style() -> None:
    assert set(SGR_CODES) == set(RICH_STYLES) == set(Style)


def live(activity: Activity, height: int) -> list[str]:
    return [paint(each, colour=False) for each in live_lines(activity.progress(), height, 6)]


def busy(clock: Clock, hosts: int) -> Activity:
    """Return the activity of `hosts` hosts. Each has run its task a second longer than the next."""
    names = [f"web{number}" for number in range(hosts)]
    activity = Activity(clock)
    activity.record(started(names))
    activity.record(PlayStarted("Docker", tuple(names), "x:1", 40))
    for number, name in enumerate(reversed(names)):
        activity.record(TaskStarted("Docker", "Install Docker", name, number + 1))
        clock.now += 1
    return activity


def test_hosts_that_are_added_or_return_after_a_failure_are_counted_once() -> None:
    activity = busy(Clock(), 2)
    activity.record(HostFinished("web0", HostSummary(Status.FAILED)))
    activity.record(PlayFinished("web1"))
    activity.record(PlayStarted("Again", ("web0", "web1", "new"), "x:9", 1))
    assert live(activity, 10) == ["0 of 3 hosts done, 0 running, 2.0 s"]
    for host in ("web0", "web1", "new"):
        activity.record(PlayFinished(host))
    assert live(activity, 10) == ["3 of 3 hosts done, 0 running, 2.0 s"]


def test_the_live_view_has_a_line_for_each_active_host() -> None:
    clock = Clock()
    activity = busy(clock, 3)
    activity.record(task("web1"))
    activity.record(HostFinished("web2", HostSummary(Status.FAILED)))
    assert live(activity, 10) == [
        "web0       3/40  Install Docker  1.0 s",
        "web1       2/40  waiting  0.0 s",
        "1 of 3 hosts done, 1 failed, 2 running, 3.0 s",
    ]


def test_hosts_that_finished_the_play_count_as_done_until_the_next_play_starts() -> None:
    activity = busy(Clock(), 3)
    activity.record(PlayFinished("web0"))
    activity.record(PlayFinished("web1"))
    assert live(activity, 10)[-1] == "2 of 3 hosts done, 1 running, 3.0 s"
    activity.record(HostFinished("web1", HostSummary(Status.OK)))
    assert live(activity, 10)[-1] == "2 of 3 hosts done, 1 running, 3.0 s"
    activity.record(PlayStarted("Users", ("web0", "web2"), "x:9", 3))
    assert live(activity, 10)[-1] == "1 of 3 hosts done, 1 running, 3.0 s"


def test_the_transfer_of_a_large_file_shows_its_progress() -> None:
    activity = busy(Clock(), 1)
    activity.record(Transferred("web0", 43_000_000, 104_857_600))
    activity.record(Transferred("elsewhere", 1, 2))
    assert live(activity, 10)[0] == "web0       1/40  Install Docker  43 MB of 105 MB  1.0 s"
    activity.record(TaskStarted("Docker", "Next", "web0", 2))
    assert live(activity, 10)[0] == "web0       2/40  Next  0.0 s"


def test_hosts_that_do_not_fit_are_counted_and_the_slowest_are_shown() -> None:
    assert live(busy(Clock(), 300), 5) == [
        "web299     1/40  Install Docker  5 min 00 s",
        "web298     2/40  Install Docker  4 min 59 s",
        "web297     3/40  Install Docker  4 min 58 s",
        "... and 297 more hosts running",
        "0 of 300 hosts done, 300 running, 5 min 00 s",
    ]


@pytest.mark.parametrize("height", range(2, 9))
def test_the_live_view_never_exceeds_its_height(height: int) -> None:
    assert len(live(busy(Clock(), 6), height)) <= height
