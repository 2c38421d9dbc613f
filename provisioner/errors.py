"""Every exception that the package raises on purpose.

    ProvisionError
    ├── LoadError          bad input, with file:line:column; no host was touched (exit 3)
    │   ├── NotFound       a file or role of that name is nowhere: a task that includes it fails
    │   └── NoPlaybook     what a task includes can't be read: nothing catches that
    ├── UsageError         the command line makes no sense, no hosts matched (exit 5)
    ├── BecomeFailed       sudo or su refused; the engine fails the task (exit 2)
    │   └── NeedsTerminal  sudo wants a terminal: it is tried again on one
    └── ConnectionFailed   a host can't be used; the engine turns it into an event (exit 4)
        ├── Lost           the connection broke while in use; a task in flight is `unknown`
        └── NoSession      sshd allows the connection no further session (MaxSessions)

A command that fails on a host is a `Result`, never an exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from provisioner.records import dataclass

if TYPE_CHECKING:
    from provisioner.where import Where


class ProvisionError(Exception):
    """The root: catching it catches all that is not a bug."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the input: the reason, where, and what might be right instead."""

    reason: str
    where: Where | None = None
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.where.full}: " if self.where else ""
        excerpt = self.where.excerpt() if self.where else ""
        lines = (place + self.reason, excerpt, f"    {self.hint}" if self.hint else "")
        return "\n".join(line for line in lines if line)


class LoadError(ProvisionError):
    """Bad input: one problem or several, each with its place."""

    def __init__(self, reason: str = "", where: Where | None = None, hint: str = "") -> None:
        self.problems: tuple[Problem, ...] = (Problem(reason, where, hint),)
        super().__init__(reason)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> LoadError:
        """All of `problems` as one error."""
        error = cls(problems[0].reason)
        error.problems = tuple(problems)
        return error

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class NotFound(LoadError):
    """A file or role is nowhere, which a playbook may expect and rescue."""


class NoPlaybook(LoadError):
    """What is included while a playbook runs is none."""


class UsageError(ProvisionError):
    """The command line makes no sense as a whole."""


class ConnectionFailed(ProvisionError):
    """A host can't be reached or logged in to.

    `reason` says what happened in one line, `remedy` what the operator can do about it.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class Lost(ConnectionFailed):
    """The connection broke after it had been in use."""


class NoSession(ConnectionFailed):
    """sshd allows no further session on this connection; those that there are go on."""


class BecomeFailed(ProvisionError):
    """The host is there, but sudo or su refused: the task fails, the host is reachable (exit 2)."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class NeedsTerminal(BecomeFailed):
    """sudo wants a terminal and had none (requiretty)."""
