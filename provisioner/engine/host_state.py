"""What is known of a host while a run goes on: variables it gained, counts, how it stands."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from provisioner.events import HostSummary, Status
from provisioner.language.play import Node, Role, Task
from provisioner.records import dataclass
from provisioner.result import Outcome
from provisioner.where import Where

STOPPED = "the run ended before this host was through"


@dataclass
class HostState:
    """One host's state over all plays of a run. Changed by its own walk only, but for `learn`."""

    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    """Gathered facts, under their `ansible_` names."""
    facts_gathered: bool = False
    variables: dict[str, Any] = field(default_factory=dict)
    """From set_fact and register."""
    included: dict[str, Any] = field(default_factory=dict)
    """From include_vars."""
    vars_files: dict[Where, Mapping[str, Any] | None] = field(default_factory=dict)
    """Variables of the vars_files of the play that stands there; None while a name can't be
    rendered."""
    roles: list[Role] = field(default_factory=list)
    """Included roles whose defaults and vars later tasks see (`public`)."""
    ran: dict[str, str] = field(default_factory=dict)
    """`call` of the play's roles that have done something ▶ the occurrence that did first."""
    handlers: list[Node] = field(default_factory=list)
    """Handlers that included roles brought along."""
    counts: Counter[str] = field(default_factory=Counter)
    notes: dict[str, str] = field(default_factory=dict)
    out: Status | None = None
    """Why the host takes no further part: failed, unreachable or unknown."""
    forgiven: Status | None = None
    """The same, where `meta: clear_host_errors` has let it in again."""
    reason: str = ""
    hint: str = ""
    fatal: str = ""
    """Why its failure is one of all: `any_errors_fatal`, a `run_once` task of unknown fate, or what
    was included can't be read."""
    touched: bool = False
    differs: bool = False
    """Whether check mode has left something out that would have changed it."""
    started: float = 0.0
    seconds: float = 0.0

    @property
    def is_known(self) -> bool:
        """Whether it has done anything or has any variables."""
        return bool(self.touched or self.variables or self.facts)

    def count(
        self, outcome: Outcome, *, ignored: bool, rescued: bool, changed: bool = False
    ) -> None:
        """Add one task. As in Ansible, a changed task is one of those that are ok, and a failure
        that is ignored may be a change."""
        self.touched = True
        if ignored or rescued:
            self.counts["ignored" if ignored else "rescued"] += 1
            self.counts["ok"] += ignored
            self.counts["changed"] += ignored and changed
            return
        self.counts[outcome] += 1
        if outcome is Outcome.CHANGED:
            self.counts["ok"] += 1

    def has_run(self, task: Task) -> bool:
        """Whether the task is one of a role that has run before, and must not run twice."""
        role = task.role
        if role is None or role.allow_duplicates or task.handler:
            return False
        return self.ran.get(role.call_key, role.call_id) != role.call_id

    def learn(self, facts: Mapping[str, Any], module: str) -> None:
        """Take in a result's `ansible_facts`: of setup and its kin, set_fact or include_vars.
        Walks of other hosts that are delegated here may bring some at any time."""
        if module == "include_vars":
            self.included.update(facts)
        elif module != "set_fact":
            stripped = {name.removeprefix("ansible_"): value for name, value in facts.items()}
            with _learning:
                self.facts.update(facts)
                self.facts["ansible_facts"] = {**self.facts.get("ansible_facts", {}), **stripped}
        else:
            self.variables.update(facts)

    def copied(self) -> HostState:
        """How it stands now, which nobody changes any more."""
        return replace(
            self,
            facts=self.facts.copy(),
            variables=self.variables.copy(),
            included=self.included.copy(),
            vars_files=self.vars_files.copy(),
            counts=self.counts.copy(),
            notes=self.notes.copy(),
        )

    def leave(self, status: Status, reason: str, hint: str = "") -> None:
        """Take the host out of the run."""
        self.out, self.reason, self.hint = status, reason, hint

    def stop(self) -> None:
        """The run ends before the host is through."""
        if self.out is None and not self.reason:
            self.reason, self.hint = STOPPED, "run again: what is done already stays done"

    def forgive(self) -> None:
        """Let the host take part again; the recap still says how it once failed."""
        if self.out is not None:
            self.forgiven, self.out = self.out, None

    def tick(self, since: float) -> None:
        self.seconds += time.monotonic() - since

    def summary(self) -> HostSummary:
        counts = self.counts
        return HostSummary(
            status=self._status(),
            ok=counts["ok"],
            changed=counts["changed"],
            failed=counts["failed"],
            skipped=counts["skipped"],
            ignored=counts["ignored"],
            rescued=counts["rescued"],
            seconds=round(self.seconds, 3),
            notes=tuple(f"{name}: {text}" for name, text in self.notes.items()),
        )

    def _status(self) -> Status:
        if failed := self.out or self.forgiven:
            return failed
        if not self.touched:
            return Status.NOT_RUN
        return Status.CHANGED if self.counts["changed"] else Status.OK


_learning = threading.Lock()
