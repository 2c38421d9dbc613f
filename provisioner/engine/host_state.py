"""The state of a host in a run: variables that its tasks have set, counts, and status."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from provisioner.events import HostSummary, Status
from provisioner.language.play import Node, Role, Task
from provisioner.records import dataclass
from provisioner.result import Outcome
from provisioner.where import Where

STOPPED = "the run ended before this host finished"


@dataclass
class HostState:
    """One host's state over all plays of a run.

    Only the host's own run changes it, except for `learn`: other hosts may delegate facts to this
    host.
    """

    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    """Gathered facts, under their `ansible_` names."""
    facts_gathered: bool = False
    variables: dict[str, Any] = field(default_factory=dict)
    """From set_fact and register."""
    included: dict[str, Any] = field(default_factory=dict)
    """From include_vars."""
    vars_files: dict[Where, Mapping[str, Any] | None] = field(default_factory=dict)
    """The variables of each play's vars_files, by the play's place. None while the name of a file
    can't be rendered.
    """
    roles: list[Role] = field(default_factory=list)
    """Roles that were included with `public`. Later tasks see their defaults and vars."""
    ran: dict[str, str] = field(default_factory=dict)
    """Roles of the play that have run: `call_key` -> `call_id` of the first call."""
    handlers: list[Node] = field(default_factory=list)
    """Handlers of included roles."""
    counts: Counter[str] = field(default_factory=Counter)
    notes: dict[str, str] = field(default_factory=dict)
    """Texts for the recap, for example from set_stats."""
    out: Status | None = None
    """Why the host is out of the run: failed, unreachable or unknown. None while it takes part."""
    cleared: Status | None = None
    """The value of `out` before `meta: clear_host_errors`."""
    reason: str = ""
    hint: str = ""
    fatal: str = ""
    """Why this host's failure ends the run for all hosts, or "". Examples: `any_errors_fatal`, a
    `run_once` task with an unknown outcome, unreadable files.
    """
    touched: bool = False
    """Whether a task has been counted."""
    differs: bool = False
    """Whether check mode has skipped something that would have changed the host."""
    seconds: float = 0.0

    @property
    def is_known(self) -> bool:
        """Whether the host has run a task or has any variables."""
        return bool(self.touched or self.variables or self.facts)

    def begin_play(self) -> None:
        """Reset the state that belongs to the previous play."""
        self.roles.clear()
        self.ran.clear()
        self.handlers.clear()

    # -- values that tasks set

    def register(self, name: str, value: Any) -> None:
        """Set a registered variable."""
        self.variables[name] = value

    def learn(self, facts: Mapping[str, Any], module: str) -> None:
        """Store a result's `ansible_facts`, under the rules of the module that returned them.

        Other hosts that delegate facts to this host may call this at any time.
        """
        if module == "include_vars":
            self.included.update(facts)
        elif module != "set_fact":
            stripped = {name.removeprefix("ansible_"): value for name, value in facts.items()}
            with _learning:
                self.facts.update(facts)
                self.facts["ansible_facts"] = {**self.facts.get("ansible_facts", {}), **stripped}
        else:
            self.variables.update(facts)

    def note_facts_gathered(self) -> None:
        """Note that no later play has to gather facts."""
        self.facts_gathered = True

    def clear_facts(self) -> None:
        self.facts.clear()
        self.facts_gathered = False

    def store_vars_files(self, play: Where, variables: Mapping[str, Any] | None) -> None:
        """Store the variables of the vars_files of the play at that place."""
        self.vars_files[play] = variables

    def add_role(self, handlers: Sequence[Node], exported: Sequence[Role]) -> None:
        """Add the handlers of an included role, and the roles whose variables become public."""
        self.handlers += handlers
        self.roles += exported

    def add_notes(self, notes: Mapping[Any, Any]) -> None:
        self.notes.update({str(name): str(text) for name, text in notes.items()})

    # -- outcomes of tasks

    def count(
        self, outcome: Outcome, *, ignored: bool, rescued: bool, changed: bool = False
    ) -> None:
        """Count one finished task.

        As in Ansible, a changed task also counts as ok, and an ignored failure may count as a
        change.
        """
        self.touched = True
        if ignored or rescued:
            self.counts["ignored" if ignored else "rescued"] += 1
            self.counts["ok"] += ignored
            self.counts["changed"] += ignored and changed
            return
        self.counts[outcome] += 1
        if outcome is Outcome.CHANGED:
            self.counts["ok"] += 1

    def note_role_ran(self, role: Role) -> None:
        """Note that a task of the role has run, so that equal calls of the role do not run."""
        self.ran.setdefault(role.call_key, role.call_id)

    def has_run(self, task: Task) -> bool:
        """Whether the task belongs to a role that has run before and must not run twice."""
        role = task.role
        if role is None or role.allow_duplicates or task.handler:
            return False
        return self.ran.get(role.call_key, role.call_id) != role.call_id

    def note_difference(self) -> None:
        """Note that check mode has skipped something that would have changed the host."""
        self.differs = True

    def leave(self, status: Status, reason: str, hint: str = "", fatal: str = "") -> None:
        """Take the host out of the run. `fatal` is the reason if no host may continue."""
        self.out, self.reason, self.hint = status, reason, hint
        self.fatal = fatal or self.fatal

    def crash(self, reason: str, hint: str, fatal: str) -> None:
        """Take the host out because of a bug: it is unknown what its last task has done."""
        self.touched = True
        self.leave(Status.UNKNOWN, reason, hint, fatal)

    def stop(self) -> None:
        """Note that the run was stopped before this host finished."""
        if self.out is None and not self.reason:
            self.reason = STOPPED

    def clear_errors(self) -> None:
        """Let the host take part again. The recap still shows its failure."""
        if self.out is not None:
            self.cleared, self.out, self.fatal = self.out, None, ""

    # -- values for reports

    def copied(self) -> HostState:
        """Return a copy that later changes do not affect."""
        return replace(
            self,
            facts=self.facts.copy(),
            variables=self.variables.copy(),
            included=self.included.copy(),
            vars_files=self.vars_files.copy(),
            counts=self.counts.copy(),
            notes=self.notes.copy(),
        )

    def add_seconds(self, since: float) -> None:
        """Add the time since `since` (time.monotonic) to the host's seconds."""
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
        if failed := self.out or self.cleared:
            return failed
        if not self.touched:
            return Status.NOT_RUN
        return Status.CHANGED if self.counts["changed"] else Status.OK


_learning = threading.Lock()
