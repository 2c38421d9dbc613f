"""What came of a unit on one host: its result told, counted, and followed to where it leads."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from provisioner.engine import async_jobs, results, task_events, task_keywords
from provisioner.engine.barrier_rules import ends_play, refreshes, waits_after
from provisioner.engine.effects import (
    Effects,
    Publish,
    Released,
    Sleep,
)
from provisioner.engine.flow import Flow
from provisioner.engine.host_state import HostState
from provisioner.engine.lookahead import GATHERING, Lookahead
from provisioner.engine.pending_effects import Loop
from provisioner.engine.position import Place, Position
from provisioner.engine.reboot_wait import await_reboot
from provisioner.engine.result_store import ResultStore
from provisioner.engine.scopes import PlayWorld, title
from provisioner.engine.task_runs import TaskRun
from provisioner.events import Status, TaskFinished, TaskRetried
from provisioner.language.play import Keywords, Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import TemplateError
from provisioner.modules.framework.base import Module
from provisioner.modules.reboot import Reboot
from provisioner.remote.shell import CHANGED, Program, Report
from provisioner.result import Outcome, Result
from provisioner.where import Where


class ResultHandler:
    """The state of one host's way through a play, and how results change it."""

    def __init__(
        self, shared: PlayWorld, state: HostState, flow: Flow, gathering: Task | None
    ) -> None:
        self._shared, self._state = shared, state
        self._aftermath = ResultStore(shared, state)
        self._position = Position(flow, self._aftermath.handlers, self._aftermath.is_due)
        due = self._aftermath.due
        self._ahead = Lookahead(shared, state, self._position, due, gathering)
        self._edited: tuple[Module, Program] | None = None
        self._again: tuple[Place, int | None] | None = None
        """What was overtaken, and is tried a second time."""
        self._attempts = 1
        self._now = 0.0
        self._ended = False
        self._passed: Place | None = None
        self._sync = False
        self._failure: tuple[str, str, Task] = ("", "", _NO_TASK)
        self._fatal = ""
        self._joins = False
        """Whether it follows the host that ran an include for all into what that includes."""

    def _stopped(self, released: Released) -> bool:
        """Whether the walk is over: another host's failure, or its end of the play."""
        if released.stop:
            self._state.leave(Status.FAILED, released.stop)
        self._ended = self._ended or released.end_play
        return self._ended or self._state.out is not None

    def _runs_once(self, task: Task) -> bool:
        if task.module == "add_host" or refreshes(task):
            return True
        if ends_play(task) and self._shared.play.strategy != "free":
            return True  # as in Ansible, whose first host decides by its `when`
        return self._is_for_all(task)

    def _is_for_all(self, task: Task) -> bool:
        """Whether what one host does counts for all; add_host by itself is the first one's own."""
        wanted = task.keywords.run_once
        return wanted is not None and task_keywords.is_set(self._ahead.scope(task), wanted)

    def _is_due(self, place: Place, task_run: TaskRun) -> bool:
        return self._ahead.due == (place, task_run.index)

    def _make_due(
        self, place: Place, task_run: TaskRun, edited: tuple[Module, Program] | None = None
    ) -> None:
        self._ahead.due, self._edited = (place, task_run.index), edited

    # -- results

    def _read(self, place: Place, task_run: TaskRun, report: Report, since: float) -> Effects[bool]:
        """Settle a unit by its report. A look that would change something, or that failed, is due
        to be done: no failure counts that only a look has seen."""
        module = task_run.module
        assert module is not None
        due = self._is_due(place, task_run)
        if due and self._is_overtaken(place, task_run, report):
            return False
        if due and self._edited is not None:
            module = self._edited[0]  # it knows what it has edited
        if task_run.mode(due) == "look" and (report.status == CHANGED or report.failed):
            self._make_due(place, task_run)
            return False
        good = not report.failed or async_jobs.fails_later(module, report)
        if module.edits and not (due and self._edited) and good:
            edited = module.edit(report)
            if edited is not None:
                self._make_due(place, task_run, (module, edited))
                return False
        if task_run.check and not self._state.differs and _may_fail(task_run):
            report = results.without_hope(report)
        result = async_jobs.result_of(module, report, task_run.diff, self._shared.world.jobs)
        result = async_jobs.waited(task_run.task, module, result)
        if due:
            self._ahead.due = self._edited = self._again = None
        if isinstance(module, Reboot) and not task_run.check and not result.failed:
            assert task_run.session_key is not None
            result = yield from await_reboot(module, task_run.session_key, report, task_run.scope)
            self._now = time.monotonic()
        return (yield from self._settle(place, task_run, result, since))

    def _is_overtaken(self, place: Place, task_run: TaskRun, report: Report) -> bool:
        """Whether somebody else was quicker to change what was read: it is read again, once."""
        if self._edited is None or "overtaken" not in report.records:
            return False
        if self._again == (place, task_run.index):
            return False
        self._again = place, task_run.index
        self._ahead.due = self._edited = None
        self._ahead.kept.pop(place, None)
        return True

    def _settle(
        self, place: Place, task_run: TaskRun, result: Result, since: float
    ) -> Effects[bool]:
        """Take in a unit's result; true where the walk goes straight on to the next unit."""
        if place == GATHERING:
            return (yield from self._gathered(task_run, result, since))
        self._foresee(task_run, result)
        self._position.move(place)  # ends of blocks lie between queued units
        retries = self._retries(task_run, result)
        if retries or (task_run.check and task_run.module is not None and _tries(task_run.task)):
            result = replace(result, returns={**result.returns, "attempts": self._attempts})
        result = results.said_by_playbook(task_run.task, result, task_run.scope)
        met = not retries or self._met(task_run, result)
        if not met and self._attempts <= retries:
            yield from self._retry(task_run, result, retries)
            self._make_due(place, task_run)
            return False
        attempts, self._attempts = self._attempts, 1
        if retries:
            result = results.tried(result, attempts if met else retries, met)
        if task_run.index is None:
            return (yield from self._finish(task_run, result, since, attempts))
        return (yield from self._item_done(task_run, result, since, attempts))

    def _foresee(self, task_run: TaskRun, result: Result) -> None:
        """Keep that check mode has left out what would have changed the host."""
        declared = task_run.task.changed_when == (False,)  # to change nothing, if it is left out
        left_out = result.outcome is Outcome.SKIPPED and not declared
        changes = result.outcome is Outcome.CHANGED or left_out
        if not (task_run.check and changes and task_run.module is not None):
            return
        session_key = task_run.session_key.host if task_run.session_key is not None else ""
        for state in (self._state, self._shared.world.states.get(session_key)):
            if state is not None:
                state.differs = True

    def _item_done(
        self, task_run: TaskRun, result: Result, since: float, attempts: int
    ) -> Effects[bool]:
        loop = self._ahead.loop
        if loop is None:
            loop = self._ahead.loop = Loop(task_run.items, since=since)
        self._aftermath.grow(result)
        loop.results.append(
            (task_run.item, results.invoked(task_run.task, task_run.module, result))
        )
        if task_run.task.notify and result.outcome is not Outcome.SKIPPED:
            loop.scopes.append(task_run.scope)
        yield self._event(task_run, result, since, is_item=True, attempts=attempts)
        control = task_run.task.loop
        assert control is not None
        if len(loop.results) < len(loop.items):
            if control.pause:
                yield Sleep(task_keywords.number(task_run.scope, control.pause, 0))
            return True
        whole = results.loop_result(loop.results, control.variable, control.index_variable)
        return (yield from self._finish(task_run, whole, loop.since, attempts, loop))

    def _notified(self, task_run: TaskRun, result: Result, loop: Loop | None) -> Result:
        """The result, once handlers are notified: a failure where there is no such handler."""
        if result.outcome is not Outcome.CHANGED:
            return result
        scopes = loop.scopes if loop else [task_run.scope]
        try:
            lost = self._aftermath.notify(task_run.task, scopes, self._position.flushing)
        except TemplateError as error:
            return replace(result, outcome=Outcome.FAILED, message=f"notify: {error.reason}")
        if not lost:
            return result
        message = f'notify: there is no handler "{lost}"'
        return replace(result, outcome=Outcome.FAILED, message=message)

    def _finish(
        self,
        task_run: TaskRun,
        result: Result,
        since: float,
        attempts: int,
        loop: Loop | None = None,
    ) -> Effects[bool]:
        """The task is done on this host: count it, tell it, and go where it leads."""
        self._ahead.loop = None
        task = task_run.task
        self._aftermath.began(self._position.task)
        self._aftermath.grow(result)
        result = self._notified(task_run, result, loop)
        failed = result.outcome is Outcome.FAILED
        if task.role is not None and result.outcome is not Outcome.SKIPPED:
            self._state.ran.setdefault(task.role.call_key, task.role.call_id)
        ignored = failed and self._is_ignored(task, result, task_run.scope)
        self._position.past_rescue |= failed and result.unsupported and not ignored
        rescued = failed and not ignored and self._position.rescues()
        self._aftermath.learn(task, result, task_run.scope)
        if task.module != "meta":
            changed = results.changed(result)
            self._state.count(result.outcome, ignored=ignored, rescued=rescued, changed=changed)
            flags = {"ignored": ignored, "rescued": rescued, "attempts": attempts}
            yield self._event(task_run, result, since, loop=loop is not None, **flags)
        if self._runs_once(task):
            yield Publish(self._position.place, result)
        asked = self._ahead.needs_others == self._position.place
        self._sync |= asked or waits_after(self._shared, task)
        if not failed or ignored:
            self._position.advance()
            return True
        self._failure = (*task_events.why(task_run.scope, task, result), task)
        fatal = task_keywords.is_set(task_run.scope, task.keywords.any_errors_fatal)
        self._fatal = "any_errors_fatal" if fatal else ""
        self._aftermath.remember_failure(task, result, task_run.scope)
        if not self._position.turn():
            self._fail()
        return False

    def _is_ignored(self, task: Task, result: Result, scope: Scope) -> bool:
        """Whether the host goes on although the task has failed."""
        wanted = task_keywords.is_set(scope, task.keywords.ignore_errors)
        return wanted and not results.stands(task, result)

    def _gathered(self, task_run: TaskRun, result: Result, since: float) -> Effects[bool]:
        self._ahead.gathering = None
        self._ahead.due = None
        self._state.facts_gathered = True
        self._state.count(result.outcome, ignored=False, rescued=False)
        self._aftermath.learn(task_run.task, result)
        yield self._event(task_run, result, since)
        if result.failed:
            self._state.leave(
                Status.FAILED, f"{task_run.task.title}: {result.message}", result.hint
            )
        return not result.failed

    def _event(self, task_run: TaskRun, result: Result, since: float, **flags: Any) -> TaskFinished:
        seconds = max(0.0, self._now - since)
        return task_events.finished(
            self._shared, self._state.name, task_run, result, seconds, **flags
        )

    # -- failing

    def _break(self, task_run: TaskRun, result: Result, since: float) -> Effects[None]:
        """What the task brings is no playbook: as in Ansible nothing catches that, and it ends the
        run for all."""
        self._ahead.loop = None
        self._state.count(result.outcome, ignored=False, rescued=False)
        yield self._event(task_run, result, since)
        self._failure = (*task_events.why(task_run.scope, task_run.task, result), task_run.task)
        self._fatal, self._position.doomed = "broken files", True
        self._fail()

    def _fail(self) -> None:
        """The host is out, after its handlers where these are forced."""
        position = self._position
        forced = not position.doomed and bool(self._shared.play.force_handlers)
        position.doomed = True
        del position.frames[1:]
        if forced and position.flush(resume=position.top.at):
            return
        message, hint, task = self._failure
        self._state.fatal = self._fatal
        self._state.leave(Status.FAILED, f"{task.title} ({task.where}): {message}", hint)

    # -- until

    def _retries(self, task_run: TaskRun, result: Result) -> int:
        """How often the task may be tried again; 0 where once is enough."""
        task, skipped = task_run.task, result.outcome is Outcome.SKIPPED
        if not _tries(task) or skipped or task_run.check or result.unrendered or result.unsupported:
            return 0
        return int(task_keywords.number(task_run.scope, task.retries, 3))

    def _met(self, task_run: TaskRun, result: Result) -> bool:
        """Whether `until` is true. As in Ansible, `retries` alone waits for success."""
        task = task_run.task
        if task.until is None:
            return not result.failed
        own = {task.register: results.registered(result)} if task.register else {}
        try:
            return task_run.scope.with_layers(own).holds(task.until) is True
        except TemplateError:
            return False

    def _retry(self, task_run: TaskRun, result: Result, retries: int) -> Effects[None]:
        name, play = title(task_run.task, task_run.scope), self._shared.play.title
        yield TaskRetried(play, name, self._state.name, self._attempts, retries, result.message)
        self._attempts += 1
        yield Sleep(task_keywords.number(task_run.scope, task_run.task.delay, 5))


_NO_TASK = Task("", "", {}, Where(""), Keywords())


def _tries(task: Task) -> bool:
    return task.until is not None or task.retries is not None


def _may_fail(task_run: TaskRun) -> bool:
    """Whether the playbook says what is to be done where the task fails."""
    task = task_run.task
    given = task.failed_when is not None
    return given or task_keywords.is_set(task_run.scope, task.keywords.ignore_errors)
