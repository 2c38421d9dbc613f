"""The run of one host without a connection: the test replies to its effects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provisioner.engine.effects import Answer, Barrier, Exchange, Publish, Released, Reset, Sleep
from provisioner.engine.flow import compile_sections
from provisioner.engine.host_run import HostRun
from provisioner.errors import BecomeFailed, ConnectionFailed
from provisioner.events import Status, TaskFinished, TaskRetried
from provisioner.remote.shell import CHANGED, FAILED, Report, Step
from provisioner.result import Outcome, Result
from tests.engine.play_worlds import load_play

Respond = Callable[[Step], Report]

RIGHT = Report({"done": ("",)}, {}, 0)
DIFFERS = Report({"changed": ("mode",), "done": ("",)}, {}, CHANGED)
BROKEN = Report({"failed": ("no room",)}, {}, FAILED)


class Run:
    """A run of h1 to its end: its frames, other effects, and events.

    `respond` returns the report of each step. The connection is lost at the steps `lost`.
    """

    def __init__(
        self,
        folder: Path,
        tasks: str,
        respond: Respond = lambda step: RIGHT,
        lost: dict[int, Exception] | None = None,
        released: Released | None = None,
        **options: Any,
    ) -> None:
        play_world = load_play(folder, tasks, **options)
        self.state = play_world.world.states["h1"]
        self.frames: list[list[str]] = []
        self.effects: list[object] = []
        self.finished: list[TaskFinished] = []
        self.retries = 0
        self._respond, self._lost = respond, lost or {}
        self._released = released or Released()
        flow = compile_sections(play_world.play.sections)
        run, reply = HostRun(play_world, self.state, flow, None).run(), None
        try:
            while True:
                reply = self._reply(run.send(reply))
        except StopIteration:
            pass

    def _reply(self, yielded: object) -> Any:
        match yielded:
            case Exchange():
                return self._exchange(yielded)
            case Barrier():
                self.effects.append(yielded)
                return self._released
            case Sleep() | Reset() | Publish():
                self.effects.append(yielded)
            case TaskFinished():
                self.finished.append(yielded)
            case TaskRetried():
                self.retries += 1
        return None

    def _exchange(self, exchange: Exchange) -> Answer:
        self.frames.append([step.mode for step in exchange.steps])
        lost: Any = self._lost.get(len(self.frames))
        if lost is not None:
            return Answer((), lost)
        reports = []
        for step in exchange.steps:
            reports.append(self._respond(step))
            if reports[-1].failed or (step.mode == "look" and reports[-1].status == CHANGED):
                break  # as the loop on the host does
        return Answer(tuple(reports), ended=tuple(float(n) for n in range(len(reports))))

    def outcomes(self) -> list[tuple[str, str]]:
        return [(event.task, str(event.outcome)) for event in self.finished if not event.is_item]


def file(name: str, more: str = "") -> str:
    return f"- {{name: {name}, file: {{path: /{name}, state: directory}}{more}}}\n"


def command(name: str, more: str = "") -> str:
    return f"- {{name: {name}, command: {name}{more}}}\n"


def differing(*paths: str) -> Respond:
    """Looks find a difference in these files; applies change them."""

    def respond(step: Step) -> Report:
        differs = step.program.variables.get("path") in paths
        return DIFFERS if differs else RIGHT

    return respond


def test_looks_that_find_no_difference_are_one_frame(tmp_path: Path) -> None:
    run = Run(tmp_path, file("a") + file("b"))
    assert run.frames == [["look", "look"]]
    assert run.outcomes() == [("a", "ok"), ("b", "ok")]


def test_a_difference_is_applied_in_the_next_frame_with_the_looks_behind_it(
    tmp_path: Path,
) -> None:
    run = Run(tmp_path, file("a") + file("b") + file("c"), differing("/b"))
    assert run.frames == [["look", "look", "look"], ["apply", "look"]]
    assert run.outcomes() == [("a", "ok"), ("b", "changed"), ("c", "ok")]


def test_a_look_that_fails_counts_only_if_the_apply_fails_too(tmp_path: Path) -> None:
    run = Run(tmp_path, file("a"), lambda step: BROKEN if step.mode == "look" else RIGHT)
    assert run.frames == [["look"], ["apply"]]
    assert run.outcomes() == [("a", "ok")]


def test_in_check_mode_nothing_is_applied(tmp_path: Path) -> None:
    run = Run(tmp_path, file("a") + file("b"), differing("/a"), check=True)
    assert "apply" not in {mode for frame in run.frames for mode in frame}
    assert (run.outcomes()[0], run.state.differs) == (("a", "changed"), True)


@pytest.mark.parametrize(
    ("sentence", "tasks", "lost_at", "outcomes", "status"),
    [
        (
            "a host that is lost during looks is unreachable",
            file("a") + file("b"),
            1,
            [("a", "unreachable")],
            Status.UNREACHABLE,
        ),
        (
            "a host that is lost during a change is in an unknown state",
            file("a") + command("b"),
            1,
            [("b", "unknown")],
            Status.UNKNOWN,
        ),
        (
            "a host that is lost later has done what was reported",
            file("a") + command("b") + command("c"),
            2,
            [("a", "ok"), ("b", "changed"), ("c", "unknown")],
            Status.UNKNOWN,
        ),
    ],
)
def test_a_lost_connection_ends_the_run(
    tmp_path: Path,
    sentence: str,
    tasks: str,
    lost_at: int,
    outcomes: list[tuple[str, str]],
    status: Status,
) -> None:
    def respond(step: Step) -> Report:
        return DIFFERS if step.mode == "apply" else RIGHT

    run = Run(tmp_path, tasks, respond, {lost_at: ConnectionFailed("gone", "switch it on")})
    assert (run.outcomes(), run.state.out) == (outcomes, status), sentence


def test_a_host_whose_sudo_refuses_has_a_failed_task(tmp_path: Path) -> None:
    run = Run(tmp_path, file("a"), lost={1: BecomeFailed("no sudo")})
    assert (run.outcomes(), run.state.out) == ([("a", "failed")], Status.FAILED)


def test_with_ignore_unreachable_the_next_task_is_run(tmp_path: Path) -> None:
    tasks = file("a", ", ignore_unreachable: true") + file("b")
    run = Run(tmp_path, tasks, lost={1: ConnectionFailed("gone")})
    assert (run.outcomes(), run.state.out) == ([("a", "unreachable"), ("b", "ok")], None)


def test_a_failure_is_rescued_and_the_rescue_sees_it(tmp_path: Path) -> None:
    rescue = '{name: r, debug: {msg: "{{ ansible_failed_task.name }}"}}'
    tasks = f"- block: [{{name: a, command: a}}]\n  rescue: [{rescue}]\n" + file("b")
    run = Run(tmp_path, tasks, lambda step: BROKEN if step.mode == "apply" else RIGHT)
    assert run.outcomes() == [("a", "failed"), ("r", "ok"), ("b", "ok")]
    assert (run.finished[0].rescued, run.finished[1].shown) == (True, "a")
    assert run.state.out is None


def test_a_failed_host_is_out_with_the_reason_of_its_task(tmp_path: Path) -> None:
    run = Run(tmp_path, command("a") + file("b"), lambda step: BROKEN)
    assert run.outcomes() == [("a", "failed")]
    assert run.state.reason.endswith("no room")


def test_a_task_is_retried_until_its_condition_is_true(tmp_path: Path) -> None:
    attempts = iter((BROKEN, BROKEN, DIFFERS))
    tasks = command("a", ", register: r, until: r is success, retries: 5, delay: 7")
    run = Run(tmp_path, tasks, lambda step: next(attempts))
    assert (run.retries, run.effects) == (2, [Sleep(7.0), Sleep(7.0)])
    assert run.outcomes() == [("a", "changed")]


def test_the_leader_of_a_run_once_task_publishes_its_result(tmp_path: Path) -> None:
    run = Run(tmp_path, file("a", ", run_once: true"), hosts="h1,h2,")
    barrier, publish = run.effects
    assert isinstance(barrier, Barrier)
    assert barrier.once
    assert isinstance(publish, Publish)
    assert publish.result is not None
    assert publish.result.outcome is Outcome.OK


def test_the_other_hosts_take_over_the_result_of_the_leader(tmp_path: Path) -> None:
    result = Result(Outcome.CHANGED, returns={"rc": 7})
    tasks = command("a", ", run_once: true, register: r") + file("b", ', when: "r.rc == 7"')
    released = Released(leader=False, result=result)
    run = Run(tmp_path, tasks, released=released, hosts="h1,h2,")
    assert run.outcomes() == [("b", "ok")]


def test_a_failure_of_the_leader_is_that_of_the_other_hosts(tmp_path: Path) -> None:
    released = Released(leader=False, result=Result(Outcome.FAILED, "no room"))
    run = Run(tmp_path, command("a", ", run_once: true"), released=released, hosts="h1,h2,")
    assert (run.frames, run.state.out) == ([], Status.FAILED)
    assert run.state.reason.endswith("run_once: no room")


def test_a_task_that_the_operator_skips_is_not_run(tmp_path: Path) -> None:
    tasks = file("a", ", run_once: true") + file("b")
    run = Run(tmp_path, tasks, released=Released(skip=True), hosts="h1,h2,")
    assert run.outcomes() == [("b", "ok")]


def test_a_host_ends_at_a_barrier_because_of_a_failure_limit(tmp_path: Path) -> None:
    released = Released(stop="any_errors_fatal: h2 failed")
    run = Run(tmp_path, file("a", ", run_once: true"), released=released, hosts="h1,h2,")
    assert (run.frames, run.state.reason) == ([], "any_errors_fatal: h2 failed")


def test_end_host_ends_the_play_without_a_failure(tmp_path: Path) -> None:
    run = Run(tmp_path, file("a") + "- meta: end_host\n" + file("b"))
    assert (run.outcomes(), run.state.out) == ([("a", "ok")], None)
