"""One host walks one play: looks ahead, applies one change at a time, follows blocks and handlers.

A walk is a generator of events and effects (engine/effects.py); docs/dataflow.md draws it.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from provisioner.engine import includes, task_events, task_keywords
from provisioner.engine.barrier_rules import waits_before
from provisioner.engine.control_flow import ControlFlow
from provisioner.engine.effects import (
    Answer,
    Barrier,
    Effect,
    Effects,
    Exchange,
    Released,
    SessionKey,
)
from provisioner.engine.lookahead import GATHERING, Queue
from provisioner.engine.position import Place
from provisioner.engine.scopes import host_scope, title
from provisioner.engine.task_runs import TaskRun
from provisioner.errors import BecomeFailed
from provisioner.events import Notice, Status, TaskStarted
from provisioner.language.play import Task
from provisioner.remote.shell import Step
from provisioner.result import Outcome, Result


class HostRun(ControlFlow):
    """One host's way through one play. `run` is the walk."""

    def run(self) -> Effects[None]:
        """Walk to the play's end, or to the host's."""
        while not self._ended and self._state.out is None:
            if not self._position.settle():
                if self._position.doomed or self._position.frames:
                    self._fail()
                if self._state.out is not None or not self._position.frames:
                    return
                continue
            if self._state.has_run(self._position.task):
                self._position.advance()
                continue
            if (yield from self._held_back()):
                continue
            if queue := self._ahead.collect():
                yield from self._send(queue)

    # -- waiting for the other hosts

    def _held_back(self) -> Effects[bool]:
        """Wait for the others where the meaning needs it; true when the task is not to be run."""
        task, place = self._position.task, self._position.place
        asks = self._ahead.needs_others == place
        if self._passed == place or (self._ahead.loop is not None and not asks):
            return False
        once = self._runs_once(task)
        if not (once or asks or self._sync or waits_before(self._shared, task)):
            return False
        if self._ahead.gathering is not None and len(self._shared.batch) > 1:
            yield from self._send(self._ahead.facts_alone())
            return True  # what the hosts wait for may be each other's facts
        asked = title(task, self._ahead.scope(task)) if task.module != "meta" else ""
        released: Released = yield Barrier(place, once, asked)
        self._sync, self._passed = False, place
        self._ahead.together = place
        if self._stopped(released):
            return True
        self._joins = once and not released.leader and includes.JOIN in released.shared.returns
        if released.skip:
            self._position.advance()
        elif once and not released.leader and not self._joins:
            self._take_over(task, released.shared)
            self._leave_if_gone(task)
        else:
            return False
        return True

    def _take_over(self, task: Task, result: Result) -> None:
        """Another host ran the task for all: its result is this host's too. What add_host did by
        itself is not, but for a failure."""
        failed = result.outcome is Outcome.FAILED
        if not (failed or self._is_for_all(task)):
            self._position.advance()
            return
        scope = self._ahead.scope(task)
        self._aftermath.began(task)
        self._aftermath.learn(task, result, scope)
        if not failed or self._is_ignored(task, result, scope):
            self._position.advance()
            return
        self._position.past_rescue |= result.unsupported
        reason, hint = task_events.why(scope, task, result)
        self._failure = f"run_once: {reason}", hint, task
        self._aftermath.remember_failure(task, result, scope)
        if not self._position.turn():
            self._fail()

    # -- sending

    def _send(self, queue: Queue) -> Effects[None]:
        """Send the queue as one frame, then settle its units in order."""
        place, first = queue[0]
        yield self._started(first)
        if first.steers:
            yield from self._steer(first)
            return
        since = self._now = time.monotonic()
        answer = yield from self._exchange(queue)
        for text in answer.notices:
            yield Notice(f"{self._state.name}: {text}")
        left, times = iter(answer.reports), iter(answer.ended)
        for place, task_run in queue:
            if task_run.program is None:
                assert task_run.result is not None
                goes_on = yield from self._settle(place, task_run, task_run.result, since)
            else:
                report = next(left, None)
                if report is None or report.status is None:
                    if answer.lost is not None:
                        yield from self._lose(queue, place, task_run, answer, since)
                    return
                self._now = next(times, self._now)
                goes_on = yield from self._read(place, task_run, report, since)
                since = self._now
            if not goes_on:
                return
            self._ahead.kept.pop(place, None)
        self._ahead.passed = True

    def _exchange(self, queue: Queue) -> Generator[Effect, Answer, Answer]:
        sent = [(place, task_run) for place, task_run in queue if task_run.program is not None]
        if not sent:
            return Answer()
        session_key = sent[0][1].session_key
        assert session_key is not None
        steps = tuple(self._step(place, task_run) for place, task_run in sent)
        task_run = sent[0][1]
        limit = int(task_keywords.number(task_run.scope, task_run.task.keywords.throttle, 0))
        throttle = (str(task_run.task.where), limit) if limit > 0 else None
        variables = self._variables_of(session_key, queue[0][1])
        alone = next(filter(None, (self._shares(place, task_run) for place, task_run in sent)), "")
        return (yield Exchange(session_key, steps, variables, throttle, alone))

    def _shares(self, place: Place, task_run: TaskRun) -> str:
        """The machine that the unit brings into a state, where other hosts' walks may be at that,
        too; "" where none is, or it makes nothing of that."""
        module, session_key = task_run.module, task_run.session_key
        if (
            not self._is_due(place, task_run)
            or task_run.mode(due=True) != "apply"
            or task_run.kind == "act"
        ):
            return ""
        if module is None or session_key is None or module.alongside or module.from_controller:
            return ""
        if session_key.connection == "local":
            return "this machine"
        return session_key.host if task_run.task.keywords.delegate_to is not None else ""

    def _variables_of(self, session_key: SessionKey, task_run: TaskRun) -> Mapping[str, Any]:
        """The variables that say how to reach the seat's host."""
        said = {"ansible_user": session_key.user, "ansible_port": session_key.port}
        said = {name: value for name, value in said.items() if value is not None}
        if session_key.host == self._state.name:
            return task_run.scope.with_layers(said) if said else task_run.scope
        if session_key.host in self._shared.world.states:
            return host_scope(self._shared, session_key.host).with_layers(said)
        return said

    def _started(self, task_run: TaskRun) -> TaskStarted:
        name = title(task_run.task, task_run.scope)
        play = self._shared.play.title
        task, number = task_run.task, self._position.number
        return TaskStarted(play, name, self._state.name, number, task.module, str(task.where))

    def _step(self, place: Place, task_run: TaskRun) -> Step:
        due = self._is_due(place, task_run)
        program = self._edited[1] if due and self._edited is not None else task_run.program
        assert program is not None
        mode = task_run.mode(due)
        return Step(
            program, mode, task_run.environment, task_run.tolerant, task_run.diff, task_run.timeout
        )

    def _lose(
        self, queue: Queue, place: Place, task_run: TaskRun, answer: Answer, since: float
    ) -> Effects[None]:
        """The connection broke, or was never there. A change that was in the frame has an unknown
        fate; a host whose sudo refuses is there, and failed."""
        lost = answer.lost
        assert lost is not None
        result = Result(Outcome.FAILED, lost.reason, hint=lost.hint)
        if isinstance(lost, BecomeFailed):
            yield from self._settle(place, task_run, result, since)
            return
        behind = queue[queue.index((place, task_run)) :] if answer.sent else []
        changing = [other for p, other in behind if self._ahead.changes(p, other)]
        outcome = Outcome.UNKNOWN if changing else Outcome.UNREACHABLE
        if not changing and task_keywords.is_set(
            task_run.scope, task_run.task.keywords.ignore_unreachable
        ):
            yield from self._pass_over(place, task_run, replace(result, outcome=outcome), since)
            return
        self._state.count(outcome, ignored=False, rescued=False)
        yield self._event((*changing, task_run)[0], replace(result, outcome=outcome), since)
        if changing and self._is_for_all(changing[0].task):
            self._state.fatal = "run_once"  # the next host would do what may have been done
        status = Status.UNKNOWN if changing else Status.UNREACHABLE
        task = f"{changing[0].task.title} ({changing[0].task.where}): " if changing else ""
        self._state.leave(status, f"{task}{lost.reason}", lost.hint)

    def _pass_over(
        self, place: Place, task_run: TaskRun, result: Result, since: float
    ) -> Effects[None]:
        """`ignore_unreachable`: the task did not happen, the next one may."""
        self._ahead.loop = None
        if place == GATHERING:
            self._ahead.gathering = None
            self._state.facts_gathered = True
        else:
            self._position.move(place)
            self._position.advance()
        self._aftermath.learn(task_run.task, replace(result, returns={"unreachable": True}))
        self._state.count(result.outcome, ignored=True, rescued=False)
        yield self._event(task_run, result, since, ignored=True)
