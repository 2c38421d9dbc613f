"""Build the next frame of a host: the task runs that are sent together.

The first one is the current task. Others follow until a task can't be sent with those before it: it
needs a result that is not known yet, is a second change, runs in another shell, or waits for other
hosts. Tasks are not analysed for this. They are prepared, and `NeedResult` is raised if a result is
missing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from provisioner.engine import fact_gathering, results, task_loops, task_runs
from provisioner.engine.barrier_rules import GROWING, blocks_next_task, waits_before
from provisioner.engine.delegation import with_delegated
from provisioner.engine.due_change import DueChange, Key
from provisioner.engine.handler_queue import HandlerQueue
from provisioner.engine.host_state import HostState
from provisioner.engine.loop_state import LoopState
from provisioner.engine.pending_effects import PendingEffects
from provisioner.engine.position import Place, Position
from provisioner.engine.scopes import task_scope
from provisioner.engine.task_runs import TaskRun
from provisioner.engine.world import Gate, PlayWorld
from provisioner.language.needs import NeedFacts, NeedOtherHosts, NeedResult
from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.language.special_values import PENDING
from provisioner.language.templating.template import TemplateError
from provisioner.modules.meta import Meta
from provisioner.result import Outcome, Result

MAX_FRAME = 100
"""Maximum number of task runs in a frame. Larger frames save no measurable time."""

AFTER_CHANGE = 4
"""Maximum number of programs in a frame that begins with a change. If a task after a change also
makes a change, it must be prepared again, and changes often follow each other.
"""

AFTER_CHANGES = 2
"""The same limit if the previous frame also made a change: this change, and the look of the next
task.
"""

GROWTH = 4
"""Maximum size of the next frame relative to the previous one, if that made no change."""

GATHERING: Place = (-1,)
"""The place of the task that gathers facts, before all other places."""

FACT_MODULES = frozenset({"setup", "gather_facts", "getent", "package_facts", "service_facts"})

FETCHING = frozenset({"fetch", "synchronize"})
"""Modules that may write files on the controller although they run on another host."""

_READS_LOCAL_FILES = dict.fromkeys(("lookup", "query", "q", "lookup_context"), PENDING)
"""A layer that makes functions which read files of the controller raise NeedResult, for tasks after
a change of such files.
"""

Frame = list[tuple[Place, TaskRun]]


class Lookahead:
    """Builds the frames of one host, starting at its `position`."""

    def __init__(
        self,
        play_world: PlayWorld,
        state: HostState,
        position: Position,
        loop: LoopState,
        due: DueChange,
        handlers: HandlerQueue,
        gathering: Task | None = None,
    ) -> None:
        self._play_world, self._state, self._position = play_world, state, position
        self._loop, self._due, self._handlers = loop, due, handlers
        self._gathering = gathering
        self._max_programs = MAX_FRAME
        self._programs = 0
        self._prepared: dict[Place, TaskRun] = {}
        """Task runs that were prepared for earlier frames and have not been reached yet."""
        self._frame_completed = False
        self._second: Key | None = None
        """The second task run of a frame that begins with a change."""
        self._others_wait_at: Place | None = None
        self.needs_others: Place | None = None
        """The place of the current task, if it uses other hosts' variables before it waited for
        them.
        """

    @property
    def gathers_facts(self) -> bool:
        """Whether the next frame begins with gathering facts."""
        return self._gathering is not None

    def build_frame(self) -> Frame:
        """Return the next frame, in the order of the play.

        It is empty only if the current task must wait for other hosts (`needs_others`).
        """
        frame: Frame = []
        pending = PendingEffects()
        if self._due.key is None and not self._frame_completed:
            self._prepared.clear()
        self._frame_completed = False
        self._max_programs, self._programs = self._next_maximum(), 0
        if self._gathering is not None:
            self._add_gathering(frame, pending)
        self._add_tasks(frame, pending)
        if pending.local_files:
            # Prepared task runs may have read files that are about to change.
            self._prepared.clear()
        second = frame[1] if self._due.key and len(frame) > 1 else None
        self._second = second and (second[0], second[1].index)
        return frame

    def gathering_frame(self) -> Frame:
        """Return a frame that only gathers facts."""
        frame: Frame = []
        self._add_gathering(frame, PendingEffects())
        return frame

    # -- outcome of the last frame

    def discard_prepared(self, place: Place) -> None:
        """Discard the prepared run of the task at that place.

        It is prepared again if it is sent again.
        """
        self._prepared.pop(place, None)

    def completed(self) -> None:
        """Note that all task runs of the frame were processed."""
        self._frame_completed = True

    def end_gathering(self) -> None:
        """Note that facts were gathered, or that the host was unreachable."""
        self._gathering = None
        self._state.note_facts_gathered()

    def others_wait_at(self, place: Place) -> None:
        """Note that all hosts have reached the task at that place. It may use their variables."""
        self._others_wait_at = place

    # -- questions about a task

    def scope(self, task: Task) -> Scope:
        """Return the task's current variables."""
        return self._scope(task, PendingEffects(), None)

    def changes(self, place: Place, task_run: TaskRun) -> bool:
        """Whether the task run may change the host, in the mode in which it would be sent now."""
        if task_run.program is None or task_run.kind == "read":
            return False
        return task_run.mode(self._due.is_for(place, task_run)) == "apply"

    # -- building a frame

    def _next_maximum(self) -> int:
        """Return the maximum number of programs in the next frame.

        The host may leave the frame after any of them. So frames are short where changes are
        likely, and grow where there are none.
        """
        if self._due.key is None:
            return min(self._max_programs * GROWTH, MAX_FRAME)
        return AFTER_CHANGES if self._due.key == self._second else AFTER_CHANGE

    def _is_full(self, frame: Frame) -> bool:
        return self._programs >= self._max_programs or len(frame) >= MAX_FRAME

    def _add_tasks(self, frame: Frame, pending: PendingEffects) -> None:
        """Add tasks from the current one on, as long as they can be sent together."""
        tasks, outer = self._position.top, self._position.place[:-1]
        lines = tasks.flow.lines
        at: int | None = tasks.at
        while at is not None and at < len(lines) and not self._is_full(frame):
            line = lines[at]
            if tasks.holds_handlers and pending.notifies:
                return
            if tasks.skips(line) or (line.task is not None and self._state.has_run(line.task)):
                at += 1
            elif line.task is not None:
                if not self._add_task(frame, pending, (*outer, at), line.task):
                    return
                at += 1
            elif line.ends is None and (self._handlers or pending.notifies):
                return
            else:
                at = tasks.flow.after(at, tasks.failed_blocks)

    def _add_gathering(self, frame: Frame, pending: PendingEffects) -> None:
        task = self._gathering
        assert task is not None
        scope = task_scope(self._play_world, self._state.name, task, {}, False, gather=False)
        task_run = task_runs.prepare_task(self._play_world, self._state.name, task, scope)
        frame.append((GATHERING, task_run))
        pending.expect_facts()

    def _add_task(self, frame: Frame, pending: PendingEffects, place: Place, task: Task) -> bool:
        """Add a task. Return false if the frame ends before it, within its loop or after it."""
        is_current = place == self._position.place
        if not task.handler and pending.repeats_role(task.role):
            return False
        waits = waits_before(self._play_world, task)
        comes_first = waits or task.module == "reboot" or task.keywords.throttle is not None
        if comes_first and not is_current:
            return False
        gate = Gate(place == self._others_wait_at or len(self._play_world.batch) == 1)
        try:
            candidates = self._task_runs(task, pending, place, is_current, gate)
            added = all(self._append(frame, place, run, pending) for run in candidates)
        except NeedResult:
            return False
        except NeedFacts:
            self._gathering = fact_gathering.task_for(self._play_world.play)
            self._add_gathering(frame, pending)
            return False
        except NeedOtherHosts:
            self.needs_others = place if is_current else None
            return False
        gate.open()
        return added and not (waits or place == self.needs_others or blocks_next_task(task))

    def _task_runs(
        self, task: Task, pending: PendingEffects, place: Place, is_current: bool, gate: Gate
    ) -> Iterable[TaskRun]:
        """Yield the run of the task, or one run for each remaining item of its loop."""
        in_loop = is_current and self._loop.active
        if in_loop:
            self._expect_done_items(task, pending)
        scope = self._scope(task, pending, gate)
        if task.loop is None:
            return [self._task_run(place, task, scope)]
        if in_loop:
            items, done = self._loop.items, self._loop.done
            task = task_loops.with_variable_names(task, scope)
        else:
            try:
                task = task_loops.with_variable_names(task, scope)
                items, done = task_loops.items_of(task, scope), 0
            except TemplateError as error:
                host = self._state.name
                return [task_loops.without_items(self._play_world, host, task, scope, error)]
            if is_current:
                self._loop.begin(items, time.monotonic())
        if not items:
            return [TaskRun(task, scope, result=results.loop_result([], ""))]
        return (self._item(task, scope, items, index) for index in range(done, len(items)))

    def _expect_done_items(self, task: Task, pending: PendingEffects) -> None:
        """Note the variables that done items of a loop have set: later items see them."""
        pending.set_variables(task, self._loop.facts(), self._state.variables.keys())
        last = self._loop.last_registered()
        if task.register and last is not None:
            pending.register(task.register, last)

    def _task_run(self, place: Place, task: Task, scope: Scope) -> TaskRun:
        """Return the task's run, prepared now or for an earlier frame.

        An earlier one is still valid: if it depended on a previous task, preparing it would have
        raised NeedResult. Only the delegated host's variables are computed again.
        """
        prepared = self._prepared.get(place)
        if prepared is not None:
            return replace(prepared, scope=with_delegated(self._play_world, task, scope))
        task_run = task_runs.prepare_task(self._play_world, self._state.name, task, scope)
        if task_run.program is not None and task_run.program.content is None:
            self._prepared[place] = task_run
        return task_run

    def _item(self, task: Task, scope: Scope, items: list[Any], index: int) -> TaskRun:
        inner = task_loops.item_scope(task, scope, items, index)
        task_run = task_runs.prepare_task(self._play_world, self._state.name, task, inner)
        return replace(task_run, item=items[index], index=index, items=items)

    def _scope(self, task: Task, pending: PendingEffects, gate: Gate | None) -> Scope:
        """Return the task's variables, as they will be after the tasks of the frame."""
        play = self._play_world.play
        gather = not self._state.facts_gathered and play.gather_facts is not False
        scope = task_scope(
            self._play_world,
            self._state.name,
            task,
            pending.variables,
            pending.facts,
            gather,
            gate,
        )
        return scope.with_layers(_READS_LOCAL_FILES) if pending.local_files else scope

    # -- limits of a frame

    def _append(
        self, frame: Frame, place: Place, task_run: TaskRun, pending: PendingEffects
    ) -> bool:
        """Add a task run. Return false if the frame ends before or after it."""
        failed = task_run.result is not None and task_run.result.outcome is Outcome.FAILED
        if self._is_full(frame):
            return False
        if self._flushes_nothing(task_run, pending):
            task_run = replace(task_run, result=Result(Outcome.OK))
        elif frame and (failed or not self._may_follow(frame, place, task_run)):
            return False
        frame.append((place, task_run))
        self._programs += task_run.program is not None and task_run.kind != "read"
        self._expect_effects(place, task_run, pending)
        pauses = task_run.task.loop is not None and task_run.task.loop.pause is not None
        ends = failed or pauses or task_run.controls_flow or self._may_change_facts(task_run)
        return not (ends or self._may_need_edit(place, task_run))

    def _flushes_nothing(self, task_run: TaskRun, pending: PendingEffects) -> bool:
        """Whether it is a `meta: flush_handlers` without a notified handler."""
        flushes = isinstance(task_run.module, Meta) and task_run.module.action == "flush_handlers"
        return flushes and task_run.controls_flow and not (self._handlers or pending.notifies)

    def _may_follow(self, frame: Frame, place: Place, task_run: TaskRun) -> bool:
        """Whether the task run may be sent after the frame's task runs.

        It must run in the same shell. A change must not follow another change, or a result that the
        playbook's conditions decide on.
        """
        if task_run.program is None:
            return not task_run.controls_flow
        first = next((other for _, other in frame if other.program is not None), None)
        if first is not None and first.session_key != task_run.session_key:
            return False
        if not self.changes(place, task_run):
            return True
        sent = ((p, other) for p, other in frame if other.program is not None)
        return not any(other.decided_here or self.changes(p, other) for p, other in sent)

    def _may_need_edit(self, place: Place, task_run: TaskRun) -> bool:
        """Whether the task run edits a file and follows a change.

        The controller decides whether it is a second change, after reading the file's content.
        """
        edits = task_run.module is not None and task_run.module.edits
        return edits and self._due.key is not None and not self._due.is_for(place, task_run)

    def _may_change_facts(self, task_run: TaskRun) -> bool:
        """Whether later tasks may see other facts or groups because of the task run."""
        cacheable = task_run.result is not None and task_run.result.returns.get(
            "_ansible_facts_cacheable"
        )
        return bool(cacheable) or task_run.task.module in GROWING | FACT_MODULES

    # -- expected effects of a task run

    def _expect_effects(self, place: Place, task_run: TaskRun, pending: PendingEffects) -> None:
        task = task_run.task
        self._expect_registered(task_run, pending)
        if self._may_notify(place, task_run):
            pending.expect_handlers()
        if self._may_change_local_files(place, task_run):
            pending.expect_local_changes()
        if task_run.result is None:
            if task.module in FACT_MODULES:
                pending.expect_facts()
            return
        facts = task_run.result.returns.get("ansible_facts")
        if facts and task_run.result.outcome is Outcome.OK:
            pending.set_variables(task, facts, self._state.variables.keys())

    def _expect_registered(self, task_run: TaskRun, pending: PendingEffects) -> None:
        """Note that the task registers its result.

        The result of a loop item is registered for the next item only.
        """
        task, result = task_run.task, task_run.result
        if not task.register:
            return
        ends_loop = task.loop is not None and task_run.index in (None, len(task_run.items) - 1)
        if result is None or ends_loop:
            pending.register(task.register)
        else:
            decided = results.apply_conditions(task, result, task_run.scope)
            pending.register(task.register, results.registered(decided))

    def _may_notify(self, place: Place, task_run: TaskRun) -> bool:
        """Whether the task run may notify handlers."""
        task = task_run.task
        if not task.notify:
            return False
        if task_run.result is None:
            return self.changes(place, task_run) or task.changed_when is not None
        decided = results.apply_conditions(task, task_run.result, task_run.scope)
        return decided.outcome is Outcome.CHANGED

    def _may_change_local_files(self, place: Place, task_run: TaskRun) -> bool:
        """Whether the task run may change files on the controller."""
        is_local = task_run.session_key is not None and task_run.session_key.connection == "local"
        writes = is_local or task_run.task.module in FETCHING
        return writes and self.changes(place, task_run)
