"""What a host's run asks its executor to do. The run itself does no I/O.

It is a generator: it yields events and effects, and is sent the reply to each effect. So threads of
this process can carry it out, a worker on another machine, or a simulation.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import field
from typing import Any, Literal, TypeVar

from provisioner.errors import BecomeFailed, ConnectionFailed
from provisioner.events import Event
from provisioner.records import dataclass
from provisioner.remote.become import Become
from provisioner.remote.channel import LONGEST
from provisioner.remote.shell import Report, Step
from provisioner.result import Result


@dataclass(frozen=True)
class SessionKey:
    """One shell on one host: which host, how it is reached, and as which user. Hashable."""

    host: str
    connection: str = "ssh"
    become: Become | None = None
    user: str | None = None
    """Login user from `remote_user`; None if a variable says another one."""
    port: str | None = None
    """The same of `port`."""
    folder: str | None = None
    """The directory in which a local shell starts: as in Ansible, that of the playbook."""


@dataclass(frozen=True)
class Exchange:
    """Send one frame; the reply is an `Answer`. `variables` say how to reach the host."""

    session_key: SessionKey
    steps: tuple[Step, ...]
    variables: Mapping[str, Any] = field(compare=False)
    throttle: tuple[str, int] | None = None
    """A task, and the maximum number of hosts that may be in it at once."""
    exclusive_machine: str = ""
    """The machine that the frame changes, if runs of other hosts may change it too. Only one of
    them may do so at a time, until its task or item has ended."""


@dataclass(frozen=True)
class Answer:
    """The reports that arrived, in order, and the error that prevented further ones."""

    reports: tuple[Report, ...] = ()
    lost: ConnectionFailed | BecomeFailed | None = None
    sent: bool = True
    """Whether the frame may have reached the host."""
    ended: tuple[float, ...] = ()
    """When each report arrived (time.monotonic)."""
    notices: tuple[str, ...] = ()
    """What the operator should know about the connection; each text is given once."""


@dataclass(frozen=True)
class Sleep:
    """Wait that many seconds, at most `LONGEST`."""

    seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", min(self.seconds, LONGEST))


@dataclass(frozen=True)
class Reset:
    """Close the host's connections: the next exchange makes new ones."""


@dataclass(frozen=True)
class Barrier:
    """Wait until no host of the batch can still come to an earlier place; the reply is `Released`.

    `key` is the place in the play. With `once`, the first of the hosts that wait there is the
    leader: it runs the task and yields `Publish`, and the others are released with its result.
    --step asks the operator about `title`. With a `prompt`, the operator is asked once for all
    hosts, and the reply holds what they type; the terminal shows it if `echo` is set.
    """

    key: tuple[int, ...]
    once: bool = False
    title: str = ""
    prompt: str | None = None
    echo: bool = True


@dataclass(frozen=True)
class Publish:
    """The leader's result, for the hosts that wait at `key`. With `ends`, no host goes on: in this
    batch, or in all batches of the play."""

    key: tuple[int, ...]
    result: Result | None = None
    ends: Literal["", "batch", "play"] = ""
    clears_errors: bool = False
    """Hosts that are out take part in the plays that follow."""


@dataclass(frozen=True)
class Released:
    """The host may go on."""

    leader: bool = True
    result: Result | None = None
    """The leader's result, for the other hosts."""
    stop: str = ""
    """Why this host must not go on: another host's failure."""
    end_play: bool = False
    skip: bool = False
    """The operator wants no host to run this task."""
    answer: str = ""
    """What the operator has typed."""


Effect = Exchange | Sleep | Reset | Barrier | Publish

T = TypeVar("T")

Effects = Generator[Event | Effect, Any, T]
"""A part of a host's run: it yields events and effects, is sent replies, and returns a T."""
