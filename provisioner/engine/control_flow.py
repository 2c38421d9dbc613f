"""Tasks that steer the walk itself: meta, include_*, pause, wait_for_connection."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from provisioner.engine import includes
from provisioner.engine.barrier_rules import refreshes
from provisioner.engine.effects import (
    Barrier,
    Effect,
    Effects,
    Publish,
    Released,
    Reset,
    Sleep,
)
from provisioner.engine.reboot_wait import await_connection
from provisioner.engine.result_handler import ResultHandler
from provisioner.engine.scopes import title
from provisioner.engine.task_runs import TaskRun
from provisioner.errors import InvalidInclude, LoadError
from provisioner.language.play import Task
from provisioner.language.templating.template import TemplateError
from provisioner.loading.host_patterns import is_implicit
from provisioner.loading.inventory import load_inventory
from provisioner.modules.framework.base import ModuleError
from provisioner.modules.include import IncludeTasks
from provisioner.modules.meta import Meta
from provisioner.modules.pause import Pause
from provisioner.modules.wait_for_connection import WaitForConnection
from provisioner.result import Outcome, Result


class ControlFlow(ResultHandler):
    """Carries them out."""

    def _steer(self, task_run: TaskRun) -> Effects[None]:
        """Carry out an include, or a `meta` task: like Ansible's, that is no step of the report."""
        if isinstance(task_run.module, Pause | WaitForConnection):
            yield from self._wait(task_run)
            return
        if not isinstance(task_run.module, Meta):
            yield from self._include(task_run)
            return
        position, place = self._position, self._position.place
        match action := task_run.module.action:
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
                yield from self._refresh(task_run)
                return
        position.advance()

    def _refresh(self, task_run: TaskRun) -> Effects[None]:
        """Read the inventory's sources again, for all hosts and for the plays that follow."""
        known = self._shared.world.inventory
        try:
            again = load_inventory(known.sources, known.vault)
        except LoadError as error:
            yield from self._finish(task_run, Result(Outcome.FAILED, str(error)), self._now, 1)
            return
        result = Result(Outcome.OK, returns={"inventory": again})
        yield from self._finish(task_run, result, self._now, 1)
        self._leave_if_gone(task_run.task)

    def _leave_if_gone(self, task: Task) -> None:
        """As in Ansible, a host that the inventory has no more takes no further part."""
        inventory, name = self._shared.world.inventory, self._state.name
        gone = name not in inventory.hosts and not is_implicit(inventory, name)
        self._ended = self._ended or (refreshes(task) and gone)

    def _wait(self, task_run: TaskRun) -> Effects[None]:
        """Wait for a time, or for the host to answer."""
        since = time.monotonic()
        if isinstance(task_run.module, WaitForConnection):
            assert task_run.session_key is not None
            result = yield from await_connection(
                task_run.module, task_run.session_key, task_run.scope
            )
        else:
            assert isinstance(task_run.module, Pause)
            answer = yield from self._pause(task_run, task_run.module)
            if answer is None:
                return
            returns = {"user_input": answer, "delta": int(time.monotonic() - since)}
            result = Result(Outcome.OK, task_run.module.prompt or "", returns=returns)
        self._now = time.monotonic()
        yield from self._finish(task_run, result, since, 1)

    def _pause(self, task_run: TaskRun, pause: Pause) -> Generator[Effect, Any, str | None]:
        """Wait as long as the task says, or else for the operator: what they type, or "". None
        where the walk is over meanwhile."""
        if task_run.check or pause.duration is not None:
            yield Sleep(0.0 if task_run.check else pause.duration or 0.0)
            return ""
        key = (*self._position.place, 0, task_run.index or 0)
        prompt = (
            f"[{title(task_run.task, task_run.scope)}] {pause.prompt or 'Press Enter to go on'}"
        )
        released: Released = yield Barrier(key, prompt=prompt, echo=pause.echo)
        return None if self._stopped(released) else released.answer

    def _include(self, task_run: TaskRun) -> Effects[None]:
        """Put the tasks of a file or role in front, once for each item of the task's loop."""
        since = time.monotonic()
        self._aftermath.began(self._position.task)
        position, at = self._position, self._position.top.at
        joins, self._joins = self._joins, False
        self._ahead.loop = None
        try:
            scope = self._ahead.scope(task_run.task)
            rescued = position.rescues()
            parts, result = includes.parts(self._shared, self._state, task_run, scope, rescued)
        except InvalidInclude as error:
            yield from self._break(task_run, Result(Outcome.FAILED, str(error)), since)
            return
        except (LoadError, TemplateError, ModuleError) as error:
            yield from self._finish(task_run, Result(Outcome.FAILED, str(error)), since, 1)
            return
        self._aftermath.learn(task_run.task, result)
        for part in parts:
            # As in Ansible: files count, whatever the tags leave of them, and roles don't.
            if part and isinstance(task_run.module, IncludeTasks) and not joins:
                self._state.count(Outcome.OK, ignored=False, rescued=False)
        nodes = tuple(node for part in parts for node in self._shared.select(part))
        if self._runs_once(task_run.task):
            yield Publish(position.place, Result(Outcome.OK, returns=includes.for_others(task_run)))
        yield self._event(replace(task_run, item=None), Result(Outcome.OK), since)
        if not position.push(nodes, resume=at + 1):
            position.advance()
