"""The counts and the status of a host, and repeated runs of a role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.engine.host_state import STOPPED, HostState
from provisioner.events import Status
from provisioner.language.play import Keywords, Role, Task
from provisioner.result import Outcome
from provisioner.where import Where


@pytest.mark.parametrize(
    ("sentence", "outcome", "flags", "counts"),
    [
        ("a changed task is ok too", Outcome.CHANGED, {}, {"changed": 1, "ok": 1}),
        ("a failed task counts as failed", Outcome.FAILED, {}, {"failed": 1}),
        ("an ignored failure is ok", Outcome.FAILED, {"ignored": True}, {"ignored": 1, "ok": 1}),
        (
            "an ignored failure may have changed something",
            Outcome.FAILED,
            {"ignored": True, "changed": True},
            {"ignored": 1, "ok": 1, "changed": 1},
        ),
        ("a rescued failure counts as rescued", Outcome.FAILED, {"rescued": True}, {"rescued": 1}),
    ],
)
def test_tasks_are_counted_as_in_ansible(
    sentence: str, outcome: Outcome, flags: dict[str, Any], counts: dict[str, int]
) -> None:
    state = HostState("h1")
    state.count(outcome, **{"ignored": False, "rescued": False, **flags})
    assert {name: count for name, count in state.counts.items() if count} == counts, sentence


def test_a_host_without_tasks_was_not_run() -> None:
    assert HostState("h1").summary().status is Status.NOT_RUN


def test_a_cleared_failure_is_still_the_status_and_no_longer_fatal() -> None:
    state = HostState("h1")
    state.leave(Status.FAILED, "no room", "make some", "any_errors_fatal")
    assert (state.out, state.fatal) == (Status.FAILED, "any_errors_fatal")
    state.clear_errors()
    assert (state.out, state.fatal, state.summary().status) == (None, "", Status.FAILED)


def test_a_stopped_host_keeps_the_reason_of_an_earlier_failure() -> None:
    failed, running = HostState("h1"), HostState("h2")
    failed.leave(Status.FAILED, "no room")
    for state in (failed, running):
        state.stop()
    assert (failed.reason, running.reason) == ("no room", STOPPED)


def role(call_id: str, *, duplicates: bool) -> Role:
    return Role("r", Path("r"), call_key="r", call_id=call_id, allow_duplicates=duplicates)


@pytest.mark.parametrize(
    ("sentence", "duplicates", "call_id", "expected"),
    [
        ("a role does not run a second time", False, "second", True),
        ("the call that has begun goes on", False, "first", False),
        ("with allow_duplicates it runs again", True, "second", False),
    ],
)
def test_a_role_runs_once_unless_duplicates_are_allowed(
    sentence: str, duplicates: bool, call_id: str, expected: bool
) -> None:
    state = HostState("h1")
    state.note_role_ran(role("first", duplicates=duplicates))
    later = role(call_id, duplicates=duplicates)
    task = Task("t", "command", {}, Where(""), Keywords(), role=later)
    assert state.has_run(task) is expected, sentence
    state.begin_play()
    assert not state.has_run(task), "another play"
