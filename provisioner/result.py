"""The result of a task on a host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from provisioner.records import dataclass


class Outcome(StrEnum):
    """How a task ended on a host. The values are those of the JSON events."""

    OK = "ok"
    CHANGED = "changed"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Diff:
    """A file's text before and after a task, with a header for each."""

    before: str
    after: str
    before_header: str = ""
    after_header: str = ""


_MAX_LAST_LINE = 200
"""Characters of a command's last line on stderr that the reason of its failure contains."""


@dataclass(frozen=True)
class Result:
    """The outcome of a task on a host, and the module's return values.

    `returns` has Ansible's names (`rc`, `stdout`, `stat`, …); its values are plain data and never
    rendered as templates. `hint` says what the operator can do about a failure.
    """

    outcome: Outcome
    message: str = ""
    changes: tuple[str, ...] = ()
    returns: Mapping[str, Any] = field(default_factory=dict)
    diff: tuple[Diff, ...] = ()
    hint: str = ""
    unrendered: bool = False
    """The task failed because its templates cannot be rendered. failed_when does not apply."""
    unsupported: bool = False
    """The task failed because provision lacks a feature that the playbook uses. No `rescue`
    applies, since it is meant for failures of the host."""
    traceback: str = ""
    """The traceback of an exception that was not expected, for -vvv."""

    @property
    def failed(self) -> bool:
        return self.outcome is Outcome.FAILED

    @property
    def reason(self) -> str:
        """The message, and the last line of a failed command's stderr after it.

        `exit 1` alone does not explain a failure.
        """
        stderr = self.returns.get("stderr") if self.returns.get("rc") else ""
        last_line = str(stderr or "").rstrip().rpartition("\n")[2].strip()[:_MAX_LAST_LINE]
        if last_line in self.message:
            return self.message
        return f"{self.message}: {last_line}".lstrip(": ")
