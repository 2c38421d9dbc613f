"""What a task's result leaves behind on a host: variables, facts, notified handlers, the recap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from provisioner.engine import judge
from provisioner.engine.scopes import PlayWorld, task_scope, title
from provisioner.engine.state import HostState
from provisioner.engine.units import Unit
from provisioner.language.play import Task, tasks_of
from provisioner.language.template import Template, deep
from provisioner.language.variables import Scope
from provisioner.result import Outcome, Result


class Aftermath:
    """Takes results in. `notified` are the names of handlers that are due."""

    def __init__(self, shared: PlayWorld, state: HostState) -> None:
        self._shared, self._state = shared, state
        self.notified: set[str] = set()

    def learn(self, task: Task, result: Result, scope: Scope | None = None) -> None:
        """Register the result; take in the facts, statistics, hosts and groups that it has."""
        if task.register:
            self._state.variables[task.register] = judge.registered(result)
        if result.outcome not in (Outcome.OK, Outcome.CHANGED):
            return
        for part in _parts(result):
            if facts := part.get("ansible_facts"):
                self._owner(task, scope).learn(facts, task.module)
                if part.get("_ansible_facts_cacheable"):
                    self._state.learn(facts, "setup")
            if "add_host" in part or "add_group" in part:
                self._shared.world.added.append((self._state.name, part))
            if stats := part.get("ansible_stats"):
                self._state.notes.update({str(k): str(v) for k, v in stats["data"].items()})

    def _owner(self, task: Task, scope: Scope | None) -> HostState:
        """Whose facts a task finds: under `delegate_facts` those of the host it is delegated to."""
        keywords, states = task.keywords, self._shared.world.states
        if scope is None or keywords.delegate_to is None or not keywords.delegate_facts:
            return self._state
        return states.get(str(scope.render(keywords.delegate_to)), self._state)

    def remember_failure(self, task: Task, result: Result, scope: Scope) -> None:
        """What a rescue is told of the failure that led to it."""
        self._state.variables["ansible_failed_task"] = {
            "name": title(replace(task, role=None), scope) if task.name else "",
            "action": task.module,
            "args": deep(dict(task.arguments), str),
            "tags": sorted(task.keywords.tags),
        }
        self._state.variables["ansible_failed_result"] = judge.registered(result)

    def notify(self, unit: Unit, result: Result) -> None:
        """Note the handlers that a change asks for."""
        if result.outcome is Outcome.CHANGED:
            for name in unit.task.notify:
                value = unit.scope.render(name)
                self.notified.update(map(str, value if isinstance(value, list) else [value]))

    def handlers(self) -> Sequence[Task]:
        """The handlers that are due, in the order in which they are written; forgets them."""
        if not self.notified:
            return ()
        known = list(tasks_of((*self._shared.play.handlers, *self._state.handlers)))
        named = self._by_name(known)
        chosen = {id(named[name]) for name in self.notified if name in named}
        due = [
            handler
            for handler in known
            if id(handler) in chosen
            or not self.notified.isdisjoint(self._names(handler, handler.listen))
        ]
        self.notified.clear()
        return due

    def _by_name(self, known: Sequence[Task]) -> Mapping[str, Task]:
        """As in Ansible, of handlers with one name that of the file read last (the play's own are)
        is run, and in one file the first."""
        found: dict[str, Task] = {}
        for _, file in groupby(known, lambda handler: handler.role):
            for handler in reversed(list(file)):
                found.update(dict.fromkeys(self._names(handler, (handler.name,)), handler))
        return found

    def _names(self, handler: Task, given: Sequence[str | Template]) -> set[str]:
        names: set[str] = set()
        for name in given:
            named = replace(handler, name=name)
            if isinstance(name, Template):
                scope = task_scope(
                    self._shared, self._state.name, handler, {}, facts_pending=False, gather=False
                )
                named = replace(handler, name=title(replace(named, role=None), scope))
            names |= {str(named.name), named.title}
        return names


def _parts(result: Result) -> Iterator[Mapping[str, Any]]:
    """The result, and those of a loop's items."""
    for part in (result.returns, *result.returns.get("results", ())):
        if isinstance(part, Mapping):
            yield part
