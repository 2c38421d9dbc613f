"""Threads: whose turn it is, what stays open, and that nobody waits for what does not come."""

from __future__ import annotations

import json
import pickle
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from provisioner.events import Event, Notice, TaskFinished, TaskStarted
from provisioner.fleet.session_pool import Connect, Login
from provisioner.fleet.slots import Slots
from provisioner.fleet.thread_executor import ThreadExecutor
from provisioner.fleet.thread_pool import Jobs
from tests.engine.play_runner import ExecutorFactory, PlayRunner
from tests.fleet.dead import LONG, Dead


def threads(connect: Connect, forks: int, **options: Any) -> ExecutorFactory:
    return lambda _plan, _connect, interrupt: ThreadExecutor(connect, forks, interrupt, **options)


ECHO = "[{hosts: all, gather_facts: false, tasks: [{name: a, command: echo}]}]"


def test_a_host_that_does_not_answer_holds_no_slot(runner: PlayRunner) -> None:
    dead = Dead(runner)
    runner.make_executor = threads(dead.connect, 1, patience=0)
    got = runner.run(ECHO, hosts=3, on_event=dead.note)
    assert [str(got.hosts[host].status) for host in ("h1", "h2", "h3")] == [
        "unreachable", "changed", "changed",
    ]  # fmt: skip


def test_a_host_that_answers_late_takes_a_slot_again_before_others() -> None:
    slots = Slots(1, patience=0)
    waiting, answered, back = threading.Event(), threading.Event(), threading.Event()

    def late() -> None:
        with slots.connecting():
            waiting.set()
            answered.wait(LONG)
        back.set()

    assert slots.take()
    threading.Thread(target=late, daemon=True).start()
    assert waiting.wait(LONG)
    assert slots.take(), "its slot is lent"
    answered.set()
    assert not back.is_set(), "two hosts are at work"
    slots.give_back()
    assert back.wait(LONG)
    assert not slots.take()
    slots.give_back()
    assert slots.take()


def test_no_more_than_the_waiting_room_holds_wait_without_a_slot() -> None:
    slots = Slots(1, waiting_room=0, patience=0)
    assert slots.take()
    with slots.connecting():
        assert not slots.take()
        assert slots.next_to_lend() is None


def test_who_begins_to_connect_later_is_waited_for_as_long() -> None:
    slots = Slots(1, patience=LONG)
    assert slots.take()
    assert slots.next_to_lend() == LONG
    with slots.connecting():
        left = slots.next_to_lend()
        assert left is not None
        assert left <= LONG


THROTTLED = """
- hosts: all
  gather_facts: false
  tasks: [{name: a, command: echo, throttle: 1}]
"""


def test_a_host_that_comes_back_to_its_slot_goes_before_those_that_wait_for_it(
    runner: PlayRunner,
) -> None:
    """h1 is in the task, and has lent its slot while it connects; h2 has that, and waits."""
    others = threading.Event()

    def connect(host: str, variables: Mapping[str, Any]) -> Login:
        if host == "h1":
            assert others.wait(LONG)
        return runner.connect(host, variables)

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted) and event.host == "h2":
            others.set()

    runner.make_executor = threads(connect, 1, patience=0)
    got = runner.run(THROTTLED, hosts=3, on_event=note)
    assert [got.tasks(f"h{n}") for n in (1, 2, 3)] == [[("a", "changed")]] * 3


def test_no_more_hosts_than_there_are_slots_go_on_when_one_has_come_back() -> None:
    slots, held, asked = Slots(1, patience=0), threading.Lock(), threading.Event()
    answered, back, got = threading.Event(), threading.Event(), threading.Event()

    def late() -> None:
        with slots.connecting():
            asked.set()
            assert answered.wait(LONG)
        back.set()

    def waits() -> None:
        with slots.waiting(), held:
            pass
        got.set()

    assert slots.take()
    threading.Thread(target=late, daemon=True).start()
    assert asked.wait(LONG)
    assert slots.take(), "its slot is lent"
    with held:
        threading.Thread(target=waits, daemon=True).start()
        answered.set()
        assert back.wait(LONG), "the one slot is of a host that waits"
        assert not slots.take()
    assert not got.wait(0.1), "two hosts are at work"
    slots.give_back()
    assert got.wait(LONG)
    slots.give_back()
    assert slots.take()
    assert not slots.take()


