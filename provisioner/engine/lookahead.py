"""The next frame of a host: looks sent together, up to the first thing that can't be.

What ends a lookahead: a value that depends on a result under way; a change behind a change; a
change behind something that the controller has yet to judge; another user's shell; run_once,
barriers, `until`, reboot, handlers that may be due.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import field, replace
from typing import Any

from provisioner.engine import fact_gathering, results, task_runs
from provisioner.engine.barrier_rules import GROWING, waits_before, waits_behind
from provisioner.engine.delegation import with_delegated
from provisioner.engine.host_state import HostState
from provisioner.engine.pending_effects import Loop, PendingEffects
from provisioner.engine.position import Place, Position
from provisioner.engine.scopes import Gate, PlayWorld, task_scope
from provisioner.engine.task_runs import TaskRun
from provisioner.language.needs import NeedFacts, NeedOtherHosts, NeedResult
from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import TemplateError
from provisioner.language.values import PENDING
from provisioner.modules.meta import Meta
from provisioner.records import dataclass
from provisioner.result import Outcome, Result

MAX_FRAME = 100
"""Units in one frame at most: beyond that a round trip costs nothing in proportion."""

BEHIND_CHANGE = 4
"""Units that count (changes and looks) in a frame that changes something: where one task has
something to do, the next ones often have, and what stands behind them is made ready again."""

BEHIND_CHANGES = 2
"""The same where a change follows a change: itself and the look of what comes next."""

GROWTH = 4
"""How many times as many the next frame may hold when one has passed without a change."""

GATHERING: Place = (-1,)
"""The place of gathering facts, which stands before all tasks."""

FACT_MODULES = frozenset({"setup", "gather_facts", "getent", "package_facts", "service_facts"})

BRINGING = frozenset({"fetch", "synchronize"})
"""Modules that may write files of this machine from another one."""

_OF_FILES = dict.fromkeys(("lookup", "query", "q", "lookup_context"), PENDING)
"""What reads files of this machine, while these are about to change."""

Queue = list[tuple[Place, TaskRun]]


@dataclass
class Lookahead:
    """Collects frames for one host. `due` is the unit that a look has found to need changing."""

    shared: PlayWorld
    state: HostState
    position: Position
    notified: set[int]
    gathering: Task | None = None
    loop: Loop | None = None
    due: tuple[Place, int | None] | None = None
    together: Place | None = None
    """The task before which the hosts have waited for each other."""
    room: int = MAX_FRAME
    """Units that count which the frame may hold: any of which may be the last that is reached."""
    counted: int = 0
    """Those that it holds."""
    kept: dict[Place, TaskRun] = field(default_factory=dict)
    """What was made ready for frames that passed or stopped at a due unit, and had no turn yet."""
    passed: bool = False
    """Whether all of the frame before has had its turn."""
    behind: tuple[Place, int | None] | None = None
    """What stands right behind the change in the frame under way."""
    needs_others: Place | None = None
    """The task that asks for other hosts' variables, before which they have yet to wait."""

    def collect(self) -> Queue:
        """The units of the next frame, in the order of the play; empty only where the first task
        `needs_others`."""
        queue: Queue = []
        ahead = PendingEffects()
        if self.due is None and not self.passed:
            self.kept.clear()
        self.passed = False
        self.room, self.counted = self._room(), 0
        if self.gathering is not None:
            self._gather(queue, ahead)
        frame, prefix = self.position.top, self.position.place[:-1]
        at: int | None = frame.at
        while at is not None and at < len(frame.flow.lines) and not self._is_full(queue):
            line = frame.flow.lines[at]
            if frame.only is not None and ahead.notifies:
                break
            if frame.passes(line) or (line.task is not None and self.state.has_run(line.task)):
                at += 1
            elif line.task is not None:
                if not self._add_task(queue, ahead, (*prefix, at), line.task):
                    break
                at += 1
            elif line.ends is None and (self.notified or ahead.notifies):
                break
            else:
                at = frame.flow.after(at, frame.raised)
        if ahead.here:
            self.kept.clear()  # made of what files of this machine were
        second = queue[1] if self.due and len(queue) > 1 else None
        self.behind = second and (second[0], second[1].index)
        return queue

    def facts_alone(self) -> Queue:
        """A frame that gathers facts, with nothing behind."""
        queue: Queue = []
        self._gather(queue, PendingEffects())
        return queue

    def _room(self) -> int:
        if self.due is None:
            return min(self.room * GROWTH, MAX_FRAME)
        return BEHIND_CHANGES if self.due == self.behind else BEHIND_CHANGE

    def _is_full(self, queue: Queue) -> bool:
        return self.counted >= self.room or len(queue) >= MAX_FRAME

    def scope(
        self, task: Task, ahead: PendingEffects | None = None, gate: Gate | None = None
    ) -> Scope:
        """The task's variables, as they will be when what is queued is through."""
        ahead = ahead or PendingEffects()
        wanted = not self.state.facts_gathered and self.shared.play.gather_facts is not False
        scope = task_scope(
            self.shared, self.state.name, task, ahead.variables, ahead.facts, wanted, gate
        )
        return scope.with_layers(_OF_FILES) if ahead.here else scope

    def changes(self, place: Place, task_run: TaskRun) -> bool:
        """Whether the unit, as it would be sent now, may change something on the host."""
        if task_run.program is None or task_run.kind == "read":
            return False
        return task_run.mode(self.due == (place, task_run.index)) == "apply"

    def _gather(self, queue: Queue, ahead: PendingEffects) -> None:
        assert self.gathering is not None
        scope = task_scope(self.shared, self.state.name, self.gathering, {}, False, gather=False)
        task_run = task_runs.prepare(self.shared, self.state.name, self.gathering, scope)
        queue.append((GATHERING, task_run))
        ahead.facts = True

    def _add_task(self, queue: Queue, ahead: PendingEffects, place: Place, task: Task) -> bool:
        """Queue a task's units; false where the frame ends with them or before them."""
        first = place == self.position.place
        if ahead.repeats(task):
            return False
        waits = waits_before(self.shared, task)
        alone = waits or task.module == "reboot" or task.keywords.throttle is not None
        if alone and not first:
            return False
        gate = Gate(place == self.together or len(self.shared.batch) == 1)
        try:
            found = self._units(task, ahead, place, first, gate)
            added = all(self._append(queue, place, task_run, ahead) for task_run in found)
        except NeedResult:
            return False
        except NeedFacts:
            self.gathering = fact_gathering.task_for(self.shared.play)
            self._gather(queue, ahead)
            return False
        except NeedOtherHosts:
            self.needs_others = place if first else None
            return False
        gate.open = True
        return added and not (waits or place == self.needs_others or waits_behind(task))

    def _unit(self, place: Place, task: Task, scope: Scope) -> TaskRun:
        """The task's unit, kept or made now: nothing that was queued before it sets what it asked
        for, or it could not have been made. Not so files of this machine, if it is the host too."""
        kept = self.kept.get(place)
        if kept is not None:
            return replace(kept, scope=with_delegated(self.shared, task, scope))
        task_run = task_runs.prepare(self.shared, self.state.name, task, scope)
        if task_run.program is not None and task_run.program.content is None:
            self.kept[place] = task_run
        return task_run

    def _units(
        self, task: Task, ahead: PendingEffects, place: Place, first: bool, gate: Gate
    ) -> Iterable[TaskRun]:
        """One unit, or one for each item that is still to be done."""
        if first and self.loop is not None:
            ahead.learn(task, self.loop.facts(), self.state.variables)
            if task.register and (last := self.loop.registered()) is not None:
                ahead.variables[task.register] = last
        scope = self.scope(task, ahead, gate)
        if task.loop is None:
            return [self._unit(place, task, scope)]
        done = 0
        if first and self.loop is not None:
            items, done = self.loop.items, len(self.loop.results)
            task = task_runs.with_loop_names(task, scope)
        else:
            try:
                task = task_runs.with_loop_names(task, scope)
                items = task_runs.loop_items(task, scope, self.shared)
            except TemplateError as error:
                from provisioner.engine import broken_loop

                return [broken_loop.task_run(self.shared, self.state.name, task, scope, error)]
            if first:
                self.loop = Loop(items, since=time.monotonic())
        if not items:
            return [TaskRun(task, scope, result=results.loop_result([], ""))]
        return (self._item(task, scope, items, index) for index in range(done, len(items)))

    def _item(self, task: Task, scope: Scope, items: list[Any], index: int) -> TaskRun:
        inner = task_runs.item_scope(task, scope, items, index)
        task_run = task_runs.prepare(self.shared, self.state.name, task, inner)
        return replace(task_run, item=items[index], index=index, items=items)

    def _append(self, queue: Queue, place: Place, task_run: TaskRun, ahead: PendingEffects) -> bool:
        """Queue the unit; false where it must not stand behind what is queued already."""
        failed = task_run.result is not None and task_run.result.outcome is Outcome.FAILED
        if self._is_full(queue):
            return False
        if self._idle_flush(task_run, ahead):
            task_run = replace(task_run, result=Result(Outcome.OK))
        elif queue and (failed or not self._may_follow(queue, place, task_run)):
            return False
        queue.append((place, task_run))
        self.counted += task_run.program is not None and task_run.kind != "read"
        self._foresee(place, task_run, ahead)
        waits = task_run.task.loop is not None and task_run.task.loop.pause is not None
        ends = failed or waits or task_run.steers or self._changes_facts(task_run)
        return not (ends or self._may_stop(place, task_run))

    def _may_stop(self, place: Place, task_run: TaskRun) -> bool:
        """Whether it stands behind a change and may bring another, which its look can't tell."""
        edits = task_run.module is not None and task_run.module.edits
        return edits and self.due is not None and self.due != (place, task_run.index)

    def _changes_facts(self, task_run: TaskRun) -> bool:
        """Whether what comes behind may see other facts or groups than those that are known."""
        cacheable = task_run.result is not None and task_run.result.returns.get(
            "_ansible_facts_cacheable"
        )
        return bool(cacheable) or task_run.task.module in GROWING | FACT_MODULES

    def _idle_flush(self, task_run: TaskRun, ahead: PendingEffects) -> bool:
        """Whether the unit flushes handlers of which none is due."""
        flushes = isinstance(task_run.module, Meta) and task_run.module.action == "flush_handlers"
        return flushes and task_run.steers and not (self.notified or ahead.notifies)

    def _may_follow(self, queue: Queue, place: Place, task_run: TaskRun) -> bool:
        if task_run.program is None:
            return not task_run.steers
        first = next((other for _, other in queue if other.program is not None), None)
        if first is not None and first.session_key != task_run.session_key:
            return False
        if not self.changes(place, task_run):
            return True
        sent = ((p, other) for p, other in queue if other.program is not None)
        return not any(other.judged or self.changes(p, other) for p, other in sent)

    def _may_notify(self, place: Place, task_run: TaskRun) -> bool:
        """Whether handlers may be due once the unit is through."""
        task = task_run.task
        if not task.notify:
            return False
        if task_run.result is None:
            return self.changes(place, task_run) or task.changed_when is not None
        said = results.said_by_playbook(task, task_run.result, task_run.scope)
        return said.outcome is Outcome.CHANGED

    def _may_change_here(self, place: Place, task_run: TaskRun) -> bool:
        """Whether the unit may change files of this machine."""
        here = task_run.session_key is not None and task_run.session_key.connection == "local"
        return (here or task_run.task.module in BRINGING) and self.changes(place, task_run)

    def _foresee(self, place: Place, task_run: TaskRun, ahead: PendingEffects) -> None:
        """Note what the unit will have done for those behind it."""
        task = task_run.task
        self._foresee_registered(task_run, ahead)
        ahead.notifies = ahead.notifies or self._may_notify(place, task_run)
        ahead.here = ahead.here or self._may_change_here(place, task_run)
        if task_run.result is None:
            ahead.facts = ahead.facts or task.module in FACT_MODULES
            return
        facts = task_run.result.returns.get("ansible_facts")
        if facts and task_run.result.outcome is Outcome.OK:
            ahead.learn(task, facts, self.state.variables)

    def _foresee_registered(self, task_run: TaskRun, ahead: PendingEffects) -> None:
        """Note what the unit will have registered; an item of a loop does so for the next ones."""
        task, result = task_run.task, task_run.result
        if not task.register:
            return
        ends_loop = task.loop is not None and task_run.index in (None, len(task_run.items) - 1)
        if result is None or ends_loop:
            ahead.variables[task.register] = PENDING
        else:
            said = results.said_by_playbook(task, result, task_run.scope)
            ahead.variables[task.register] = results.registered(said)
