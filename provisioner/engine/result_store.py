"""Store results for later tasks of a host: registered variables, facts, statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from provisioner.engine import results, task_keywords
from provisioner.engine.host_state import HostState
from provisioner.engine.scopes import title
from provisioner.engine.world import PlayWorld
from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import map_templates
from provisioner.result import Outcome, Result


class ResultStore:
    """Writes results into the host's state, and hosts and groups into the inventory."""

    def __init__(self, play_world: PlayWorld, state: HostState) -> None:
        self._play_world, self._state = play_world, state

    def store(self, task: Task, result: Result, scope: Scope | None = None) -> None:
        """Register the result, and keep its facts and statistics."""
        if task.register:
            self._state.register(task.register, results.registered(result))
        if result.outcome not in (Outcome.OK, Outcome.CHANGED):
            return
        for returns in _returns(result):
            if (facts := returns.get("ansible_facts")) and task.module != "debug":
                owner = self._owner_of_facts(task, _item_scope(task, scope, returns))
                owner.learn(facts, task.module)
                if returns.get("_ansible_facts_cacheable"):
                    self._state.learn(facts, "setup")
            if stats := returns.get("ansible_stats"):
                self._state.add_notes(stats["data"])

    def store_failure(self, task: Task, result: Result, scope: Scope) -> None:
        """Set the variables that describe the failure in a rescue."""
        failed_task = {
            "name": title(replace(task, role=None), scope) if task.name else "",
            "action": task.module,
            "args": map_templates(dict(task.arguments), str),
            "tags": sorted(task.keywords.tags),
        }
        self._state.register("ansible_failed_task", failed_task)
        self._state.register("ansible_failed_result", results.registered(result))

    def extend_inventory(self, result: Result) -> None:
        """Write the additions to the inventory that the result contains.

        These are a host or group that the task or one of its items adds, or an inventory that was
        read again.
        """
        if not _INVENTORY_VALUES.isdisjoint(result.returns):
            self._play_world.world.roster.report(self._state.name, result.returns)

    def _owner_of_facts(self, task: Task, scope: Scope | None) -> HostState:
        """Return the host that gets the task's facts: with `delegate_facts` the delegated host."""
        keywords, states = task.keywords, self._play_world.world.states
        if scope is None or keywords.delegate_to is None or not keywords.delegate_facts:
            return self._state
        return states.get(task_keywords.delegated_host(scope, keywords) or "", self._state)


_INVENTORY_VALUES = frozenset({"add_host", "add_group", "inventory"})
"""Return values that change the inventory."""


def _item_scope(task: Task, scope: Scope | None, returns: Mapping[str, Any]) -> Scope | None:
    """Return the scope of the loop item with these return values; `scope` itself without a loop."""
    if scope is None or task.loop is None or task.loop.variable not in returns:
        return scope
    return scope.with_layers({task.loop.variable: returns[task.loop.variable]})


def _returns(result: Result) -> Iterator[Mapping[str, Any]]:
    """Yield the return values of the result, and of each item of a loop."""
    yield result.returns
    for item in result.returns.get("results", ()):
        if isinstance(item, Mapping):
            yield item
