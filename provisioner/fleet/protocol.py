"""What the controller and its workers tell each other."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from provisioner.engine.host_state import HostState
from provisioner.plan import Plan
from provisioner.records import dataclass

LEARNED = "learned"
"""Stands for whoever is told what a vault opens: that is each side's own."""


# From the controller.


@dataclass(frozen=True)
class Start:
    """The run begins. `connections` says how many hosts the machine that asks can be connected to.
    `files` are those that the worker must see as the controller does: their paths, and the SHA-256
    of what is in them."""

    plan: Plan
    connect: Any
    forks: int
    connections: Callable[[], int]
    stepping: bool
    files: Mapping[str, str]


@dataclass(frozen=True)
class BeginBatch:
    """The fields of a `Batch`."""

    number: int
    hosts: tuple[str, ...]
    batch: tuple[str, ...]
    needed: frozenset[str]


@dataclass(frozen=True)
class Advance:
    """Walk with the host; with `state` from its start, else on from its barrier."""

    host: str
    reply: Any
    state: HostState | None
    epoch: int
    """Grows with each barrier: what is known of other hosts is asked for again."""


@dataclass(frozen=True)
class Answered:
    number: int
    value: Any


@dataclass(frozen=True)
class Interrupted:
    signal: int


@dataclass(frozen=True)
class Kill:
    """End what runs on the hosts."""


@dataclass(frozen=True)
class ReleaseOthers:
    needed: frozenset[str]


# From a worker.


@dataclass(frozen=True)
class Synced:
    """How a host stands that waits or is through, with the first `learned` of the `LearnFacts` that
    were sent to its walk. Its `Waits` or `Through` follows."""

    state: HostState
    frames: int
    learned: int


@dataclass(frozen=True)
class Asked:
    number: int
    question: Any


@dataclass(frozen=True)
class StateOf:
    """A question: how a host stands."""

    host: str


@dataclass(frozen=True)
class ActiveHosts:
    """A question: which of the play's hosts still take part."""


@dataclass(frozen=True)
class MayEnter:
    """A question, answered when the host may enter a task that is throttled."""

    name: str
    limit: int


@dataclass(frozen=True)
class HasLeft:
    name: str


@dataclass(frozen=True)
class Lent:
    """How many slots are lent by hosts that wait for their connection."""

    count: int


@dataclass(frozen=True)
class LearnFacts:
    """Facts of a host that another one found (delegate_facts); in both directions. `known` are they
    to the host's walk, which is at the worker that tells of them."""

    host: str
    facts: Mapping[str, Any]
    module: str
    known: bool = False


@dataclass(frozen=True)
class Enlisted:
    """What add_host or group_by said on a host; in both directions."""

    host: str
    said: Mapping[str, Any]


@dataclass(frozen=True)
class Opened:
    """What a vault opened: to be masked."""

    value: Any


@dataclass(frozen=True)
class Misplaced:
    """Files of the run that the worker doesn't see, or sees otherwise: it can't take part."""

    files: tuple[str, ...]


@dataclass(frozen=True)
class Crashed:
    """An exception out of a walk, as a traceback."""

    traceback: str


def pack(messages: Sequence[Any], learned: Callable[[object], None]) -> bytes:
    """The messages as bytes. `learned` is this side's."""
    stream = io.BytesIO()
    _Pickler(stream, learned).dump(tuple(messages))
    return stream.getvalue()


def unpack(data: bytes, learned: Callable[[object], None]) -> tuple[Any, ...]:
    """What the other side packed, once or several times in a row: only for what it has sealed,
    since pickles can do anything."""
    stream, messages = io.BytesIO(data), []
    while stream.tell() < len(data):
        messages += _Unpickler(stream, learned).load()
    return tuple(messages)


class _Pickler(pickle.Pickler):
    def __init__(self, stream: io.BytesIO, learned: Callable[[object], None]) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self._learned = learned

    def persistent_id(self, value: Any) -> str | None:
        return LEARNED if callable(value) and value == self._learned else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, learned: Callable[[object], None]) -> None:
        super().__init__(stream)
        self._learned = learned

    def persistent_load(self, name: Any) -> Any:
        return self._learned
