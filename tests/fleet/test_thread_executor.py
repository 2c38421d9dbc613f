"""Hosts in threads: slots, throttles, connections, and hosts that do not respond."""

from __future__ import annotations

import json
import pickle
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from provisioner.engine.interrupt import Interrupt
from provisioner.events import Event, Notice, TaskFinished, TaskStarted
from provisioner.fleet.login import Connect, Login
from provisioner.fleet.slots import Slots
from provisioner.fleet.thread_executor import ThreadExecutor
from provisioner.fleet.thread_pool import ThreadPool
from provisioner.plan import Plan
from tests.engine.play_runner import ExecutorFactory, PlayRunner
from tests.fleet.unresponsive_host import LONG, UnresponsiveHost


def threads(connect: Connect, forks: int, **options: Any) -> ExecutorFactory:
    return lambda _plan, _connect, interrupt: ThreadExecutor(connect, forks, interrupt, **options)


ECHO = "[{hosts: all, gather_facts: false, tasks: [{name: a, command: echo}]}]"


def test_a_host_that_does_not_respond_occupies_no_slot(runner: PlayRunner) -> None:
    unresponsive = UnresponsiveHost(runner)
    runner.make_executor = threads(unresponsive.connect, 1, lend_after=0)
    got = runner.run(ECHO, hosts=3, on_event=unresponsive.note)
    assert [str(got.hosts[host].status) for host in ("h1", "h2", "h3")] == [
        "unreachable", "changed", "changed",
    ]  # fmt: skip


def test_a_host_that_responds_late_reclaims_a_slot_before_other_hosts() -> None:
    slots = Slots(1, lend_after=0)
    waiting, answered, reclaimed = threading.Event(), threading.Event(), threading.Event()

    def late() -> None:
        with slots.connecting():
            waiting.set()
            answered.wait(LONG)
        reclaimed.set()

    assert slots.take()
    threading.Thread(target=late, daemon=True).start()
    assert waiting.wait(LONG)
    assert slots.take(), "its slot is lent"
    answered.set()
    assert not reclaimed.is_set(), "two hosts run at once"
    slots.release()
    assert reclaimed.wait(LONG)
    assert not slots.take()
    slots.release()
    assert slots.take()


def test_the_number_of_lent_slots_is_limited() -> None:
    slots = Slots(1, max_lent=0, lend_after=0)
    assert slots.take()
    with slots.connecting():
        assert not slots.take()
        assert slots.seconds_until_lendable() is None


def test_each_connection_has_the_same_time_before_its_slot_is_lent() -> None:
    slots = Slots(1, lend_after=LONG)
    assert slots.take()
    assert slots.seconds_until_lendable() == LONG
    with slots.connecting():
        seconds = slots.seconds_until_lendable()
        assert seconds is not None
        assert seconds <= LONG


THROTTLED = """
- hosts: all
  gather_facts: false
  tasks: [{name: a, command: echo, throttle: 1}]
"""


def test_a_host_reclaims_the_slot_of_a_host_that_waits_for_it(
    runner: PlayRunner,
) -> None:
    """h2 has the slot and waits for the throttle of the task.

    h1 has the throttle, and has lent its slot while it connects.
    """
    others = threading.Event()

    def connect(host: str, variables: Mapping[str, Any]) -> Login:
        if host == "h1":
            assert others.wait(LONG)
        return runner.connect(host, variables)

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted) and event.host == "h2":
            others.set()

    runner.make_executor = threads(connect, 1, lend_after=0)
    got = runner.run(THROTTLED, hosts=3, on_event=note)
    assert [got.tasks(f"h{n}") for n in (1, 2, 3)] == [[("a", "changed")]] * 3


def test_a_reclaimed_slot_never_leads_to_more_running_hosts_than_slots() -> None:
    slots, throttle, connecting = Slots(1, lend_after=0), threading.Lock(), threading.Event()
    answered, reclaimed, entered = threading.Event(), threading.Event(), threading.Event()

    def late() -> None:
        with slots.connecting():
            connecting.set()
            assert answered.wait(LONG)
        reclaimed.set()

    def waits() -> None:
        with slots.waiting(), throttle:
            pass
        entered.set()

    assert slots.take()
    threading.Thread(target=late, daemon=True).start()
    assert connecting.wait(LONG)
    assert slots.take(), "its slot is lent"
    with throttle:
        threading.Thread(target=waits, daemon=True).start()
        answered.set()
        assert reclaimed.wait(LONG), "the host that waits keeps the slot"
        assert not slots.take()
    assert not entered.wait(0.1), "two hosts run at once"
    slots.release()
    assert entered.wait(LONG)
    slots.release()
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


