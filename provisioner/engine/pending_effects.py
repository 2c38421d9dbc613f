"""What a task sees that is yet to come: of its loop's earlier items, of tasks queued before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from provisioner.engine import results
from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.records import dataclass
from provisioner.result import Result


@dataclass
class Loop:
    """A loop under way: its items, and what came of those that are done."""

    items: list[Any]
    results: list[tuple[Any, Result]] = field(default_factory=list)
    since: float = 0.0
    scopes: list[Scope] = field(default_factory=list)
    """What the items see that may notify handlers."""

    def facts(self) -> dict[str, Any]:
        """What the items that are done have set, which those behind them see."""
        found: dict[str, Any] = {}
        for _, result in self.results:
            found.update(result.returns.get("ansible_facts", {}))
        return found

    def registered(self) -> dict[str, Any] | None:
        """The result of the last item that was done, which those behind it see."""
        return results.registered(self.results[-1][1]) if self.results else None


@dataclass
class PendingEffects:
    """What queued tasks will have done once they are through."""

    variables: dict[str, Any] = field(default_factory=dict)
    facts: bool = False
    notifies: bool = False
    here: bool = False
    """Whether files of this machine may change, which lookups and modules read."""
    roles: dict[str, str] = field(default_factory=dict)
    included: set[str] = field(default_factory=set)
    """Names that include_vars gives: those that set_fact and register give prevail."""

    def learn(self, task: Task, facts: Mapping[str, Any], known: Mapping[str, Any]) -> None:
        """Take in what the task sets; `known` is what set_fact and register gave before."""
        if task.module == "include_vars":
            kept = {**known, **self.variables}.keys() - self.included
            facts = {name: value for name, value in facts.items() if name not in kept}
            self.included.update(facts)
        else:
            self.included.difference_update(facts)
        self.variables.update(facts)

    def repeats(self, task: Task) -> bool:
        """Whether the task must not run if what is queued of its role, called before, will have."""
        role = task.role
        if role is None or task.handler:
            return False
        first = self.roles.setdefault(role.call_key, role.call_id)
        return not role.allow_duplicates and first != role.call_id