TWO = """
- hosts: all
  gather_facts: false
  tasks:
    - {name: a, command: echo}
    - {name: together, command: echo, run_once: true}
    - {name: b, command: echo}
"""


def test_more_hosts_than_connections_close_idle_ones_and_connect_again(runner: PlayRunner) -> None:
    made: list[str] = []

    def connect(host: str, variables: Mapping[str, Any]) -> Login:
        made.append(host)
        return runner.connect(host, variables)

    runner.make_executor = threads(connect, 1, connections=1)
    got = runner.run(TWO, hosts=3)
    assert got.exit == 0
    assert [got.tasks(f"h{n}")[-1] for n in (1, 2, 3)] == [("b", "changed")] * 3
    assert len(made) > 3
    made.clear()
    runner.make_executor = threads(connect, 1, connections=3)
    assert runner.run(TWO, hosts=3).exit == 0
    assert sorted(made) == ["h1", "h2", "h3"]


def test_a_host_that_is_through_is_closed_at_once(runner: PlayRunner) -> None:
    """Its thread closes it before the only slot goes to the next host."""
    opened, gone = list[str](), list[str]()
    runner.make_executor = threads(watched(runner, opened, gone), 1, patience=LONG)
    at_second: list[list[str]] = []

    def note(event: Event) -> None:
        if isinstance(event, TaskFinished) and event.host == "h2":
            at_second.append(list(gone))

    runner.run(ECHO, hosts=2, on_event=note)
    assert at_second[0][0] == "h1"


def test_a_host_that_a_later_play_is_about_stays_connected(runner: PlayRunner) -> None:
    opened, gone = list[str](), list[str]()
    runner.make_executor = threads(watched(runner, opened, gone), 1, patience=LONG)
    later = "- {hosts: h1, gather_facts: false, tasks: [{name: b, command: echo}]}"
    got = runner.run(f"- {ECHO[1:-1]}\n{later}", hosts=2)
    assert got.tasks("h1") == [("a", "changed"), ("b", "changed")]
    assert opened == ["h1", "h2"]


def watched(runner: PlayRunner, opened: list[str], gone: list[str]) -> Connect:
    """Connects, noting who is connected and closed."""

    def connect(host: str, variables: Mapping[str, Any]) -> Login:
        login = runner.connect(host, variables)
        close = login.connection.close

        def close_() -> None:
            gone.append(host)
            close()

        login.connection.close = close_  # type: ignore[method-assign]
        opened.append(host)
        return login

    return connect


def test_nobody_waits_for_hosts_under_way_when_a_report_breaks(runner: PlayRunner) -> None:
    never = threading.Event()

    def connect(host: str, variables: Mapping[str, Any]) -> Login:
        if host == "h1":
            never.wait(LONG)
        return runner.connect(host, variables)

    def breaks(event: Event) -> None:
        if isinstance(event, TaskFinished):
            raise ZeroDivisionError

    runner.make_executor = threads(connect, 2)
    try:
        with pytest.raises(ZeroDivisionError):
            runner.run(ECHO, hosts=2, on_event=breaks)
        assert not never.is_set()
        assert any(thread.name == "host" and thread.daemon for thread in threading.enumerate())
    finally:
        never.set()


def test_the_small_stack_bears_data_as_deep_as_python_allows() -> None:
    deep: list[Any] = []
    for _ in range(900):
        deep = [deep]
    done: list[object] = []
    ended = threading.Event()

    def job() -> None:
        try:
            done.append(pickle.loads(pickle.dumps(json.loads(json.dumps(deep)))))
        except BaseException as error:
            done.append(error)
        ended.set()

    Jobs().do(job)
    assert ended.wait(LONG)
    assert done == [deep] or isinstance(done[0], RecursionError)


def test_a_notice_of_the_way_to_a_host_is_said_once_however_often_it_is_connected(
    runner: PlayRunner,
) -> None:
    def connect(host: str, variables: Mapping[str, Any]) -> Login:
        login = runner.connect(host, variables)
        return replace(login, notices=("the way is long",))

    runner.make_executor = threads(connect, 1, connections=1)
    got = runner.run(TWO, hosts=2)
    said = [event.text for event in got.events if isinstance(event, Notice)]
    assert sorted(said) == ["h1: the way is long", "h2: the way is long"]
