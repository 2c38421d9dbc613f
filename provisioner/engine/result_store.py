"""What a task's result leaves behind on a host: variables, facts, notified handlers, the recap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from provisioner.engine import results, task_keywords
from provisioner.engine.host_state import HostState
from provisioner.engine.scopes import PlayWorld, task_scope, title
from provisioner.language.play import Task, tasks_of
from provisioner.language.scope import Scope
from provisioner.language.templating.template import Template, map_templates
from provisioner.result import Outcome, Result


class ResultStore:
    """Takes results in. `due` are the handlers to be run, by their identity.

    What a task notifies is looked up again when handlers are run, `_asked` by name: until then a
    role that is included may bring its handlers once more, and only one of each is run.
    """

    def __init__(self, shared: PlayWorld, state: HostState) -> None:
        self._shared, self._state = shared, state
        self.due: set[int] = set()
        self._asked: set[str] = set()
        self._early: set[int] = set()

    def learn(self, task: Task, result: Result, scope: Scope | None = None) -> None:
        """Register the result; take in the facts, statistics, hosts and groups that it has."""
        if task.register:
            self._state.variables[task.register] = results.registered(result)
        if result.outcome not in (Outcome.OK, Outcome.CHANGED):
            return
        for part in _parts(result):
            if (facts := part.get("ansible_facts")) and task.module != "debug":
                self._owner(task, _item_scope(task, scope, part)).learn(facts, task.module)
                if part.get("_ansible_facts_cacheable"):
                    self._state.learn(facts, "setup")
            if stats := part.get("ansible_stats"):
                self._state.notes.update({str(k): str(v) for k, v in stats["data"].items()})

    def _owner(self, task: Task, scope: Scope | None) -> HostState:
        """Whose facts a task finds: under `delegate_facts` those of the host it is delegated to."""
        keywords, states = task.keywords, self._shared.world.states
        if scope is None or keywords.delegate_to is None or not keywords.delegate_facts:
            return self._state
        return states.get(task_keywords.delegate(scope, keywords) or "", self._state)

    def remember_failure(self, task: Task, result: Result, scope: Scope) -> None:
        """What a rescue is told of the failure that led to it."""
        self._state.variables["ansible_failed_task"] = {
            "name": title(replace(task, role=None), scope) if task.name else "",
            "action": task.module,
            "args": map_templates(dict(task.arguments), str),
            "tags": sorted(task.keywords.tags),
        }
        self._state.variables["ansible_failed_result"] = results.registered(result)

    def grow(self, result: Result) -> None:
        """Take in the host or group that a task or one of its items adds, or the inventory that it
        has read again."""
        if not _GROWING.isdisjoint(result.returns):
            self._shared.world.roster.add(self._state.name, result.returns)

    def notify(self, task: Task, scopes: Sequence[Scope], flushing: bool) -> str:
        """Note the handlers that a change asks for: those that `notify` names in any of the scopes
        (a loop has one for each item). The name of one that there is not, or ""."""
        if not task.notify:
            return ""
        known = self._known()
        for scope in scopes:
            task_keywords = (scope.render(given) for given in task.notify)
            for name in _names(task_keywords):
                found = self._found(known, {name})
                if not found:
                    return name
                if not flushing:
                    self._early |= found - self.due
                    self._asked.add(name)
                self.due |= found
        return ""

    def _found(self, known: Sequence[Task], asked: set[str]) -> set[int]:
        """The handlers of these names, and those that listen to them."""
        named = self._by_name(known)
        chosen = {id(named[name]) for name in asked if name in named}
        return chosen | {id(handler) for handler in self._listening(known, asked)}

    def _listening(self, known: Sequence[Task], asked: set[str]) -> Iterator[Task]:
        """Those that listen to what was notified; of several with one name only one."""
        heard: set[str] = set()
        for handler in _last_file_first(known):
            if asked.isdisjoint(self._names(handler, handler.listen)):
                continue
            if str(handler.name) not in heard:
                yield handler
            if handler.name:
                heard.add(str(handler.name))

    def handlers(self) -> Sequence[Task]:
        """All handlers, where any is due: of these, those that are due when their turn comes are
        run (so a handler's own `notify` reaches those behind it)."""
        if not (self.due or self._asked):
            return ()
        known = self._known()
        if self._asked:
            self.due -= self._early
            self.due |= self._found(known, self._asked)
        self._early.clear()
        self._asked.clear()
        return known if self.due else ()

    def is_due(self, handler: Task) -> bool:
        return id(handler) in self.due

    def began(self, task: Task) -> None:
        """A handler that runs is due no more, unless it is notified again."""
        self.due.discard(id(task))

    def _known(self) -> list[Task]:
        return list(tasks_of((*self._shared.play.handlers, *self._state.handlers)))

    def _by_name(self, known: Sequence[Task]) -> Mapping[str, Task]:
        """As in Ansible, of handlers with one name that of the file read last (the play's own are)
        is run, and in one file the first."""
        found: dict[str, Task] = {}
        for handler in _last_file_first(known):
            for name in self._names(handler, (handler.name,)):
                found.setdefault(name, handler)
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


_GROWING = frozenset({"add_host", "add_group", "inventory"})
"""Values of what adds to the inventory."""


def _names(task_keywords: Iterable[Any]) -> Iterator[str]:
    """Names, each given alone or in a list."""
    for value in task_keywords:
        yield from map(str, value if isinstance(value, list) else [value])


def _last_file_first(handlers: Sequence[Task]) -> Iterator[Task]:
    """The handlers of the role, or of the play, that was read last before those before it."""
    files = [list(file) for _, file in groupby(handlers, lambda handler: id(handler.role))]
    return (handler for file in reversed(files) for handler in file)


def _item_scope(task: Task, scope: Scope | None, part: Mapping[str, Any]) -> Scope | None:
    """What the item sees whose result `part` is; the task's own scope where that does not loop."""
    if scope is None or task.loop is None or task.loop.variable not in part:
        return scope
    return scope.with_layers({task.loop.variable: part[task.loop.variable]})


def _parts(result: Result) -> Iterator[Mapping[str, Any]]:
    """The result, and those of a loop's items."""
    yield result.returns
    for part in result.returns.get("results", ()):
        if isinstance(part, Mapping):
            yield part
