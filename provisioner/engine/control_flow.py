"""Carry out tasks that control the run itself: meta, include_*, pause, wait_for_connection."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from provisioner.engine import includes
from provisioner.engine.effects import Barrier, Effect, Effects, Publish, Released, Reset, Sleep
from provisioner.engine.handler_queue import HandlerQueue
from provisioner.engine.host_state import HostState
from provisioner.engine.host_sync import HostSync
from provisioner.engine.lookahead import Lookahead
from provisioner.engine.loop_state import LoopState
from provisioner.engine.position import Position
from provisioner.engine.reboot_wait import await_connection
from provisioner.engine.result_handler import ResultHandler
from provisioner.engine.result_store import ResultStore
from provisioner.engine.scopes import title
from provisioner.engine.task_clock import TaskClock
from provisioner.engine.task_runs import TaskRun
from provisioner.engine.world import PlayWorld
from provisioner.errors import InvalidInclude, LoadError
from provisioner.language.play import Node
from provisioner.language.templating.template import TemplateError
from provisioner.loading.inventory import load_inventory
from provisioner.modules.framework.base import ModuleError
from provisioner.modules.include import IncludeTasks
from provisioner.modules.meta import Meta
from provisioner.modules.pause import Pause
from provisioner.modules.wait_for_connection import WaitForConnection
from provisioner.result import Outcome, Result


class ControlFlow:
    """Carries out the current task of a host if its module is a `ControlModule`."""

    def __init__(
        self,
        play_world: PlayWorld,
        state: HostState,
        position: Position,
        loop: LoopState,
        clock: TaskClock,
        lookahead: Lookahead,
        store: ResultStore,
        handlers: HandlerQueue,
        sync: HostSync,
        results: ResultHandler,
    ) -> None:
        self._play_world, self._state, self._position = play_world, state, position
        self._loop, self._clock, self._lookahead = loop, clock, lookahead
        self._store, self._handlers = store, handlers
        self._sync, self._results = sync, results

    def run(self, task_run: TaskRun) -> Effects[None]:
        """Carry out the task and go to the next one."""
        module = task_run.module
        if isinstance(module, Meta):
            yield from self._meta(task_run, module)
        elif isinstance(module, Pause):
            yield from self._pause(task_run, module)
        elif isinstance(module, WaitForConnection):
            yield from self._wait_for_connection(task_run, module)
        else:
            yield from self._include(task_run)

    def _meta(self, task_run: TaskRun, meta: Meta) -> Effects[None]:
        """Carry out a `meta` task. As in Ansible, it has no result and is not counted."""
        position, place = self._position, self._position.place
        match meta.action:
            case "flush_handlers":
                if position.enter_handlers(resume_at=place[-1] + 1):
                    return
            case "clear_facts":
                self._state.clear_facts()
            case "end_host":
                position.leave_play()
            case "end_play" | "end_batch":
                yield Publish(place, ends="play" if meta.action == "end_play" else "batch")
                position.leave_play()
            case "clear_host_errors":
                yield Publish(place, clears_errors=True)
                position.clear_errors()
            case "reset_connection":
                yield Reset()
            case "refresh_inventory":
                yield from self._refresh_inventory(task_run)
                return
        position.advance()

    def _refresh_inventory(self, task_run: TaskRun) -> Effects[None]:
        """Read the inventory's sources again, for all hosts and for the plays that follow."""
        inventory = self._play_world.world.inventory
        try:
            refreshed = load_inventory(inventory.sources, inventory.vault)
        except LoadError as error:
            yield from self._results.finish(task_run, Result(Outcome.FAILED, str(error)))
            return
        result = Result(Outcome.OK, returns={"inventory": refreshed})
        yield from self._results.finish(task_run, result)
        self._sync.leave_if_removed(task_run.task)

    def _wait_for_connection(self, task_run: TaskRun, module: WaitForConnection) -> Effects[None]:
        assert task_run.session_key is not None
        result = yield from await_connection(module, task_run.session_key, task_run.scope)
        self._clock.stop()
        yield from self._results.finish(task_run, result)

    def _pause(self, task_run: TaskRun, pause: Pause) -> Effects[None]:
        """Wait for the duration that the task sets, or for the operator."""
        started = time.monotonic()
        typed = yield from self._typed_answer(task_run, pause)
        if typed is None:
            return
        returns = {"user_input": typed, "delta": int(time.monotonic() - started)}
        self._clock.stop()
        result = Result(Outcome.OK, pause.prompt or "", returns=returns)
        yield from self._results.finish(task_run, result)

    def _typed_answer(self, task_run: TaskRun, pause: Pause) -> Generator[Effect, Any, str | None]:
        """Wait, and return what the operator typed; None if the run of this host ends meanwhile."""
        if task_run.check or pause.duration is not None:
            yield Sleep(0.0 if task_run.check else pause.duration or 0.0)
            return ""
        key = (*self._position.place, 0, task_run.index or 0)
        name = title(task_run.task, task_run.scope)
        prompt = f"[{name}] {pause.prompt or 'Press Enter to go on'}"
        released: Released = yield Barrier(key, prompt=prompt, echo=pause.echo)
        return None if self._sync.stopped_by(released) else released.answer

    def _include(self, task_run: TaskRun) -> Effects[None]:
        """Enter the tasks of a file or role, once for each item of the task's loop."""
        position = self._position
        resume_at = position.top.at + 1
        self._handlers.started(position.task)
        self._loop.end()
        only_follows = self._sync.take_follows_include()
        try:
            parts, result = self._load_parts(task_run)
        except InvalidInclude as error:
            yield from self._results.abort(task_run, Result(Outcome.FAILED, str(error)))
            return
        except (LoadError, TemplateError, ModuleError) as error:
            yield from self._results.finish(task_run, Result(Outcome.FAILED, str(error)))
            return
        self._store.store(task_run.task, result)
        if isinstance(task_run.module, IncludeTasks) and not only_follows:
            self._count_files(parts)
        nodes = tuple(node for part in parts for node in self._play_world.select(part))
        if self._sync.runs_once(task_run.task):
            returns = includes.returns_for_others(task_run)
            yield Publish(position.place, Result(Outcome.OK, returns=returns))
        yield self._results.event(replace(task_run, item=None), Result(Outcome.OK))
        if not position.enter(nodes, resume_at=resume_at):
            position.advance()

    def _load_parts(self, task_run: TaskRun) -> tuple[list[tuple[Node, ...]], Result]:
        """Return the nodes to include for each item of the task's loop, and the task's result."""
        scope = self._lookahead.scope(task_run.task)
        has_rescue = self._position.has_rescue()
        includes.check_depth(task_run.task, self._position.includes)
        return includes.load_parts(self._play_world, self._state, task_run, scope, has_rescue)

    def _count_files(self, parts: list[tuple[Node, ...]]) -> None:
        """Count each included file as a task that is ok, as Ansible does (but not for roles)."""
        for part in parts:
            if part:
                self._state.count(Outcome.OK, ignored=False, rescued=False)
