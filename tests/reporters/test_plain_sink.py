"""The exact output of the console for a stream that is not a terminal."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.events import (
    Event,
    HostFinished,
    HostSummary,
    PlayStarted,
    RunFinished,
    Status,
    TaskRetried,
    TaskStarted,
    Transferred,
)
from provisioner.reporters.activity import Activity
from provisioner.reporters.plain_sink import PlainSink
from provisioner.reporters.quiet_stream import QuietStream
from provisioner.reporters.task_lines import View
from provisioner.result import Diff, Outcome
from tests.reporters.examples import (
    DIFF,
    FAILURE,
    RUN,
    Clock,
    hostile_run,
    plain,
    started,
    task,
)
from tests.reporters.test_formatting import UNSAFE

EXPECTED = """\
hosts.yml: docker.yml on 3 hosts

Play Docker: 3 hosts, 3 tasks
web1     ok           Add the repository
web2     retrying     Install Docker: attempt 1 of 3: yum is locked
web2     failed       Install Docker (3.4 s)
         Docker > Install Docker (yum, docker.yml:14)
         reason:
           yum exited with 1
           No package docker-cee available.
         tried: install docker-cee
         rc: 1
         stdout (last 20 of 22 lines; -v shows all):
           line 3
           line 4
           line 5
           line 6
           line 7
           line 8
           line 9
           line 10
           line 11
           line 12
           line 13
           line 14
           line 15
           line 16
           line 17
           line 18
           line 19
           line 20
           line 21
           line 22
         stderr:
           Error: Nothing to do
         what to do: check the package's name
web1     changed      Install Docker: install docker-ce-24.0.7, install containerd.io-1.6 (12.3 s)
web1     changed      Write daemon.json
         --- /etc/x
         +++ /etc/x (wanted)
         @@ -1,3 +1,3 @@
          a
         -b
         +B
          c
web1     changed      Users [bob]: add bob to docker
web1     changed      Users: 2 items: 1 ok, 1 changed
web1     skipped      Reboot: reboot_needed is false
web1     ok           Show
         version: "24.0.7"
         ok: true
web1     ignored      Probe
         Docker > Probe (command, docker.yml:14)
         reason: exit 3
         rc: 3
         stderr:
           gone
         ignored: the host continues (ignore_errors)
db-main  unreachable  no answer for 30 s
         what to do: is the host up? try: ssh db-main
warning: at most 40 hosts at once: 64 files may be open (ulimit -n)

Recap
host     status          ok  changed  failed  skipped  ignored  rescued  seconds
web1     changed          3        3       0        1        1        0     15.2
         Docker version 24.0.7
web2     failed           0        0       1        0        0        0      4.1
         reason: yum exited with 1
db-main  unreachable      0        0       0        0        0        0      0.0
         reason: no answer for 30 s
         what to do: is the host up? try: ssh db-main
