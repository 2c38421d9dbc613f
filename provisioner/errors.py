"""All exceptions that the package raises on purpose.

    ProvisionError
    ├── LoadError             invalid input, with file:line:column (exit 3)
    │   ├── IncludeNotFound   an included file or role does not exist: the task fails
    │   └── InvalidInclude    an included file is invalid: not rescued, not ignored
    ├── UsageError            invalid command line, or no hosts matched (exit 5)
    ├── BecomeFailed          sudo or su refused: the task fails (exit 2)
    │   └── NeedsTerminal     sudo requires a terminal: try again with one
    └── ConnectionFailed      a host cannot be reached: it is unreachable (exit 4)
        ├── ConnectionLost    an open connection broke: a running task is `unknown`
        └── SessionRefused    sshd refuses another session on the connection (MaxSessions)

A command that fails on a host is a `Result`, not an exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from provisioner.records import dataclass

if TYPE_CHECKING:
    from provisioner.where import Where


class ProvisionError(Exception):
    """Base class of all exceptions that are not bugs."""


@dataclass(frozen=True)
class Problem:
    """One error in the input: the reason, the place, and a hint about the right input."""

    reason: str
    where: Where | None = None
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.where.full}: " if self.where else ""
        excerpt = self.where.excerpt() if self.where else ""
        lines = (place + self.reason, excerpt, f"    {self.hint}" if self.hint else "")
        return "\n".join(line for line in lines if line)


class LoadError(ProvisionError):
    """Invalid input: one or several problems, each with its place."""

    def __init__(self, reason: str = "", where: Where | None = None, hint: str = "") -> None:
        self.problems: tuple[Problem, ...] = (Problem(reason, where, hint),)
        super().__init__(reason)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> LoadError:
        """Return one error with all `problems`."""
        error = cls(problems[0].reason)
        error.problems = tuple(problems)
        return error

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class IncludeNotFound(LoadError):
    """An included file or role does not exist. A playbook may rescue this."""


class InvalidInclude(LoadError):
    """A file that a task includes is invalid. A playbook cannot rescue this."""


class UsageError(ProvisionError):
    """The combination of arguments is invalid, or no hosts matched."""


class ConnectionFailed(ProvisionError):
    """Connecting or logging in to a host failed.

    `reason` says in one line what happened, `hint` what the operator can do about it.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class ConnectionLost(ConnectionFailed):
    """An open connection broke."""


class SessionRefused(ConnectionFailed):
    """sshd refuses another session on this connection. The open sessions continue."""


class BecomeFailed(ProvisionError):
    """sudo or su refused to become a user: the task fails, but the host is reachable (exit 2)."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class NeedsTerminal(BecomeFailed):
    """sudo requires a terminal (requiretty) and had none."""
