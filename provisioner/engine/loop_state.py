"""The loop of the current task: which items it has, and the results of those that are done."""

from __future__ import annotations

from typing import Any

from provisioner.engine import results
from provisioner.language.scope import Scope
from provisioner.result import Result


class LoopState:
    """Empty between loops: `active` says whether a task is in the middle of its loop."""

    def __init__(self) -> None:
        self.active = False
        self.items: list[Any] = []
        self.results: list[tuple[Any, Result]] = []
        """(item, result) of each item that is done."""
        self.changed_scopes: list[Scope] = []
        """What each item sees whose result may notify handlers."""
        self.started = 0.0

    def begin(self, items: list[Any], started: float) -> None:
        """Begin a loop over `items` at that time (of time.monotonic)."""
        self.active, self.items, self.started = True, items, started
        self.results, self.changed_scopes = [], []

    def add(self, item: Any, result: Result) -> None:
        """Add the result of the next item."""
        self.results.append((item, result))

    def add_changed_scope(self, scope: Scope) -> None:
        self.changed_scopes.append(scope)

    def end(self) -> None:
        """End the loop, whether or not all items are done."""
        self.active = False
        self.items, self.results, self.changed_scopes = [], [], []

    @property
    def is_complete(self) -> bool:
        return len(self.results) >= len(self.items)

    @property
    def done(self) -> int:
        """The number of items that are done."""
        return len(self.results)

    def facts(self) -> dict[str, Any]:
        """What the done items have set: the following items see it."""
        facts: dict[str, Any] = {}
        for _, result in self.results:
            facts.update(result.returns.get("ansible_facts", {}))
        return facts

    def last_registered(self) -> dict[str, Any] | None:
        """What the last item has registered, for the following one; None before the first."""
        return results.registered(self.results[-1][1]) if self.results else None
