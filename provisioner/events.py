"""What happens in a run, as data. The engine yields these; reporters turn them into text.

The JSON schema of `--json` is these classes: docs/json-events.md, version 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from provisioner.records import dataclass
from provisioner.result import Diff, Outcome


@dataclass(frozen=True)
class RunStarted:
    """A run begins. `hosts` are the inventory names that the plays reach, in inventory order."""

    inventory: str
    playbooks: tuple[str, ...]
    hosts: tuple[str, ...]
    check: bool = False
    diff: bool = False
    version: int = 1


@dataclass(frozen=True)
class PlayStarted:
    play: str
    hosts: tuple[str, ...]
    where: str
    tasks: int
    """How many tasks the play has as written (includes may add some)."""


@dataclass(frozen=True)
class TaskStarted:
    """A host turns to a task. For the live view only: not in the JSON."""

    play: str
    task: str
    host: str
    number: int
    module: str = ""
    where: str = ""


@dataclass(frozen=True)
class TaskFinished:
    """One task's end on one host, or one item's end where it loops.

    In loops an event an item comes first (`item` set), then one for the task as a whole, whose
    `loop` says so. `where` is file:line of the task. `message` is the reason of a failure, of a
    skip, or what the module has to say.
    """

    play: str
    task: str
    module: str
    host: str
    outcome: Outcome
    where: str
    seconds: float = 0.0
    ignored: bool = False
    rescued: bool = False
    item: Any = None
    is_item: bool = False
    loop: bool = False
    handler: bool = False
    changes: tuple[str, ...] = ()
    message: str = ""
    hint: str = ""
    rc: int | None = None
    stdout: str | None = None
    stderr: str | None = None
    diff: tuple[Diff, ...] = ()
    returns: Mapping[str, Any] = field(default_factory=dict)
    """The registered result, for -v; not in the JSON."""
    shown: Any = None
    """What `debug` wants to be seen: text, or a variable's value."""
    delegated_to: str | None = None
    attempts: int = 1


@dataclass(frozen=True)
class TaskRetried:
    """An `until` that is not true yet: `attempt` of `retries` has ended. For the terminal only."""

    play: str
    task: str
    host: str
    attempt: int
    retries: int
    message: str = ""


@dataclass(frozen=True)
class Transferred:
    """How many bytes of a large file have passed so far, said now and then while `host` is at a
    task that sends or fetches it. For the terminal only."""

    host: str
    done: int
    size: int


@dataclass(frozen=True)
class PlayFinished:
    """A host is through a play and still in the run. For the terminal only."""

    host: str


class Status(StrEnum):
    """A host's state at the end; each host has exactly one."""

    OK = "ok"
    CHANGED = "changed"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    NOT_RUN = "not-run"


@dataclass(frozen=True)
class HostSummary:
    """A host's counts over the whole run; `notes` are what the playbook wants in the recap."""

    status: Status
    ok: int = 0
    changed: int = 0
    failed: int = 0
    skipped: int = 0
    ignored: int = 0
    rescued: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class HostFinished:
    """A host is done with the run, or out of it."""

    host: str
    summary: HostSummary
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Notice:
    """Something the operator should know that is no task's outcome (a lowered parallelism)."""

    text: str
    where: str = ""
    level: str = "warning"


@dataclass(frozen=True)
class RunFinished:
    hosts: Mapping[str, HostSummary]
    exit: int
    seconds: float = 0.0
    interrupted: bool = False


Event = (
    RunStarted
    | PlayStarted
    | TaskStarted
    | TaskFinished
    | TaskRetried
    | Transferred
    | PlayFinished
    | HostFinished
    | Notice
    | RunFinished
)
