"""The effects that a host's run asks its executor to carry out. The run itself does no I/O.

A run is a generator. It yields events and effects, and receives the reply to each effect. So a
thread of this process, a worker on another machine or a simulation can execute it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import field
from typing import Any, Literal, TypeVar

from provisioner.errors import BecomeFailed, ConnectionFailed
from provisioner.events import Event
from provisioner.lock_owner import LockOwner
from provisioner.records import dataclass
from provisioner.remote.become import Become
from provisioner.remote.channel import LONGEST
from provisioner.remote.shell import Report, Step
from provisioner.result import Result


@dataclass(frozen=True)
class SessionKey:
    """Identifies one shell on one host: host, connection, and user. Hashable."""

    host: str
    connection: str = "ssh"
    become: Become | None = None
    user: str | None = None
    """Login user from `remote_user`; None if a variable overrides it."""
    port: str | None = None
    """Port from the keyword `port`; None if a variable overrides it."""
    folder: str | None = None
    """Working directory of a local shell. As in Ansible, it is the playbook's directory."""


@dataclass(frozen=True)
class Exchange:
    """Send one frame; the reply is an `Answer`. `variables` are the connection variables."""

    session_key: SessionKey
    steps: tuple[Step, ...]
    variables: Mapping[str, Any] = field(compare=False)
    throttle: tuple[str, int] | None = None
    """A task, and the maximum number of hosts that may run it at once."""
    exclusive_machine: str = ""
    """The machine that the frame changes, if runs of other hosts may change it too. Only one of
    them may do so at a time, until its task or loop item has ended.
    """
    lock: LockOwner | None = None
    """This run, if the frame's changes need the lock of the session's host."""

    @property
    def locks(self) -> bool:
        """Whether the frame needs the lock of the session's host."""
        return self.lock is not None and any(step.mode == "apply" for step in self.steps)


@dataclass(frozen=True)
class Answer:
    """The received reports, in order, and the error that ended the exchange."""

    reports: tuple[Report, ...] = ()
    lost: ConnectionFailed | BecomeFailed | None = None
    sent: bool = True
    """Whether the frame may have reached the host."""
    ended: tuple[float, ...] = ()
    """Arrival time of each report (time.monotonic)."""
    notices: tuple[str, ...] = ()
    """Messages about the connection for the operator. Each text is reported once."""
    same_machine: tuple[str, ...] = ()
    """Names of hosts that were found to be one machine."""


@dataclass(frozen=True)
class Sleep:
    """Wait that many seconds, at most `LONGEST`."""

    seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", min(self.seconds, LONGEST))


@dataclass(frozen=True)
class AwaitLock:
    """Wait that many seconds, because another run holds the lock of a host.

    With `gives_way`, the run releases the locks of its hosts on which no task runs now. Otherwise
    two runs could wait for each other.
    """

    seconds: float
    gives_way: bool


@dataclass(frozen=True)
class Reset:
    """Close the host's connections: the next exchange makes new ones."""


@dataclass(frozen=True)
class Barrier:
    """Wait until no host of the batch can reach an earlier place; the reply is `Released`.

    `key` is the place in the play. With `once`, the first waiting host is the leader: it runs the
    task and yields `Publish`, and the others get its result. --step asks the operator about
    `title`. With a `prompt`, the operator is asked once for all hosts, and the reply contains the
    typed text. The terminal shows the text if `echo` is set.
    """

    key: tuple[int, ...]
    once: bool = False
    title: str = ""
    prompt: str | None = None
    echo: bool = True


@dataclass(frozen=True)
class Publish:
    """The leader's result, for the hosts that wait at `key`.

    With `ends`, no host continues: in this batch, or in all batches of the play.
    """

    key: tuple[int, ...]
    result: Result | None = None
    ends: Literal["", "batch", "play"] = ""
    clears_errors: bool = False
    """Let hosts that are out take part in later plays."""


@dataclass(frozen=True)
class Released:
    """The reply to a barrier: whether and how the host continues."""

    leader: bool = True
    result: Result | None = None
    """The leader's result, for the other hosts."""
    stop: str = ""
    """Why this host must not continue (another host has failed), or ""."""
    end_play: bool = False
    skip: bool = False
    """The operator has declined this task for all hosts."""
    answer: str = ""
    """The text that the operator typed."""


Effect = Exchange | Sleep | AwaitLock | Reset | Barrier | Publish

T = TypeVar("T")

Effects = Generator[Event | Effect, Any, T]
"""A part of a host's run: it yields events and effects, is sent replies, and returns a T."""
