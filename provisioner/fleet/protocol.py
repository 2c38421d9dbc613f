"""The messages between the controller and its workers, and their form as bytes.

fleet/encryption.py encrypts the bytes, fleet/dask_cluster.py transports them.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from provisioner.engine.host_state import HostState
from provisioner.plan import Plan
from provisioner.records import dataclass

ON_DECRYPTED = "on_decrypted"
"""Stands in a pickle for the callback that receives decrypted vault values: each side has one."""


# From the controller to a worker.


@dataclass(frozen=True)
class Start:
    """Start the run.

    `max_connections` returns how many hosts the calling machine can be connected to. `files` maps
    the paths of the run's files to the SHA-256 of their content; the worker must see the same.
    """

    plan: Plan
    connector: Any
    forks: int
    max_connections: Callable[[], int]
    stepping: bool
    files: Mapping[str, str]


@dataclass(frozen=True)
class BeginBatch:
    """Begin a batch. The fields are those of `Batch`."""

    number: int
    hosts: tuple[str, ...]
    batch: tuple[str, ...]
    needed: frozenset[str]


@dataclass(frozen=True)
class Advance:
    """Run the host: from the start of the play with `state`, or after its barrier with `reply`."""

    host: str
    reply: Any
    state: HostState | None
    epoch: int
    """Grows with each change of a host's state. The worker then discards the states of other hosts
    that it has requested before."""


@dataclass(frozen=True)
class ControllerResponse:
    """The response to the `WorkerRequest` with the same number."""

    number: int
    value: Any


@dataclass(frozen=True)
class Interrupted:
    """The operator has interrupted the run: stop each host after its task."""

    signal: int


@dataclass(frozen=True)
class KillTasks:
    """Kill the tasks that run on the hosts."""


@dataclass(frozen=True)
class CloseOthers:
    """Close the connections of all hosts except those in `needed`."""

    needed: frozenset[str]


@dataclass(frozen=True)
class MachinesJoined:
    """Two hosts are one machine."""

    host: str
    other: str


# From a worker to the controller.


@dataclass(frozen=True)
class HostStateUpdate:
    """The state of a host that is blocked or done. Its `HostBlocked` or `HostDone` follows.

    `facts_received` is the number of `LearnFacts` messages that the state includes.
    """

    state: HostState
    frames: int
    facts_received: int


@dataclass(frozen=True)
class WorkerRequest:
    """Ask the controller a question; it sends a `ControllerResponse` with the same number."""

    number: int
    question: Any


@dataclass(frozen=True)
class GetHostState:
    """A question: the state of a host that another worker runs."""

    host: str


@dataclass(frozen=True)
class GetActiveHosts:
    """A question: the hosts that are still active in the play."""


@dataclass(frozen=True)
class EnterThrottle:
    """A question that is answered when the host may enter a throttled task."""

    name: str
    limit: int


@dataclass(frozen=True)
class HostKeySeen:
    """The hash of a host's ssh key, before the host is asked for its lock."""

    host: str
    key: str


@dataclass(frozen=True)
class JoinMachines:
    """A question: are two hosts one machine, as one of them says? `MachinesJoined` comes first.

    `key` is the hash of the host's ssh key.
    """

    host: str
    other: str
    key: str


@dataclass(frozen=True)
class LeaveThrottle:
    """A host has left a throttled task."""

    name: str


@dataclass(frozen=True)
class LentSlots:
    """The number of slots that hosts have lent while they wait for their connections."""

    count: int


@dataclass(frozen=True)
class Decrypted:
    """A value that a vault password has decrypted: mask it in reports."""

    value: Any


@dataclass(frozen=True)
class FilesDiffer:
    """Files of the run that are missing or different on the worker: it cannot take part."""

    files: tuple[str, ...]


@dataclass(frozen=True)
class Crashed:
    """An exception on the worker, which is a bug, as a traceback."""

    traceback: str


# In both directions.


@dataclass(frozen=True)
class ReleaseLocks:
    """Release the locks of the hosts on which no task runs now. The controller passes it on."""


@dataclass(frozen=True)
class LearnFacts:
    """Facts of a host that another host has found (delegate_facts).

    `already_known` means that the sender runs the host, so its state there includes the facts.
    """

    host: str
    facts: Mapping[str, Any]
    module: str
    already_known: bool = False


@dataclass(frozen=True)
class RosterReport:
    """The return values of add_host, group_by or refresh_inventory, which ran on `host`."""

    host: str
    values: Mapping[str, Any]


def pack(messages: Sequence[Any], on_decrypted: Callable[[object], None]) -> bytes:
    """Return the messages as bytes. `on_decrypted` is this side's callback."""
    stream = io.BytesIO()
    _Pickler(stream, on_decrypted).dump(tuple(messages))
    return stream.getvalue()


def unpack(data: bytes, on_decrypted: Callable[[object], None]) -> tuple[Any, ...]:
    """Return the messages of one or several `pack` results.

    Only for authenticated data (`MessageCipher`): a pickle can run any code.
    """
    stream, messages = io.BytesIO(data), []
    while stream.tell() < len(data):
        messages += _Unpickler(stream, on_decrypted).load()
    return tuple(messages)


class _Pickler(pickle.Pickler):
    def __init__(self, stream: io.BytesIO, on_decrypted: Callable[[object], None]) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self._on_decrypted = on_decrypted

    def persistent_id(self, value: Any) -> str | None:
        return ON_DECRYPTED if callable(value) and value == self._on_decrypted else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, on_decrypted: Callable[[object], None]) -> None:
        super().__init__(stream)
        self._on_decrypted = on_decrypted

    def persistent_load(self, name: Any) -> Any:
        return self._on_decrypted
