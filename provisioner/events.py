"""The events of a run. The engine yields them; reporters write them as text.

`--json` prints most of them: docs/json-events.md describes version 1 of the format.
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
    """A run starts. `hosts` has the inventory names of the plays' hosts, in inventory order."""

    inventory: str
    playbooks: tuple[str, ...]
    hosts: tuple[str, ...]
    check: bool = False
    diff: bool = False
    version: int = 1


@dataclass(frozen=True)
class PlayStarted:
    """A play starts on its hosts."""

    play: str
    hosts: tuple[str, ...]
    where: str
    tasks: int
    """Number of tasks in the play's files. Includes may add others during the run."""


@dataclass(frozen=True)
class TaskStarted:
    """A task starts on a host. Only for the live view, not in the JSON."""

    play: str
    task: str
    host: str
    number: int
    module: str = ""
    where: str = ""


@dataclass(frozen=True)
class TaskFinished:
    """A task, or one item of its loop, has finished on a host.

    A loop has one event per item (`is_item`, `item`), and then one for the task (`loop`). `where`
    is the task's file:line. `message` is the reason of a failure or skip, or the module's message.
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
    """The output of `debug`: a text, or the value of a variable."""
    delegated_to: str | None = None
    attempts: int = 1
    traceback: str = ""
    """The traceback of an exception that was not expected, for -vvv; not in the JSON."""


@dataclass(frozen=True)
class TaskRetried:
    """An attempt of a task with `until` has finished, and another follows. Only for terminals."""

    play: str
    task: str
    host: str
    attempt: int
    retries: int
    message: str = ""


@dataclass(frozen=True)
class Transferred:
    """Progress of a large file's transfer, in bytes. Yielded several times. Only for terminals."""

    host: str
    done: int
    size: int


@dataclass(frozen=True)
class PlayFinished:
    """A host has finished a play and stays in the run. Only for terminals."""

    host: str


class Status(StrEnum):
    """The status of a host at the end of the run. Each host has exactly one."""

    OK = "ok"
    CHANGED = "changed"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    NOT_RUN = "not-run"


@dataclass(frozen=True)
class HostSummary:
    """A host's task counts in the whole run. `notes` are texts of the playbook for the recap."""

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
    """A host has finished the run or left it after a failure."""

    host: str
    summary: HostSummary
    reason: str = ""
    hint: str = ""
    traceback: str = ""
    """The traceback of a bug in provision that ended the host's run; not in the JSON."""


@dataclass(frozen=True)
class HostWaiting:
    """A host waits, because another run holds its lock.

    `machine` is another host if the task is delegated. `who` is USER@CONTROLLER of the other run,
    `pid` its process there, `since` a time in UTC.
    """

    host: str
    machine: str
    who: str
    pid: str
    playbooks: str
    since: str

    @property
    def holder(self) -> str:
        return f"the run of {self.who} (pid {self.pid}, {self.playbooks}, since {self.since} UTC)"

    @property
    def text(self) -> str:
        """The line for the operator."""
        place = f" on {self.machine}" if self.machine != self.host else ""
        return f"{self.host}: waits for {self.holder}{place}"


@dataclass(frozen=True)
class SameMachine:
    """Hosts of the inventory are one machine."""

    hosts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The line for the operator."""
        first, others = self.hosts[:3], len(self.hosts) - 3
        last = f"{others} others" if others > 1 else self.hosts[-1]
        names = f"{', '.join(first if others > 1 else self.hosts[:-1])} and {last}"
        return f"{names} are the same machine: their changes are made one after the other"


@dataclass(frozen=True)
class Notice:
    """A message for the operator that is not about a task (for example a lower parallelism)."""

    text: str
    where: str = ""
    level: str = "warning"


@dataclass(frozen=True)
class RunFinished:
    """The run has finished, with a summary of each host and the exit status."""

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
    | HostWaiting
    | SameMachine
    | Notice
    | RunFinished
)