def test_with_more_hosts_than_connections_idle_ones_are_closed_and_opened_again(
    runner: PlayRunner,
) -> None:
    connected: list[str] = []

    def connect(host: str, variables: Mapping[str, Any]) -> Login:
        connected.append(host)
        return runner.connect(host, variables)

    runner.make_executor = threads(connect, 1, connections=1)
    got = runner.run(TWO, hosts=3)
    assert got.exit == 0
    assert [got.tasks(f"h{n}")[-1] for n in (1, 2, 3)] == [("b", "changed")] * 3
    assert len(connected) > 3
    connected.clear()
    runner.make_executor = threads(connect, 1, connections=3)
    assert runner.run(TWO, hosts=3).exit == 0
    assert sorted(connected) == ["h1", "h2", "h3"]


def test_the_connection_of_a_finished_host_is_closed_at_once(runner: PlayRunner) -> None:
    """Its thread closes the connection before the next host gets the only slot."""
    opened, closed = list[str](), list[str]()
    runner.make_executor = threads(recording(runner, opened, closed), 1, lend_after=LONG)
    closed_before_h2: list[list[str]] = []

    def note(event: Event) -> None:
        if isinstance(event, TaskFinished) and event.host == "h2":
            closed_before_h2.append(list(closed))

    runner.run(ECHO, hosts=2, on_event=note)
    assert closed_before_h2[0][0] == "h1"


def test_a_host_of_a_later_play_stays_connected(runner: PlayRunner) -> None:
    opened, closed = list[str](), list[str]()
    runner.make_executor = threads(recording(runner, opened, closed), 1, lend_after=LONG)
    later = "- {hosts: h1, gather_facts: false, tasks: [{name: b, command: echo}]}"
    got = runner.run(f"- {ECHO[1:-1]}\n{later}", hosts=2)
    assert got.tasks("h1") == [("a", "changed"), ("b", "changed")]
    assert opened == ["h1", "h2"]


def recording(runner: PlayRunner, opened: list[str], closed: list[str]) -> Connect:
    """Return a `Connect` that records the hosts with opened and closed connections."""

    def connect(host: str, variables: Mapping[str, Any]) -> Login:
        login = runner.connect(host, variables)
        original_close = login.connection.close

        def close() -> None:
            closed.append(host)
            original_close()

        login.connection.close = close  # type: ignore[method-assign]
        opened.append(host)
        return login

    return connect


def test_a_failing_report_ends_the_run_without_waiting_for_hosts(runner: PlayRunner) -> None:
    end_of_test = threading.Event()

    def connect(host: str, variables: Mapping[str, Any]) -> Login:
        if host == "h1":
            end_of_test.wait(LONG)
        return runner.connect(host, variables)

    def failing_report(event: Event) -> None:
        if isinstance(event, TaskFinished):
            raise ZeroDivisionError

    runner.make_executor = threads(connect, 2)
    try:
        with pytest.raises(ZeroDivisionError):
            runner.run(ECHO, hosts=2, on_event=failing_report)
        assert not end_of_test.is_set()
        assert any(thread.name == "host" and thread.daemon for thread in threading.enumerate())
    finally:
        end_of_test.set()


def test_the_small_stack_is_enough_for_deeply_nested_data() -> None:
    deep: list[Any] = []
    for _ in range(900):
        deep = [deep]
    results: list[object] = []
    ended = threading.Event()

    def copy() -> None:
        try:
            results.append(pickle.loads(pickle.dumps(json.loads(json.dumps(deep)))))
        except BaseException as error:
            results.append(error)
        ended.set()

    ThreadPool().run(copy)
    assert ended.wait(LONG)
    assert results == [deep] or isinstance(results[0], RecursionError)


def test_a_notice_about_a_connection_is_shown_once_even_after_reconnecting(
    runner: PlayRunner,
) -> None:
    def connect(host: str, variables: Mapping[str, Any]) -> Login:
        login = runner.connect(host, variables)
        return replace(login, notices=("the key is old",))

    runner.make_executor = threads(connect, 1, connections=1)
    got = runner.run(TWO, hosts=2)
    notices = [event.text for event in got.events if isinstance(event, Notice)]
    assert sorted(notices) == ["h1: the key is old", "h2: the key is old"]


def test_killing_a_run_does_not_wait_for_a_host_that_is_connecting(runner: PlayRunner) -> None:
    """h1 connects until the run has ended. It then gets no frame, though it could be sent."""
    connecting, ended, closed = threading.Event(), threading.Event(), threading.Event()

    def connect(host: str, variables: Mapping[str, Any]) -> Login:
        connecting.set()
        assert ended.wait(LONG)
        login = runner.connect(host, variables)
        login.connection.close = closed.set  # type: ignore[method-assign]
        return login

    def make_executor(_plan: Plan, _connect: Connect, interrupt: Interrupt) -> ThreadExecutor:
        executor = ThreadExecutor(connect, 1, interrupt)

        def kill() -> None:
            assert connecting.wait(LONG)
            interrupt.set(2)
            executor.kill()

        threading.Thread(target=kill, daemon=True).start()
        return executor

    runner.make_executor = make_executor
    got = runner.run(ECHO)
    assert not ended.is_set()
    ended.set()
    assert closed.wait(LONG)
    assert (got.exit, str(got.hosts["h1"].status), got.frames) == (130, "not-run", {"h1": 0})
