"""Turn a frame's task runs into the exchange that an executor carries out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.engine import task_keywords
from provisioner.engine.due_change import DueChange
from provisioner.engine.effects import Exchange, SessionKey
from provisioner.engine.host_state import HostState
from provisioner.engine.lookahead import Frame
from provisioner.engine.position import Place
from provisioner.engine.scopes import host_scope
from provisioner.engine.task_runs import TaskRun
from provisioner.engine.world import PlayWorld
from provisioner.lock_owner import LockOwner
from provisioner.remote.shell import Step


class ExchangeBuilder:
    """Builds the exchanges of one host."""

    def __init__(self, play_world: PlayWorld, state: HostState, due: DueChange) -> None:
        self._play_world, self._state, self._due = play_world, state, due

    def build(self, frame: Frame) -> Exchange | None:
        """Return the exchange that sends the frame's programs; None if it has no programs."""
        sent = [(place, task_run) for place, task_run in frame if task_run.program is not None]
        if not sent:
            return None
        first = sent[0][1]
        session_key = first.session_key
        assert session_key is not None
        return Exchange(
            session_key,
            tuple(self._step(place, task_run) for place, task_run in sent),
            self._variables(session_key, frame[0][1]),
            _throttle(first),
            self._exclusive_machine(sent),
            self._lock(first),
        )

    def _step(self, place: Place, task_run: TaskRun) -> Step:
        due = self._due.is_for(place, task_run)
        edit = self._due.edit if due else None
        program = task_run.program if edit is None else edit.program
        assert program is not None
        return Step(
            program,
            task_run.mode(due),
            task_run.environment,
            task_run.tolerant,
            task_run.diff,
            task_run.timeout,
        )

    def _variables(self, session_key: SessionKey, task_run: TaskRun) -> Mapping[str, Any]:
        """Return the connection variables of the session's host."""
        by_keyword = {"ansible_user": session_key.user, "ansible_port": session_key.port}
        by_keyword = {name: value for name, value in by_keyword.items() if value is not None}
        if session_key.host == self._state.name:
            return task_run.scope.with_layers(by_keyword) if by_keyword else task_run.scope
        if session_key.host in self._play_world.world.states:
            return host_scope(self._play_world, session_key.host).with_layers(by_keyword)
        return by_keyword

    def _lock(self, task_run: TaskRun) -> LockOwner | None:
        """Return this run if a change by the task run needs the lock of the session's host.

        A task that is delegated to the controller needs none: several runs use the controller at
        once, for different hosts.
        """
        session_key, module = task_run.session_key, task_run.module
        assert session_key is not None
        if session_key.connection != "local":
            return self._play_world.world.lock
        is_own_host = session_key.host == self._state.name
        from_controller = module is not None and module.from_controller
        return self._play_world.world.lock if is_own_host and not from_controller else None

    def _exclusive_machine(self, sent: Frame) -> str:
        """Return the machine that a due task run changes, if runs of other hosts may change it too.

        Return "" otherwise.
        """
        for place, task_run in sent:
            if self._due.is_for(place, task_run) and (machine := _shared_machine(task_run)):
                return machine
        return ""


def _throttle(task_run: TaskRun) -> tuple[str, int] | None:
    limit = int(task_keywords.number(task_run.scope, task_run.task.keywords.throttle, 0))
    return (str(task_run.task.where), limit) if limit > 0 else None


def _shared_machine(task_run: TaskRun) -> str:
    """Return the machine that the task run changes, if other hosts' task runs may change it too.

    This is the host of a delegated task, or the controller. Return "" if there is none. Also return
    "" for tasks that may run side by side: commands, because the playbook is responsible for them,
    and modules that are made for it.
    """
    module, session_key = task_run.module, task_run.session_key
    if task_run.mode(due=True) != "apply" or task_run.kind == "act":
        return ""
    if module is None or session_key is None or module.concurrent or module.from_controller:
        return ""
    if session_key.connection == "local":
        return "this machine"
    return session_key.host if task_run.task.keywords.delegate_to is not None else ""
