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
        │   └── MalformedReport   the host sent something that is no report
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

    `reason` says in one line what happened, `hint` what the operator can do about it. `traceback`
    is that of an exception that was not expected, else "".
    """

    def __init__(self, reason: str, hint: str = "", traceback: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.traceback = traceback


class ConnectionLost(ConnectionFailed):
    """An open connection broke."""


LONGEST_DESCRIPTION = 300
"""Characters of the text of an exception that a message shows."""


def describe(error: BaseException) -> str:
    """Return the type and the text of an exception that was not expected, on one line."""
    text = " ".join(str(error).split())
    name = type(error).__name__
    whole = f"{name}: {text}" if text else name
    return whole if len(whole) <= LONGEST_DESCRIPTION else f"{whole[:LONGEST_DESCRIPTION]} …"


def traceback_of(error: BaseException) -> str:
    """Return the traceback of an exception as Python prints it."""
    import traceback

    return "".join(traceback.format_exception(error))


def unexpected(error: Exception, doing: str) -> ConnectionLost:
    """Return the error of a host for an exception that was raised while `doing` something with it.

    What a server or a program sends can make any library raise any exception.
    """
    if isinstance(error, MemoryError):
        return ConnectionLost("this machine has no memory left", "lower --forks")
    return ConnectionLost(
        f"{doing} failed: {describe(error)}",
        "its server does not keep to the protocol, or provision has a bug: -vvv shows the"
        " traceback",
        traceback_of(error),
    )


class MalformedReport(ConnectionLost):
    """The host sent something that is no report, or more than a report may have.

    Nothing that the host sends after it can be understood.
    """

    def __init__(self, sent: str, hint: str = "", traceback: str = "") -> None:
        """Set the reason. `sent` continues "the host sent"."""
        super().__init__(
            f"the host sent {sent}",
            hint
            or "find out what on the host writes into its answers: the user's profile, a wrapper of"
            " sh, or someone who has changed them",
            traceback,
        )


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