3 hosts: 1 changed, 1 failed, 1 unreachable - 16.1 s
exit 6: hosts failed, and others are unreachable or in an unknown state
"""


def test_the_complete_output_of_a_run() -> None:
    assert plain(RUN) == EXPECTED


def test_only_printable_text_is_written_to_a_file() -> None:
    text = plain([*RUN, *hostile_run()], verbosity=4, symbols=True)
    assert re.findall(r"[^\n\t\x20-\x7e✓●✗○!?…—]", text) == []


ANY = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY, st.integers(0, 3))
def test_any_text_from_a_host_is_printed_without_control_characters(text: str, v: int) -> None:
    values: dict[str, Any] = {
        "task": text,
        "message": text,
        "shown": {text: [text]},
        "returns": {text: text},
    }
    events: list[Event] = [
        started([text], diff=True),
        task(text, changes=(text,), diff=(Diff(text, "", text),), **values),
        task(text, Outcome.FAILED, stdout=text, stderr=text, hint=text, **values),
        RunFinished({text: HostSummary(Status.FAILED, notes=(text,))}, 2),
    ]
    assert set(plain(events, verbosity=v)) & UNSAFE <= {"\n", "\t"}


def test_return_values_do_not_repeat_the_output_of_a_failure() -> None:
    returns = {"rc": 1, "stdout": "seen once", "stdout_lines": ["seen once"], "start": "12:00"}
    text = plain([task(outcome=Outcome.FAILED, stdout="seen once", returns=returns)], verbosity=1)
    assert text.count("seen once") == 1
    assert "start:" in text


def test_without_v_a_very_long_reason_is_cut_with_a_notice() -> None:
    event = task(outcome=Outcome.FAILED, message="why\n" * 70)
    assert "(20 more lines: -v shows all)" in plain([event])
    assert plain([event], verbosity=1).count("why") == 70


def test_host_names_are_an_aligned_column() -> None:
    lines = plain([started(), task(), task("db-main"), task("web2")]).splitlines()
    assert [line.index("ok") for line in lines[1:]] == [9, 9, 9]


def test_long_host_names_do_not_move_the_lines_below_a_task_far_to_the_right() -> None:
    host = "database-server-1.example.com"
    event = task(host, Outcome.FAILED, message="no space left")
    lines = plain([started([host]), event]).splitlines()
    assert lines[1].startswith(f"{host}  failed       Install Docker")
    assert lines[2:] == [
        "            Docker > Install Docker (yum, docker.yml:14)",
        "            reason: no space left",
    ]


STEPS = {
    "ok": (task(), "web1  ✓ ok           Install Docker"),
    "changed": (
        task(outcome=Outcome.CHANGED, changes=("a", "b", "c", "d", "e")),
        "web1  ● changed      Install Docker: a, b, c and 2 more changes",
    ),
    "handler": (
        task(outcome=Outcome.CHANGED, handler=True, delegated_to="lb", attempts=3, seconds=61),
        "web1  ● changed      Install Docker (handler, delegated to lb, 3 attempts, 1 min 01 s)",
    ),
    "skipped": (
        task(outcome=Outcome.SKIPPED, message="not\nneeded"),
        "web1  ○ skipped      Install Docker: not needed",
    ),
    "no name": (task(task=""), "web1  ✓ ok           yum"),
    "ignored": (task(outcome=Outcome.FAILED, ignored=True), "web1  ! ignored      Install Docker"),
    "rescued": (task(outcome=Outcome.FAILED, rescued=True), "web1  ! rescued      Install Docker"),
    "unknown": (task(outcome=Outcome.UNKNOWN), "web1  ? unknown      Install Docker"),
    "unreachable": (task(outcome=Outcome.UNREACHABLE), "web1  ✗ unreachable  Install Docker"),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_task_has_one_line_with_its_outcome_as_a_word(name: str) -> None:
    event, expected = STEPS[name]
    assert plain([started(["web1"]), event], symbols=True).splitlines()[1] == expected


def test_a_rescued_failure_says_that_the_rescue_tasks_run_next() -> None:
    text = plain([replace(FAILURE, rescued=True)])
    assert "rescued: the block's rescue tasks run next" in text


def test_the_output_of_an_ignored_failure_is_short() -> None:
    text = plain([replace(FAILURE, ignored=True)])
    assert "stdout (last 5 of 22 lines; -v shows all):" in text


def test_output_keeps_its_newlines_and_v_shows_all_lines() -> None:
    lines = plain([FAILURE], verbosity=1).splitlines()
    top = lines.index("  stdout:")
    assert lines[top + 1 : top + 23] == [f"    line {number}" for number in range(1, 23)]


def test_items_that_are_ok_have_no_line_without_v() -> None:
    item = task(is_item=True, item="alice")
    assert plain([item]) == ""
    assert "Install Docker [alice]" in plain([item], verbosity=1)


def test_v_shows_return_values_and_vv_the_file_and_line() -> None:
    event = task(returns={"stat": {"exists": True, "path": "/x"}})
    assert plain([event]).count("\n") == 1
    assert plain([event], verbosity=1).splitlines()[1:] == [
        "  stat:",
        "    exists: true",
        "    path: /x",
    ]
    assert "(yum, docker.yml:14)" in plain([event], verbosity=2)


def test_warnings_of_a_module_are_shown_below_the_task() -> None:
    text = plain([task(outcome=Outcome.CHANGED, returns={"warnings": ["not\x1b[2Jcrypted"]})])
    assert text.splitlines()[1:] == ["  warning: not\\x1b[2Jcrypted"]


MANY = [f"web{number}" for number in range(12)]


def test_with_many_hosts_only_changes_failures_and_output_have_lines() -> None:
    events: list[Event] = [
        started(MANY),
        task("web1"),
        task("web2", Outcome.SKIPPED),
        TaskRetried("Docker", "t", "web2", 1, 2),
        task("web3", Outcome.CHANGED),
        task("web4", Outcome.FAILED),
        task("web5", shown="seen"),
    ]
    hosts = re.findall(r"^(web\d+) ", plain(events), re.MULTILINE)
    assert hosts == ["web3", "web4", "web5"]
    hosts = re.findall(r"^(web\d+) ", plain(events, verbosity=1), re.MULTILINE)
    assert hosts == ["web1", "web2", "web2", "web3", "web4", "web5"]


def test_a_progress_line_names_the_slowest_hosts() -> None:
    clock, text = Clock(), io.StringIO()
    activity = Activity(clock)
    activity.record(started(MANY))
    activity.record(PlayStarted("Docker", tuple(MANY), "x:1", 4))
    for host in MANY[:5]:
        clock.now += 1
        activity.record(TaskStarted("Docker", "Install", host, 1))
    activity.record(HostFinished("web11", HostSummary(Status.FAILED)))
    activity.record(task("web4"))
    activity.record(Transferred("web1", 1_200_000_000, 3_000_000_000))
    sink = PlainSink(QuietStream(text), activity)
    sink.open(View(many=True))
    sink.tick()
    clock.now += 15
    sink.tick()
    sink.tick()
    sink.close()
    assert text.getvalue() == (
        "progress: 1 of 12 hosts done, 1 failed, 5 running, 20.0 s elapsed: "
        "web0: Install (19.0 s), web1: Install (1.2 GB of 3.0 GB, 18.0 s), "
        "web2: Install (17.0 s) and 1 more host\n"
    )


def test_with_few_hosts_a_progress_line_comes_only_after_30_seconds_without_output() -> None:
    clock, text = Clock(), io.StringIO()
    activity = Activity(clock)
    activity.record(started())
    activity.record(TaskStarted("Docker", "Install", "web1", 1))
    sink = PlainSink(QuietStream(text), activity)
    sink.open(View())
    for _ in range(5):
        clock.now += 29
        sink.tick()
        sink.write([])
    assert text.getvalue() == ""
    clock.now += 30
    sink.tick()
    sink.close()
    assert text.getvalue().startswith("progress: 0 of 3 hosts done, 1 running, 2 min 55 s elapsed")


def test_without_v_a_long_diff_is_cut_with_a_notice() -> None:
    long = Diff("", "x\n" * 300)
    events: list[Event] = [started(diff=True), task(outcome=Outcome.CHANGED, diff=(long,))]
    assert "(201 more lines of this diff: -v shows all)" in plain(events)
    assert plain(events, verbosity=1).count("+x") == 300


def test_without_diff_no_diff_is_shown() -> None:
    assert "@@" not in plain([started(), task(outcome=Outcome.CHANGED, diff=(DIFF,))])


def test_a_missing_last_newline_is_a_difference() -> None:
    events: list[Event] = [
        started(diff=True),
        task(outcome=Outcome.CHANGED, diff=(Diff("a", "a\n"),)),
    ]
    assert "\\ No newline at end of file (before)" in plain(events)


def test_two_huge_texts_are_not_compared_line_by_line() -> None:
    huge = Diff("a\n" * 5000, "b\n" * 5000)
    text = plain([started(diff=True), task(outcome=Outcome.CHANGED, diff=(huge,))])
    assert "5001 lines become 5001: too many to compare" in text


def test_colours_are_reset_within_each_line() -> None:
    text = plain([started(["web1"]), task(outcome=Outcome.CHANGED)], colour=True)
    assert text.splitlines()[1] == "web1  \x1b[33mchanged      \x1b[0mInstall Docker"


def test_a_failed_task_is_not_repeated_when_its_host_leaves_the_run() -> None:
    events: list[Event] = [
        started(),
        FAILURE,
        HostFinished("web2", HostSummary(Status.FAILED), "again"),
    ]
    assert "again" not in plain(events)
