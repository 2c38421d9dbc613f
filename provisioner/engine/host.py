"""One host walks one play: looks ahead, applies one change at a time, follows blocks and handlers.

See docs/dataflow.md. A walk is a generator of events and effects (engine/effects.py).
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from provisioner.engine import gather, judge, units
from provisioner.engine.effects import (
    Answer,
    Barrier,
    Effect,
    Exchange,
    Publish,
    Released,
    Reset,
    Seat,
    Sleep,
)
from provisioner.engine.flow import Flow, Line, compile_nodes
from provisioner.engine.reboot import await_reboot
from provisioner.engine.reports import finished
from provisioner.engine.scopes import PlayWorld, host_scope, task_scope, title
from provisioner.engine.state import HostState
from provisioner.engine.units import Unit
from provisioner.errors import BecomeFailed
from provisioner.events import Event, Status, TaskFinished, TaskRetried, TaskStarted
from provisioner.language.play import Keywords, Task, tasks_of
from provisioner.language.template import Template, TemplateError, templates_in
from provisioner.language.variables import PENDING, NeedFacts, NotYet, Scope
from provisioner.loading.where import Where
from provisioner.modules.meta import Meta
from provisioner.modules.reboot import Reboot
from provisioner.remote.session import Step
from provisioner.remote.shell import CHANGED, Report
from provisioner.result import Outcome, Result

MAX_FRAME = 100
"""Programs in one frame at most: beyond that a round trip costs nothing in proportion."""

Walk = Generator[Event | Effect, Any, None]


@dataclass
class Frame:
    """One list of tasks under way: the play's, or that of handlers."""

    flow: Flow
    at: int = 0
    raised: frozenset[int] = frozenset()


@dataclass
class Loop:
    """A loop under way: its items, what came of those that are done."""

    items: list[Any]
    results: list[tuple[Any, Result]] = field(default_factory=list)
    since: float = 0.0


@dataclass
class Ahead:
    """What queued tasks will have done once they are through."""

    variables: dict[str, Any] = field(default_factory=dict)
    facts: bool = False
    notifies: bool = False


Place = tuple[int, ...]
GATHERING: Place = (-1,)


