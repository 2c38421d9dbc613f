"""Events of an example run, for the tests of the reporters."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from provisioner.events import (
    Event,
    HostFinished,
    HostSummary,
    Notice,
    PlayStarted,
    RunFinished,
    RunStarted,
    Status,
    TaskFinished,
    TaskRetried,
    TaskStarted,
)
from provisioner.reporters.activity import Activity
from provisioner.reporters.console import Console
from provisioner.reporters.plain_sink import PlainSink
from provisioner.reporters.quiet_stream import QuietStream
from provisioner.result import Diff, Outcome

HOSTS = ("web1", "web2", "db-main")


class Clock:
    """A clock whose time a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def task(host: str = "web1", outcome: Outcome = Outcome.OK, **others: Any) -> TaskFinished:
    values = {
        "play": "Docker",
        "task": "Install Docker",
        "module": "yum",
        "where": "docker.yml:14",
        **others,
    }
    return TaskFinished(host=host, outcome=outcome, **values)


FAILURE = task(
    "web2",
    Outcome.FAILED,
    message="yum exited with 1\nNo package docker-cee available.",
    changes=("install docker-cee",),
    rc=1,
    stdout="\n".join(f"line {number}" for number in range(1, 23)) + "\n",
    stderr="Error: Nothing to do\n",
    hint="check the package's name",
    seconds=3.41,
)
DIFF = Diff("a\nb\nc\n", "a\nB\nc\n", "/etc/x", "/etc/x (wanted)")

RUN: tuple[Event, ...] = (
    RunStarted("hosts.yml", ("docker.yml",), HOSTS, diff=True),
    PlayStarted("Docker", HOSTS, "docker.yml:1", 3),
    TaskStarted("Docker", "Add the repository", "web1", 1),
    task(task="Add the repository", module="yum_repository", where="docker.yml:7", seconds=0.2),
    TaskRetried("Docker", "Install Docker", "web2", 1, 3, "yum is locked"),
    FAILURE,
    HostFinished("web2", HostSummary(Status.FAILED, failed=1, seconds=4.1), "yum exited with 1"),
    task(
        outcome=Outcome.CHANGED,
        changes=("install docker-ce-24.0.7", "install containerd.io-1.6"),
        seconds=12.34,
    ),
    task(outcome=Outcome.CHANGED, task="Write daemon.json", module="copy", diff=(DIFF,)),
    task(task="Users", module="user", is_item=True, item="alice"),
    task(
        task="Users",
        module="user",
        outcome=Outcome.CHANGED,
        is_item=True,
        item={"name": "bob"},
        changes=("add bob to docker",),
    ),
    task(task="Users", module="user", outcome=Outcome.CHANGED, loop=True),
    task(outcome=Outcome.SKIPPED, task="Reboot", module="reboot", message="reboot_needed is false"),
    task(task="Show", module="debug", shown={"version": "24.0.7", "ok": True}),
    task(
        outcome=Outcome.FAILED,
        task="Probe",
        module="command",
        ignored=True,
        message="exit 3",
        rc=3,
        stderr="gone\n",
    ),
    HostFinished("web1", HostSummary(Status.CHANGED, ok=3, changed=3, skipped=1, ignored=1)),
    HostFinished(
        "db-main",
        HostSummary(Status.UNREACHABLE),
        "no answer for 30 s",
        "is the host up? try: ssh db-main",
    ),
    Notice("at most 40 hosts at once: 64 files may be open", "ulimit -n"),
    RunFinished(
        {
            "web1": HostSummary(
                Status.CHANGED,
                ok=3,
                changed=3,
                skipped=1,
                ignored=1,
                seconds=15.24,
                notes=("Docker version 24.0.7",),
            ),
            "web2": HostSummary(Status.FAILED, failed=1, seconds=4.1),
            "db-main": HostSummary(Status.UNREACHABLE),
        },
        exit=6,
        seconds=16.1,
    ),
)


def plain(
    events: Iterable[Event],
    *,
    verbosity: int = 0,
    symbols: bool = False,
    colour: bool = False,
) -> str:
    """Return the console's output for a stream that is not a terminal."""
    text = io.StringIO()
    activity = Activity(Clock())
    sink = PlainSink(QuietStream(text), activity, colour=colour)
    console = Console(sink, activity, verbosity=verbosity, symbols=symbols)
    for event in events:
        console(event)
    console.close()
    return text.getvalue()


def started(hosts: Sequence[str] = HOSTS, **options: bool) -> RunStarted:
    return RunStarted("hosts.yml", ("docker.yml",), tuple(hosts), **options)


HOSTILE = (
    "\x1b]0;owned\x07 \x1b[5;41mred\x1b[0m \x9b31m \x90q\x9c \x7f\x08\x00 \u202etxt.exe\u2066 "
    "\u061c\u200e\u200f [/x] [bold]b[/bold] [link=http://x]l[/link] :smile: \udcff\ud800\r over"
)
"""ESC, OSC, CSI, C1, DEL, bidi controls, lone surrogates, rich markup."""


def hostile_run() -> list[Event]:
    """Return a run in which all texts contain terminal control sequences."""
    bad = HOSTILE
    lines = f"{bad}\n{bad}\n"
    texts: dict[str, Any] = {"play": bad, "task": bad, "module": bad, "where": bad}
    texts["message"] = lines
    summary = HostSummary(Status.FAILED, failed=1, notes=(lines,))
    return [
        RunStarted(bad, (bad,), (bad,), diff=True),
        PlayStarted(bad, (bad,), bad, 1),
        TaskStarted(bad, bad, bad, 1),
        TaskRetried(bad, bad, bad, 1, 2, lines),
        task(bad, is_item=True, item={bad: [bad]}, **texts),
        task(bad, Outcome.CHANGED, changes=(lines,), delegated_to=bad, **texts),
        task(bad, shown={bad: [bad, lines]}, returns={bad: lines}, **texts),
        task(bad, Outcome.SKIPPED, diff=(Diff(lines, bad, bad, bad),), **texts),
        task(bad, Outcome.FAILED, stdout=lines, stderr=lines, hint=lines, rc=1, **texts),
        Notice(lines, bad),
        HostFinished(bad, summary, lines, lines),
        RunFinished({bad: summary}, exit=2),
    ]


def whole_run() -> tuple[Event, ...]:
    return RUN
