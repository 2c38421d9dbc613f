"""What a host's walk asks of whoever drives it. The walk itself does no I/O.

A walk is a generator: it yields events and effects, and is sent the reply to an effect. Threads
drive it here; a simulation or another machine can drive the same walk.
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


@dataclass(frozen=True)
class SessionKey:
    """One shell on one host: which host, how it is reached, and as whom. Hashable."""

    host: str
    connection: str = "ssh"
    become: Become | None = None
    user: str | None = None
    """Whom remote_user says to log in as, where no variable does."""
    port: str | None = None
    folder: str | None = None
    """Where a local shell starts: relative paths are beside the playbook, as in Ansible."""


@dataclass(frozen=True)
class Exchange:
    """Send one frame, reply `Answer`. `variables` are the host's, for its connection."""

    session_key: SessionKey
    steps: tuple[Step, ...]
    variables: Mapping[str, Any] = field(compare=False)
    throttle: tuple[str, int] | None = None
    """At most that many hosts at once may be in that task."""
    alone: str = ""
    """The machine that the frame changes where walks of other hosts may, too: no two do so at once,
    until the task's end, or its item's."""


@dataclass(frozen=True)
class Answer:
    """The reports that came, in order, and what ended them before their time."""

    reports: tuple[Report, ...] = ()
    lost: ConnectionFailed | BecomeFailed | None = None
    sent: bool = True
    """Whether the frame may have reached the host."""
    ended: tuple[float, ...] = ()
    """When each report came (time.monotonic)."""
    notices: tuple[str, ...] = ()
    """What the operator should know of the way to the host; said once."""


@dataclass(frozen=True)
class Sleep:
    """Wait that many seconds, or `LONGEST`."""

    seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", min(self.seconds, LONGEST))


@dataclass(frozen=True)
class Reset:
    """Close the host's connections: the next exchange makes new ones."""


@dataclass(frozen=True)
class Barrier:
    """Wait until every live host of the batch is at `key` or past it; reply `Released`.

    `key` orders the places of a play. With `once`, one host of the group is the leader: it runs
    the task and yields `Publish`, and the others are released with what it published. `title` is
    what --step asks about; with a `prompt` the operator is asked once for all hosts, and what they
    type (shown, where `echo`) is the reply's `answer`.
    """

    key: tuple[int, ...]
    once: bool = False
    title: str = ""
    prompt: str | None = None
    echo: bool = True


@dataclass(frozen=True)
class Publish:
    """The leader's result for the others at `key`; with `ends`, nobody goes on: for
    the batch, or for the play and all of its batches."""

    key: tuple[int, ...]
    shared: Any = None
    ends: Literal["", "batch", "play"] = ""
    forgives: bool = False
    """Hosts that are out of the play may take part in the plays that follow."""


@dataclass(frozen=True)
class Released:
    """The way is free. `stop` says why this host must not go on (another host's failure); `skip`
    that the operator wants no host to do this task."""

    leader: bool = True
    shared: Any = None
    stop: str = ""
    end_play: bool = False
    skip: bool = False
    answer: str = ""


Effect = Exchange | Sleep | Reset | Barrier | Publish

T = TypeVar("T")

Effects = Generator[Event | Effect, Any, T]
"""A part of a host's run: it yields events and effects, is sent replies, and returns a T."""