class HostWalk:
    """The walk's state. `run` is the walk."""

    def __init__(self, shared: PlayWorld, state: HostState, flow: Flow, gathering: Task | None) -> None:
        self.shared, self.state = shared, state
        self.frames = [Frame(flow)]
        self.notified: set[str] = set()
        self.loop: Loop | None = None
        self.due: tuple[Place, int | None] | None = None
        self.edited: Any = None
        self.attempts = 1
        self.gather = gathering
        self.ended = False
        self.passed: Place | None = None
        self.sync = False
        self.doomed = False
        self._failure: tuple[str, str, Task] = ("", "", _NO_TASK)

    # -- the walk

    def run(self) -> Walk:
        """Walk to the play's end, or to the host's."""
        while not self.ended and self.state.out is None:
            if self._at_end():
                return
            if (yield from self._barrier()):
                continue
            queue = self._collect()
            if queue:
                yield from self._send(queue)

    def _at_end(self) -> bool:
        """Step over ends of blocks and flushes with nothing to flush, to the next task."""
        while self.frames:
            frame = self.frames[-1]
            if self.doomed and len(self.frames) == 1:
                self._leave()
                return True
            if frame.at >= len(frame.flow.lines):
                self.frames.pop()
                continue
            line = frame.flow.lines[frame.at]
            if line.task is not None:
                return False
            if line.ends is None:
                if self._flush():
                    continue
                frame.at += 1
                continue
            after = frame.flow.after(frame.at, frame.raised)
            if after is None:
                frame.raised -= {line.ends[0]}
                self._turn()
                if self.state.out is not None:
                    return True
            else:
                frame.at = after
        return True

    def _place(self) -> Place:
        """Where the host is: what barriers order hosts by."""
        return tuple(frame.at for frame in self.frames)

    def _line(self) -> Line:
        frame = self.frames[-1]
        return frame.flow.lines[frame.at]

    # -- barriers

    def _barrier(self) -> Generator[Event | Effect, Any, bool]:
        """Wait for the other hosts where the meaning needs it; true when the place has changed."""
        task = self._line().task
        assert task is not None
        place = self._place()
        if self.passed == place or self.loop is not None:
            return False
        scope = self._scope(task, Ahead())
        once = units.flag(scope, task.keywords.run_once)
        if not (once or self.sync or self._lockstep(task)):
            return False
        released: Released = yield Barrier(place, once)
        self.sync = False
        self.passed = place
        if released.stop:
            self.state.leave(Status.FAILED, released.stop)
            return True
        if released.end_play:
            self.ended = True
            return True
        if once and not released.leader:
            self._take(task, released.shared)
            self._advance()
            return True
        return False

    def _lockstep(self, task: Task) -> bool:
        play = self.shared.play
        return (
            play.strategy == "linear"
            or play.max_fail_percentage is not None
            or play.keywords.any_errors_fatal is not None
            or _ends_play(task)
            or bool(task.keywords.delegate_to)
            or _mentions_hostvars(task)
        )

    def _take(self, task: Task, shared: Any) -> None:
        """Another host ran the task for all: take over what it registered."""
        if shared is None:
            return
        result: Result = shared
        self._learn(task, result)
        if result.outcome is Outcome.FAILED:
            self.state.leave(Status.FAILED, f"{task.title}: {result.message}")

    # -- looking ahead

    def _collect(self) -> list[tuple[Place, Unit]]:
        """The units of the next frame: looks up to the first thing that can't be sent ahead."""
        queue: list[tuple[Place, Unit]] = []
        ahead = Ahead()
        frame = self.frames[-1]
        at = frame.at
        prefix = self._place()[:-1]
        if self.gather is not None:
            queue.append((GATHERING, self._prepared(self.gather, ahead)))
            ahead.facts = True
        while at < len(frame.flow.lines) and len(queue) < MAX_FRAME:
            line = frame.flow.lines[at]
            if line.task is None:
                if line.ends is None and (self.notified or ahead.notifies):
                    break
                after = frame.flow.after(at, frame.raised)
                if after is None:
                    break
                at = after
                continue
            place = (*prefix, at)
            try:
                found = self._units(line.task, ahead, first=at == frame.at)
                if not all(self._append(queue, place, unit, ahead) for unit in found):
                    break
            except NotYet:
                break
            except NeedFacts:
                self.gather = gather.task_for(self.shared.play)
                queue.append((GATHERING, self._prepared(self.gather, ahead)))
                break
            if self._must_wait(line.task, at == frame.at):
                break
            at += 1
        return queue

    def _must_wait(self, task: Task, first: bool) -> bool:
        """Whether nothing may be sent behind the task before it has ended."""
        keywords = task.keywords
        return (
            task.module in ("meta", "reboot")
            or task.until is not None
            or keywords.run_once is not None
            or keywords.any_errors_fatal is not None
            or self.shared.play.strategy == "linear"
            or self.shared.play.max_fail_percentage is not None
        )

    def _units(self, task: Task, ahead: Ahead, *, first: bool) -> Iterable[Unit]:
        """The units of one task: one, or one for each item that is still to be done."""
        if not first and (
            task.keywords.run_once is not None
            or self._lockstep(task)
            or task.module in ("meta", "reboot")
        ):
            raise NotYet
        scope = self._scope(task, ahead)
        if task.loop is None:
            return [units.prepare(self.shared, self.state.name, task, scope)]
        done = 0
        if first and self.loop is not None:
            items, done = self.loop.items, len(self.loop.results)
        else:
            try:
                items = units.loop_items(task, scope, self.shared) or []
            except TemplateError as error:
                return [self._broken_loop(task, scope, error)]
            if first:
                self.loop = Loop(items, since=time.monotonic())
        if not items:
            return [replace(Unit(task, scope), result=judge.loop_result([], "item"), index=-1)]
        return (self._item(task, scope, items, index) for index in range(done, len(items)))

    def _item(self, task: Task, scope: Scope, items: list[Any], index: int) -> Unit:
        inner = units.item_scope(task, scope, items, index)
        unit = units.prepare(self.shared, self.state.name, task, inner)
        return replace(unit, item=items[index], index=index)

    def _broken_loop(self, task: Task, scope: Scope, error: TemplateError) -> Unit:
        """A loop over what is undefined is no failure where `when` excludes the task."""
        unit = units.prepare(self.shared, self.state.name, replace(task, loop=None), scope)
        if unit.result is not None and unit.result.outcome is Outcome.SKIPPED:
            return replace(unit, task=task)
        return replace(Unit(task, scope), result=Result(Outcome.FAILED, error.reason))

    def _append(
        self, queue: list[tuple[Place, Unit]], place: Place, unit: Unit, ahead: Ahead
    ) -> bool:
        """Queue the unit; false where it must not stand behind what is queued already."""
        if unit.steers and queue:
            return False
        due = self.due == (place, unit.index)
        if unit.program is not None:
            sent = [other for _, other in queue if other.program is not None]
            if sent and sent[0].seat != unit.seat:
                return False
            changes = unit.mode(due) == "apply" and unit.kind != "read"
            if changes and any(o.judged or self._changes(p, o) for p, o in queue):
                return False
            if changes and unit.task.notify:
                ahead.notifies = True
        if unit.result is not None and unit.result.outcome is Outcome.FAILED and queue:
            return False
        queue.append((place, unit))
        self._foresee(unit, ahead)
        return not (unit.result is not None and unit.result.outcome is Outcome.FAILED)

    def _changes(self, place: Place, unit: Unit) -> bool:
        """Whether a queued unit changes something, so that no other change may follow it."""
        if unit.program is None or unit.kind == "read":
            return False
        return unit.mode(self.due == (place, unit.index)) == "apply"

    def _foresee(self, unit: Unit, ahead: Ahead) -> None:
        task = unit.task
        if task.register:
            ahead.variables[task.register] = PENDING
        if unit.result is not None:
            facts = unit.result.returns.get("ansible_facts")
            if facts and unit.result.outcome is Outcome.OK:
                ahead.variables.update(facts)
            if unit.result.outcome is Outcome.CHANGED and task.notify:
                ahead.notifies = True
            if task.register and task.loop is None:
                result = judge.said_by_playbook(task, unit.result, unit.scope)
                ahead.variables[task.register] = judge.registered(result)
        elif task.module in FACT_MODULES:
            ahead.facts = True

    def _scope(self, task: Task, ahead: Ahead) -> Scope:
        return task_scope(
            self.shared,
            self.state.name,
            task,
            ahead.variables,
            ahead.facts,
            gather=not self.state.facts_gathered and self.shared.play.gather_facts is not False,
        )

    def _prepared(self, task: Task, ahead: Ahead) -> Unit:
        return units.prepare(self.shared, self.state.name, task, self._scope(task, ahead))

    # -- sending

    def _send(self, queue: list[tuple[Place, Unit]]) -> Walk:
        """Send the queue as one frame, then settle its units in order."""
        place, first = queue[0]
        yield self._started(first)
        if first.steers:
            yield from self._steer(first)
            return
        since = time.monotonic()
        steps = [self._step(place, unit) for place, unit in queue if unit.program is not None]
        answer = Answer()
        if steps:
            seat = next(unit.seat for _, unit in queue if unit.seat is not None)
            answer = yield Exchange(seat, tuple(steps), self._connection_scope(seat, first))
        reports = iter(answer.reports)
        for place, unit in queue:
            if unit.program is None:
                go_on = yield from self._settle(place, unit, unit.result, since)
            else:
                report = next(reports, None)
                if report is None or report.status is None:
                    if answer.lost is not None:
                        yield from self._lose(queue, place, unit, answer, since)
                    return
                go_on = yield from self._report(place, unit, report, since)
            if not go_on:
                return

    def _connection_scope(self, seat: Seat, unit: Unit) -> Mapping[str, Any]:
        if seat.host == self.state.name:
            return unit.scope
        known = seat.host in self.shared.world.states
        return host_scope(self.shared, seat.host) if known else {}

    def _started(self, unit: Unit) -> TaskStarted:
        number = sum(1 for line in self.frames[0].flow.lines[: self.frames[0].at] if line.task) + 1
        name = title(unit.task, unit.scope)
        return TaskStarted(self.shared.play.title, name, self.state.name, number)

    def _step(self, place: Place, unit: Unit) -> Step:
        due = self.due == (place, unit.index)
        program = unit.program
        if due and self.edited is not None:
            program = self.edited
        assert program is not None
        return Step(
            program, unit.mode(due), unit.environment, unit.tolerant, unit.diff, unit.timeout
        )

    def _report(
        self, place: Place, unit: Unit, report: Report, since: float
    ) -> Generator[Event | Effect, Any, bool]:
        """Settle a unit by its report. A look that would change or that failed is due to be done:
        no failure is final that only a look has seen."""
        assert unit.module is not None
        due = self.due == (place, unit.index)
        if unit.mode(due) == "look" and (report.status == CHANGED or report.failed):
            self.due, self.edited = (place, unit.index), None
            return False
        if unit.module.edits and self.edited is None and not report.failed:
            edited = unit.module.edit(report)
            if edited is not None:
                self.due, self.edited = (place, unit.index), edited
                return False
        result = judge.result_of(unit.module, report)
        if due:
            self.due = self.edited = None
        if isinstance(unit.module, Reboot) and not unit.check and not result.failed:
            assert unit.seat is not None
            result = yield from await_reboot(unit.module, unit.seat, report, unit.scope)
        return (yield from self._settle(place, unit, result, since))

    def _lose(
        self, queue: list[tuple[Place, Unit]], place: Place, unit: Unit, answer: Answer, since: float
    ) -> Walk:
        """The connection broke, or was never there. A change that was in the frame has an unknown
        fate; a host whose sudo refuses is there, and failed."""
        lost = answer.lost
        assert lost is not None
        if isinstance(lost, BecomeFailed):
            result = Result(Outcome.FAILED, lost.reason, remedy=lost.remedy)
            yield from self._settle(place, unit, result, since)
            return
        behind = queue[queue.index((place, unit)) :]
        under_way = [u for p, u in behind if self._changes(p, u)] if answer.sent else []
        outcome = Outcome.UNKNOWN if under_way else Outcome.UNREACHABLE
        status = Status.UNKNOWN if under_way else Status.UNREACHABLE
        unit = under_way[0] if under_way else unit
        result = Result(outcome, lost.reason, remedy=lost.remedy)
        self.state.count(outcome, ignored=False, rescued=False)
        yield self._event(unit, result, since)
        self.state.leave(status, lost.reason, lost.remedy)

    # -- settling

    def _settle(
        self, place: Place, unit: Unit, result: Result | None, since: float
    ) -> Generator[Event | Effect, Any, bool]:
        """Take in a unit's result; true where the walk goes on straight to the next unit."""
        assert result is not None
        if place != GATHERING:
            self.frames[-1].at = place[-1]  # ends of blocks lie between queued units
        result = judge.said_by_playbook(unit.task, result, unit.scope)
        if (again := self._again(unit, result)) is not None:
            yield from self._retry(unit, result, again)
            self.due = (place, unit.index)
            return False
        attempts, self.attempts = self.attempts, 1
        if place == GATHERING:
            return (yield from self._gathered(unit, result, since))
        if unit.index is None or unit.index < 0:
            return (yield from self._task_done(unit, result, since, attempts))
        assert self.loop is not None or unit.index == 0
        if self.loop is None:
            self.loop = Loop(units.loop_items(unit.task, unit.scope, self.shared) or [], [], since)
        self.loop.results.append((unit.item, result))
        yield self._event(unit, result, since, is_item=True, attempts=attempts)
        if len(self.loop.results) < len(self.loop.items):
            pause = unit.task.loop.pause if unit.task.loop else None
            if pause:
                yield Sleep(units.number(unit.scope, pause, 0))
            return True
        whole = judge.loop_result(self.loop.results, unit.task.loop.variable)  # type: ignore[union-attr]
        return (yield from self._task_done(unit, whole, self.loop.since, attempts, loop=True))

    def _task_done(
        self, unit: Unit, result: Result, since: float, attempts: int, loop: bool = False
    ) -> Generator[Event | Effect, Any, bool]:
        self.loop = None
        task = unit.task
        failed = result.outcome is Outcome.FAILED
        ignored = failed and units.flag(unit.scope, task.keywords.ignore_errors)
        caught = self.frames[-1].flow.on_failure(self.frames[-1].at)
        rescued = failed and not ignored and caught is not None and caught[2] == "rescue"
        self.state.count(result.outcome, ignored=ignored, rescued=rescued)
        self._learn(task, result)
        self._notify(unit, result)
        yield self._event(
            unit, result, since, ignored=ignored, rescued=rescued, loop=loop, attempts=attempts
        )
        if units.flag(unit.scope, task.keywords.run_once):
            yield Publish(self._place(), result)
        self.sync = self.sync or task.keywords.any_errors_fatal is not None or _ends_play(task)
        if not failed or ignored:
            self._advance()
            return True
        self.state.variables["ansible_failed_task"] = {"name": task.title, "action": task.module}
        self.state.variables["ansible_failed_result"] = judge.registered(result)
        self._failure = (result.message or "failed", result.remedy, task)
        self._turn()
        return False

    def _gathered(
        self, unit: Unit, result: Result, since: float
    ) -> Generator[Event | Effect, Any, bool]:
        self.gather = None
        self.state.facts_gathered = True
        self.state.count(result.outcome, ignored=False, rescued=False)
        self._learn(unit.task, result)
        yield self._event(unit, result, since)
        if result.failed:
            self.state.leave(Status.FAILED, f"{unit.task.title}: {result.message}", result.remedy)
        return not result.failed

    def _advance(self) -> None:
        self.frames[-1].at += 1

    def _turn(self) -> None:
        """Go where a failure leads: to a rescue, to an always, or out of the run."""
        frame = self.frames[-1]
        caught = None if self.doomed else frame.flow.on_failure(frame.at)
        if caught is not None:
            frame.at = caught[0]
            if caught[2] == "always":
                frame.raised |= {caught[1]}
        elif len(self.frames) > 1 and not self.doomed:
            self.frames.pop()  # a handler failed: its play's blocks are asked
            self._turn()
        else:
            self._fail()

    def _fail(self) -> None:
        """The host is out, after its handlers where these are forced."""
        forced = not self.doomed and bool(self.shared.play.force_handlers)
        self.doomed = True
        if not (forced and self._flush()):
            self._leave()

    def _leave(self) -> None:
        message, remedy, task = self._failure
        self.state.fatal = task.keywords.any_errors_fatal is True
        self.state.leave(Status.FAILED, f"{task.title} ({task.where}): {message}", remedy)

    def _learn(self, task: Task, result: Result) -> None:
        if task.register:
            self.state.variables[task.register] = judge.registered(result)
        for part in (result.returns, *result.returns.get("results", ())):
            facts = part.get("ansible_facts") if isinstance(part, Mapping) else None
            if facts and result.outcome in (Outcome.OK, Outcome.CHANGED):
                self.state.learn(facts, gathered=task.module != "set_fact")
            stats = part.get("ansible_stats") if isinstance(part, Mapping) else None
            if stats:
                self.state.notes.update({str(k): str(v) for k, v in stats["data"].items()})

    def _notify(self, unit: Unit, result: Result) -> None:
        if result.outcome is Outcome.CHANGED:
            for name in unit.task.notify:
                value = unit.scope.render(name)
                self.notified.update(map(str, value if isinstance(value, list) else [value]))

    def _flush(self) -> bool:
        """Put the notified handlers in front; false where there are none."""
        if not self.notified:
            return False
        handlers = [
            handler
            for handler in tasks_of(self.shared.play.handlers)
            if not self.notified.isdisjoint(self._names(handler))
        ]
        self.notified.clear()
        if handlers:
            self.frames.append(Frame(compile_nodes(handlers)))
        return bool(handlers)

    def _names(self, handler: Task) -> set[str]:
        names: set[str] = set()
        for name in (handler.name, *handler.listen):
            if isinstance(name, Template):
                names.add(title(replace(handler, name=name), self._scope(handler, Ahead())))
            names.add(str(name))
        return names

    # -- until, meta

    def _again(self, unit: Unit, result: Result) -> float | None:
        """The delay in seconds before another attempt, where one is due."""
        task = unit.task
        if task.until is None or result.outcome is Outcome.SKIPPED or unit.check:
            return None
        retries = units.number(unit.scope, task.retries, 3)
        own = {task.register: judge.registered(result)} if task.register else {}
        try:
            met = unit.scope.under(own).holds(task.until) is True
        except TemplateError:
            met = False
        if met or self.attempts > retries:
            return None
        return units.number(unit.scope, task.delay, 5)

    def _retry(self, unit: Unit, result: Result, delay: float) -> Walk:
        retries = int(units.number(unit.scope, unit.task.retries, 3))
        name = title(unit.task, unit.scope)
        yield TaskRetried(
            self.shared.play.title, name, self.state.name, self.attempts, retries, result.message
        )
        self.attempts += 1
        yield Sleep(delay)

    def _steer(self, unit: Unit) -> Walk:
        """Carry out a `meta` task."""
        assert isinstance(unit.module, Meta)
        place = self._place()
        self._advance()
        match unit.module.action:
            case "flush_handlers":
                self._flush()
            case "clear_facts":
                self.state.facts.clear()
                self.state.facts_gathered = False
            case "end_host":
                self.ended = True
            case "end_play" | "end_batch":
                yield Publish(place, end_play=True)
                self.ended = True
            case "reset_connection":
                yield Reset()
        yield self._event(unit, Result(Outcome.OK), time.monotonic())

    # -- events

    def _event(self, unit: Unit, result: Result, since: float, **flags: Any) -> TaskFinished:
        return finished(self.shared, self.state.name, unit, result, time.monotonic() - since, **flags)


FACT_MODULES = frozenset({"setup", "gather_facts", "getent", "package_facts", "service_facts"})

_NO_TASK = Task("", "", {}, Where(""), Keywords())


def _ends_play(task: Task) -> bool:
    return task.module == "meta" and task.arguments.get("action") in ("end_play", "end_batch")


def _mentions_hostvars(task: Task) -> bool:
    """Whether the task itself asks for other hosts' variables (`hostvars` within another variable
    is not seen: it gives what is known at that moment)."""
    given = (task.arguments, task.keywords.when, task.keywords.vars, task.loop and task.loop.items)
    return any("hostvars" in template.source for template in templates_in(given))
