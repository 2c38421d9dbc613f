"""The state of the current task's loop: its items, and the results of the done items."""

from __future__ import annotations

from typing import Any

from provisioner.engine import results
from provisioner.language.scope import Scope
from provisioner.result import Result


class LoopState:
    """The state of a loop. It is empty between loops; `active` is true within one."""

    def __init__(self) -> None:
        self.active = False
        self.items: list[Any] = []
        self.results: list[tuple[Any, Result]] = []
        """(item, result) of each item that is done."""
        self.changed_scopes: list[Scope] = []
        """The scopes of the items whose results may notify handlers."""
        self.started = 0.0

    def begin(self, items: list[Any], started: float) -> None:
        """Begin a loop over `items`. `started` is the current time (time.monotonic)."""
        self.active, self.items, self.started = True, items, started
        self.results, self.changed_scopes = [], []

    def add(self, item: Any, result: Result) -> None:
        """Add the result of the next item."""
        self.results.append((item, result))

    def add_changed_scope(self, scope: Scope) -> None:
        self.changed_scopes.append(scope)

    def end(self) -> None:
        """End the loop, even if some items are not done."""
        self.active = False
        self.items, self.results, self.changed_scopes = [], [], []

    @property
    def is_complete(self) -> bool:
        return len(self.results) >= len(self.items)

    @property
    def done(self) -> int:
        """Return the number of done items."""
        return len(self.results)

    def facts(self) -> dict[str, Any]:
        """Return the facts that done items have set, for the following items."""
        facts: dict[str, Any] = {}
        for _, result in self.results:
            facts.update(result.returns.get("ansible_facts", {}))
        return facts

    def last_registered(self) -> dict[str, Any] | None:
        """Return the variables that the last item registered; None before the first item."""
        return results.registered(self.results[-1][1]) if self.results else None
