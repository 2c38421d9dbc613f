"""What one task did on one host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from provisioner.records import dataclass


class Outcome(StrEnum):
    """The one way in which a task ended on a host (the words of the JSON events)."""

    OK = "ok"
    CHANGED = "changed"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Diff:
    """One file's text before and after; headers name them."""

    before: str
    after: str
    before_header: str = ""
    after_header: str = ""


_LAST_WORDS = 200
"""Characters of a command's last line that belong to the reason of its failure."""


@dataclass(frozen=True)
class Result:
    """A task's end on a host, and what it returns.

    `returns` holds the module's return values in Ansible's names (`rc`, `stdout`, `stat`, …): plain
    data, never rendered. `remedy` says what the operator can do about a failure.
    """

    outcome: Outcome
    message: str = ""
    changes: tuple[str, ...] = ()
    returns: Mapping[str, Any] = field(default_factory=dict)
    diff: tuple[Diff, ...] = ()
    hint: str = ""
    unrendered: bool = False
    """It failed since its own templates can't be rendered: there is nothing to be judged."""
    beyond: bool = False
    """It failed since provision lacks what the playbook asks for. That says nothing of the host, so
    what the playbook does about failures is not meant for it."""

    @property
    def failed(self) -> bool:
        return self.outcome is Outcome.FAILED

    @property
    def reason(self) -> str:
        """Why it failed: the message, and what a command wrote last to stderr, where there is
        something: `exit 1` alone says little."""
        said = self.returns.get("stderr") if self.returns.get("rc") else ""
        last = str(said or "").rstrip().rpartition("\n")[2].strip()[:_LAST_WORDS]
        return self.message if last in self.message else f"{self.message}: {last}".lstrip(": ")
