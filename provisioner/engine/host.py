"""One host walks one play: looks ahead, applies one change at a time, follows blocks and handlers.

A walk is a generator of events and effects (engine/effects.py); docs/dataflow.md draws it.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from provisioner.engine import include, jobs, judge, reports, units, values
from provisioner.engine.aftermath import Aftermath
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
from provisioner.engine.flow import Flow
from provisioner.engine.lookahead import (
    GATHERING,
    GROWING,
    Lookahead,
    Loop,
    Queue,
    concerns_all,
    waits_before,
)
from provisioner.engine.position import Place, Position
from provisioner.engine.reboot import await_connection, await_reboot
from provisioner.engine.scopes import PlayWorld, host_scope, title
from provisioner.engine.state import HostState
from provisioner.engine.units import Unit
from provisioner.errors import BecomeFailed, LoadError
from provisioner.events import Event, Notice, Status, TaskFinished, TaskRetried, TaskStarted
from provisioner.language.play import Keywords, Task
from provisioner.language.template import TemplateError
from provisioner.loading.inventory import load_inventory
from provisioner.loading.patterns import is_implicit
from provisioner.loading.where import Where
from provisioner.modules.base import Module, ModuleError
from provisioner.modules.include import IncludeTasks
from provisioner.modules.meta import Meta
from provisioner.modules.pause import Pause
from provisioner.modules.reboot import Reboot
from provisioner.modules.wait_for_connection import WaitForConnection
from provisioner.remote.session import Step
from provisioner.remote.shell import CHANGED, Program, Report
from provisioner.result import Outcome, Result

Walk = Generator[Event | Effect, Any, None]
Decision = Generator[Event | Effect, Any, bool]


class HostWalk:
    """One host's way through one play. `run` is the walk."""

    def __init__(
        self, shared: PlayWorld, state: HostState, flow: Flow, gathering: Task | None
    ) -> None:
        self._shared, self._state = shared, state
        self._aftermath = Aftermath(shared, state)
        self._position = Position(flow, self._aftermath.handlers, self._aftermath.is_due)
        due = self._aftermath.due
        self._ahead = Lookahead(shared, state, self._position, due, gathering)
        self._edited: tuple[Module, Program] | None = None
        self._attempts = 1
        self._now = 0.0
        self._ended = False
        self._passed: Place | None = None
        self._sync = False
        self._failure: tuple[str, str, Task] = ("", "", _NO_TASK)
        self._fatal = False
        self._joins = False
        """Whether it follows the host that ran an include for all into what that includes."""

    def run(self) -> Walk:
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

    def _held_back(self) -> Decision:
        """Wait for the others where the meaning needs it; true when the task is not to be run."""
        task, place = self._position.task, self._position.place
        asks = self._ahead.needs_others == place
        if self._passed == place or (self._ahead.loop is not None and not asks):
            return False
        once = self._runs_once(task)
        if not (once or asks or self._sync or waits_before(self._shared, task)):
            return False
        asked = title(task, self._ahead.scope(task)) if task.module != "meta" else ""
        released: Released = yield Barrier(place, once, asked)
        self._sync, self._passed = False, place
        self._ahead.together = place
        if self._stopped(released):
            return True
        self._joins = once and not released.leader and include.JOIN in released.shared.returns
        if released.skip:
            self._position.advance()
        elif once and not released.leader and not self._joins:
            self._take_over(task, released.shared)
            self._leave_if_gone(task)
        else:
            return False
        return True

    def _stopped(self, released: Released) -> bool:
        """Whether the walk is over: another host's failure, or its end of the play."""
        if released.stop:
            self._state.leave(Status.FAILED, released.stop)
        self._ended = self._ended or released.end_play
        return self._ended or self._state.out is not None

    def _runs_once(self, task: Task) -> bool:
        if task.module == "add_host" or _refreshes(task):
            return True
        if _ends(task) and self._shared.play.strategy != "free":
            return True  # as in Ansible, whose first host decides by its `when`
        wanted = task.keywords.run_once
        return wanted is not None and values.is_set(self._ahead.scope(task), wanted)

    def _take_over(self, task: Task, result: Result) -> None:
        """Another host ran the task for all: its result is this host's too."""
        scope = self._ahead.scope(task)
        self._aftermath.began(task)
        self._aftermath.learn(task, result, scope)
        failed = result.outcome is Outcome.FAILED
        if not failed or values.is_set(scope, task.keywords.ignore_errors):
            self._position.advance()
            return
        reason, remedy = reports.why(scope, task, result)
        self._failure = f"run_once: {reason}", remedy, task
        self._aftermath.remember_failure(task, result, scope)
        if not self._position.turn():
            self._fail()

    # -- sending

    def _send(self, queue: Queue) -> Walk:
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
        for place, unit in queue:
            if unit.program is None:
                assert unit.result is not None
                goes_on = yield from self._settle(place, unit, unit.result, since)
            else:
                report = next(left, None)
                if report is None or report.status is None:
                    if answer.lost is not None:
                        yield from self._lose(queue, place, unit, answer, since)
                    return
                self._now = next(times, self._now)
                goes_on = yield from self._read(place, unit, report, since)
                since = self._now
            if not goes_on:
                return

    def _exchange(self, queue: Queue) -> Generator[Effect, Answer, Answer]:
        sent = [(place, unit) for place, unit in queue if unit.program is not None]
        if not sent:
            return Answer()
        seat = sent[0][1].seat
        assert seat is not None
        steps = tuple(self._step(place, unit) for place, unit in sent)
        unit = sent[0][1]
        limit = int(values.number(unit.scope, unit.task.keywords.throttle, 0))
        throttle = (str(unit.task.where), limit) if limit > 0 else None
        return (yield Exchange(seat, steps, self._variables_of(seat, queue[0][1]), throttle))

    def _variables_of(self, seat: Seat, unit: Unit) -> Mapping[str, Any]:
        """The variables that say how to reach the seat's host."""
        said = {"ansible_user": seat.user, "ansible_port": seat.port}
        said = {name: value for name, value in said.items() if value is not None}
        if seat.host == self._state.name:
            return unit.scope.under(said) if said else unit.scope
        if seat.host in self._shared.world.states:
            return host_scope(self._shared, seat.host).under(said)
        return said

    def _started(self, unit: Unit) -> TaskStarted:
        name = title(unit.task, unit.scope)
        play = self._shared.play.title
        return TaskStarted(play, name, self._state.name, self._position.number)

    def _step(self, place: Place, unit: Unit) -> Step:
        due = self._is_due(place, unit)
        program = self._edited[1] if due and self._edited is not None else unit.program
        assert program is not None
        mode = unit.mode(due)
        return Step(program, mode, unit.environment, unit.tolerant, unit.diff, unit.timeout)

    def _is_due(self, place: Place, unit: Unit) -> bool:
        return self._ahead.due == (place, unit.index)

    def _make_due(
        self, place: Place, unit: Unit, edited: tuple[Module, Program] | None = None
    ) -> None:
        self._ahead.due, self._edited = (place, unit.index), edited

    def _lose(self, queue: Queue, place: Place, unit: Unit, answer: Answer, since: float) -> Walk:
        """The connection broke, or was never there. A change that was in the frame has an unknown
        fate; a host whose sudo refuses is there, and failed."""
        lost = answer.lost
        assert lost is not None
        result = Result(Outcome.FAILED, lost.reason, remedy=lost.remedy)
        if isinstance(lost, BecomeFailed):
            yield from self._settle(place, unit, result, since)
            return
        behind = queue[queue.index((place, unit)) :] if answer.sent else []
        changing = [other for p, other in behind if self._ahead.changes(p, other)]
        outcome = Outcome.UNKNOWN if changing else Outcome.UNREACHABLE
        if not changing and values.is_set(unit.scope, unit.task.keywords.ignore_unreachable):
            yield from self._pass_over(place, unit, replace(result, outcome=outcome), since)
            return
        self._state.count(outcome, ignored=False, rescued=False)
        yield self._event((*changing, unit)[0], replace(result, outcome=outcome), since)
        status = Status.UNKNOWN if changing else Status.UNREACHABLE
        self._state.leave(status, lost.reason, lost.remedy)

    def _pass_over(self, place: Place, unit: Unit, result: Result, since: float) -> Walk:
        """`ignore_unreachable`: the task did not happen, the next one may."""
        self._ahead.loop = None
        if place == GATHERING:
            self._ahead.gathering = None
            self._state.facts_gathered = True
        else:
            self._position.move(place)
            self._position.advance()
        self._aftermath.learn(unit.task, replace(result, returns={"unreachable": True}))
        self._state.count(result.outcome, ignored=True, rescued=False)
        yield self._event(unit, result, since, ignored=True)

    # -- settling what came

    def _read(self, place: Place, unit: Unit, report: Report, since: float) -> Decision:
        """Settle a unit by its report. A look that would change something, or that failed, is due
        to be done: no failure counts that only a look has seen."""
        module = unit.module
        assert module is not None
        due = self._is_due(place, unit)
        if due and self._edited is not None:
            module = self._edited[0]  # it knows what it has edited
        if unit.mode(due) == "look" and (report.status == CHANGED or report.failed):
            self._make_due(place, unit)
            return False
        if module.edits and not (due and self._edited) and not report.failed:
            edited = module.edit(report)
            if edited is not None:
                self._make_due(place, unit, (module, edited))
                return False
        result = jobs.result_of(module, report, unit.diff, self._shared.world.jobs)
        result = jobs.waited(unit.task, module, result)
        if due:
            self._ahead.due = self._edited = None
        if isinstance(module, Reboot) and not unit.check and not result.failed:
            assert unit.seat is not None
            result = yield from await_reboot(module, unit.seat, report, unit.scope)
            self._now = time.monotonic()
        return (yield from self._settle(place, unit, result, since))

    def _settle(self, place: Place, unit: Unit, result: Result, since: float) -> Decision:
        """Take in a unit's result; true where the walk goes straight on to the next unit."""
        if place == GATHERING:
            return (yield from self._gathered(unit, result, since))
        self._position.move(place)  # ends of blocks lie between queued units
        retries = self._retries(unit, result)
        if retries:
            result = replace(result, returns={**result.returns, "attempts": self._attempts})
        result = judge.said_by_playbook(unit.task, result, unit.scope)
        met = not retries or self._met(unit, result)
        if not met and self._attempts <= retries:
            yield from self._retry(unit, result, retries)
            self._make_due(place, unit)
            return False
        attempts, self._attempts = self._attempts, 1
        if retries:
            result = judge.tried(result, attempts if met else retries, met)
        if unit.index is None:
            return (yield from self._finish(unit, result, since, attempts))
        return (yield from self._item_done(unit, result, since, attempts))

    def _item_done(self, unit: Unit, result: Result, since: float, attempts: int) -> Decision:
        loop = self._ahead.loop
        if loop is None:
            loop = self._ahead.loop = Loop(unit.items, since=since)
        self._aftermath.grow(result)
        loop.results.append((unit.item, judge.invoked(unit.task, unit.module, result)))
        if unit.task.notify and result.outcome is not Outcome.SKIPPED:
            loop.scopes.append(unit.scope)
        yield self._event(unit, result, since, is_item=True, attempts=attempts)
        control = unit.task.loop
        assert control is not None
        if len(loop.results) < len(loop.items):
            if control.pause:
                yield Sleep(values.number(unit.scope, control.pause, 0))
            return True
        whole = judge.loop_result(loop.results, control.variable, control.index_variable)
        return (yield from self._finish(unit, whole, loop.since, attempts, loop))

    def _notified(self, unit: Unit, result: Result, loop: Loop | None) -> Result:
        """The result, once handlers are notified: a failure where there is no such handler."""
        if result.outcome is not Outcome.CHANGED:
            return result
        scopes = loop.scopes if loop else [unit.scope]
        lost = self._aftermath.notify(unit.task, scopes, self._position.flushing)
        if not lost:
            return result
        message = f'notify: there is no handler "{lost}"'
        return replace(result, outcome=Outcome.FAILED, message=message)

    def _finish(
        self, unit: Unit, result: Result, since: float, attempts: int, loop: Loop | None = None
    ) -> Decision:
        """The task is done on this host: count it, tell it, and go where it leads."""
        self._ahead.loop = None
        task = unit.task
        self._aftermath.began(self._position.task)
        self._aftermath.grow(result)
        result = self._notified(unit, result, loop)
        failed = result.outcome is Outcome.FAILED
        if task.role is not None and result.outcome is not Outcome.SKIPPED:
            self._state.ran.setdefault(task.role.call, task.role.occurrence)
        ignored = failed and values.is_set(unit.scope, task.keywords.ignore_errors)
        rescued = failed and not ignored and self._position.rescues()
        self._aftermath.learn(task, result, unit.scope)
        if task.module != "meta":
            changed = judge.changed(result)
            self._state.count(result.outcome, ignored=ignored, rescued=rescued, changed=changed)
            flags = {"ignored": ignored, "rescued": rescued, "attempts": attempts}
            yield self._event(unit, result, since, loop=loop is not None, **flags)
        if self._runs_once(task):
            yield Publish(self._position.place, result)
        fatal = task.keywords.any_errors_fatal not in (None, False)
        self._sync |= fatal or concerns_all(task) or task.module in GROWING
        if not failed or ignored:
            self._position.advance()
            return True
        self._failure = (*reports.why(unit.scope, task, result), task)
        self._fatal = values.is_set(unit.scope, task.keywords.any_errors_fatal)
        self._aftermath.remember_failure(task, result, unit.scope)
        if not self._position.turn():
            self._fail()
        return False

    def _gathered(self, unit: Unit, result: Result, since: float) -> Decision:
        self._ahead.gathering = None
        self._ahead.due = None
        self._state.facts_gathered = True
        self._state.count(result.outcome, ignored=False, rescued=False)
        self._aftermath.learn(unit.task, result)
        yield self._event(unit, result, since)
        if result.failed:
            self._state.leave(Status.FAILED, f"{unit.task.title}: {result.message}", result.remedy)
        return not result.failed

    # -- failing

    def _fail(self) -> None:
        """The host is out, after its handlers where these are forced."""
        position = self._position
        forced = not position.doomed and bool(self._shared.play.force_handlers)
        position.doomed = True
        del position.frames[1:]
        if forced and position.flush(resume=position.top.at):
            return
        message, remedy, task = self._failure
        self._state.fatal = self._fatal
        self._state.leave(Status.FAILED, f"{task.title} ({task.where}): {message}", remedy)

    # -- until and meta

    def _retries(self, unit: Unit, result: Result) -> int:
        """How often the task may be tried again; 0 where once is enough."""
        task = unit.task
        wanted = task.until is not None or task.retries is not None
        if not wanted or result.outcome is Outcome.SKIPPED or unit.check or result.unrendered:
            return 0
        return int(values.number(unit.scope, task.retries, 3))

    def _met(self, unit: Unit, result: Result) -> bool:
        """Whether `until` is true. As in Ansible, `retries` alone waits for success."""
        task = unit.task
        if task.until is None:
            return not result.failed
        own = {task.register: judge.registered(result)} if task.register else {}
        try:
            return unit.scope.under(own).holds(task.until) is True
        except TemplateError:
            return False

    def _retry(self, unit: Unit, result: Result, retries: int) -> Walk:
        name, play = title(unit.task, unit.scope), self._shared.play.title
        yield TaskRetried(play, name, self._state.name, self._attempts, retries, result.message)
        self._attempts += 1
        yield Sleep(values.number(unit.scope, unit.task.delay, 5))

    def _steer(self, unit: Unit) -> Walk:
        """Carry out an include, or a `meta` task: like Ansible's, that is no step of the report."""
        if isinstance(unit.module, Pause | WaitForConnection):
            yield from self._wait(unit)
            return
        if not isinstance(unit.module, Meta):
            yield from self._include(unit)
            return
        position, place = self._position, self._position.place
        match action := unit.module.action:
            case "flush_handlers":
                if position.flush(resume=place[-1] + 1):
                    return
            case "clear_facts":
                self._state.facts.clear()
                self._state.facts_gathered = False
            case "end_host":
                self._ended = True
            case "end_play" | "end_batch":
                yield Publish(place, ends="play" if action == "end_play" else "batch")
                self._ended = True
            case "clear_host_errors":
                yield Publish(place, forgives=True)
                position.forgive()
            case "reset_connection":
                yield Reset()
            case "refresh_inventory":
                yield from self._refresh(unit)
                return
        position.advance()

    def _refresh(self, unit: Unit) -> Walk:
        """Read the inventory's sources again, for all hosts and for the plays that follow."""
        known = self._shared.world.inventory
        try:
            again = load_inventory(known.sources, known.vault)
        except LoadError as error:
            yield from self._finish(unit, Result(Outcome.FAILED, str(error)), self._now, 1)
            return
        result = Result(Outcome.OK, returns={"inventory": again})
        yield from self._finish(unit, result, self._now, 1)
        self._leave_if_gone(unit.task)

    def _leave_if_gone(self, task: Task) -> None:
        """As in Ansible, a host that the inventory has no more takes no further part."""
        inventory, name = self._shared.world.inventory, self._state.name
        gone = name not in inventory.hosts and not is_implicit(inventory, name)
        self._ended = self._ended or (_refreshes(task) and gone)

    def _wait(self, unit: Unit) -> Walk:
        """Wait for a time, or for the host to answer."""
        since = time.monotonic()
        if isinstance(unit.module, WaitForConnection):
            seat = units.seat(self._shared, self._state.name, unit.task.keywords, unit.scope)
            result = yield from await_connection(unit.module, seat, unit.scope)
        else:
            assert isinstance(unit.module, Pause)
            answer = yield from self._pause(unit, unit.module)
            if answer is None:
                return
            returns = {"user_input": answer, "delta": int(time.monotonic() - since)}
            result = Result(Outcome.OK, unit.module.prompt or "", returns=returns)
        self._now = time.monotonic()
        yield from self._finish(unit, result, since, 1)

    def _pause(self, unit: Unit, pause: Pause) -> Generator[Effect, Any, str | None]:
        """Wait as long as the task says, or else for the operator: what they type, or "". None
        where the walk is over meanwhile."""
        if unit.check or pause.duration is not None:
            yield Sleep(0.0 if unit.check else pause.duration or 0.0)
            return ""
        key = (*self._position.place, 0, unit.index or 0)
        prompt = f"[{title(unit.task, unit.scope)}] {pause.prompt or 'Press Enter to go on'}"
        released: Released = yield Barrier(key, prompt=prompt, echo=pause.echo)
        return None if self._stopped(released) else released.answer

    def _include(self, unit: Unit) -> Walk:
        """Put the tasks of a file or role in front, once for each item of the task's loop."""
        since = time.monotonic()
        self._aftermath.began(self._position.task)
        position, at = self._position, self._position.top.at
        joins, self._joins = self._joins, False
        self._ahead.loop = None
        try:
            scope = self._ahead.scope(unit.task)
            parts, result = include.parts(self._shared, self._state, unit, scope)
        except (LoadError, TemplateError, ModuleError) as error:
            yield from self._finish(unit, Result(Outcome.FAILED, str(error)), since, 1)
            return
        self._aftermath.learn(unit.task, result)
        for part in parts:
            # As in Ansible: files count, roles don't.
            if part and isinstance(unit.module, IncludeTasks) and not joins:
                self._state.count(Outcome.OK, ignored=False, rescued=False)
        nodes = tuple(node for part in parts for node in part)
        if self._runs_once(unit.task):
            yield Publish(position.place, Result(Outcome.OK, returns=include.for_others(unit)))
        yield self._event(replace(unit, item=None), Result(Outcome.OK), since)
        if not position.push(nodes, resume=at + 1):
            position.advance()

    def _event(self, unit: Unit, result: Result, since: float, **flags: Any) -> TaskFinished:
        seconds = max(0.0, self._now - since)
        return reports.finished(self._shared, self._state.name, unit, result, seconds, **flags)


def _ends(task: Task) -> bool:
    return task.module == "meta" and task.arguments.get("action") in ("end_play", "end_batch")


def _refreshes(task: Task) -> bool:
    return task.module == "meta" and task.arguments.get("action") == "refresh_inventory"


_NO_TASK = Task("", "", {}, Where(""), Keywords())
