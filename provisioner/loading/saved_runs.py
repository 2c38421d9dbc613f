"""A saved `--json` run ▶ its events, for `provision report` and --retry."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any

from provisioner import exits
from provisioner.errors import LoadError
from provisioner.events import (
    Event,
    HostFinished,
    HostSummary,
    PlayStarted,
    RunFinished,
    RunStarted,
    Status,
    TaskFinished,
)
from provisioner.loading import yaml_file
from provisioner.result import Diff, Outcome
from provisioner.where import Where

_LISTS = ("playbooks", "hosts", "changes", "notes")
_TYPES: Mapping[str, type | UnionType] = {
    **dict.fromkeys(
        (
            "inventory", "play", "task", "module", "host", "where", "message", "remedy", "reason",
            "stdout", "stderr", "delegated_to", "before", "after", "before_header", "after_header",
        ),
        str,
    ),
    **dict.fromkeys(("version", "tasks", "attempts", "rc", "exit"), int),
    **dict.fromkeys(("playbooks", "changes", "notes"), list),
    "hosts": list | dict,
    "seconds": int | float,
}  # fmt: skip
"""Of values that reports count with or print as they are; the others are converted below."""

VERSION = 1
AGAIN = frozenset({Status.FAILED, Status.UNREACHABLE, Status.UNKNOWN, Status.NOT_RUN})
"""Of hosts that --retry runs again."""


def events(path: Path) -> tuple[Event, ...]:
    """The events of the run in a file; a `LoadError` names the line that is none.

    A run that was cut short gets its end here: hosts of which nothing was told any more have the
    status unknown.
    """
    text = yaml_file.read(path, what="saved run").decode("ascii", "replace")
    *lines, last = text.split("\n")
    if last.strip() and _whole(last):  # or else it was cut within the line
        lines.append(last)
    found = [event for number, line in enumerate(lines, 1) for event in _event(path, number, line)]
    if not found or not isinstance(found[0], RunStarted):
        raise LoadError("a saved run begins with run_started", Where(str(path), 1, 1), _HINT)
    if found[0].version != VERSION:
        raise LoadError(f"version {found[0].version} of the events is not known", Where(str(path)))
    if not isinstance(found[-1], RunFinished):
        found.append(_cut(found[0], found))
    return tuple(found)


_HINT = "`provision --json INVENTORY PLAYBOOK > RUN.json` makes one"


def again(path: Path) -> tuple[str, ...]:
    """The hosts of a saved run that failed, were unreachable, whose turn did not come, whose fate
    is unknown, or that were not through when it ended."""
    told = events(path)
    last = told[-1]
    assert isinstance(last, RunFinished)
    left = {event.host for event in told if isinstance(event, HostFinished) and event.reason}
    hosts = last.hosts.items()
    return tuple(host for host, summary in hosts if summary.status in AGAIN or host in left)


def _whole(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _event(path: Path, number: int, line: str) -> Iterator[Event]:
    if not line.strip():
        return
    try:
        record = json.loads(line)
        yield _KINDS[record["event"]](_checked(record))
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError):
        where = Where(str(path), number, 1)
        raise LoadError("this line is no event of a run", where, _HINT) from None


def _checked(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """An event, or a part of one; TypeError where a value is of no type that it has there."""
    for name, value in record.items():
        if not isinstance(value, _TYPES.get(name, object)):
            raise TypeError(name)
        if name in _LISTS and isinstance(value, list) and not all(type(x) is str for x in value):
            raise TypeError(name)
    if not math.isfinite(record.get("seconds", 0)):
        raise ValueError("seconds")
    return record


def _cut(start: RunStarted, found: list[Event]) -> RunFinished:
    told = {event.host: event.summary for event in found if isinstance(event, HostFinished)}
    lost = HostSummary(Status.UNKNOWN)
    hosts = {host: told.get(host, lost) for host in (*start.hosts, *told)}
    return RunFinished(hosts, exit=exits.UNREACHABLE, interrupted=True)


def _run_started(record: Mapping[str, Any]) -> RunStarted:
    return RunStarted(
        inventory=str(record["inventory"]),
        playbooks=tuple(record["playbooks"]),
        hosts=tuple(record["hosts"]),
        check=bool(record["check"]),
        diff=bool(record["diff"]),
        version=record["version"],
    )


def _play_started(record: Mapping[str, Any]) -> PlayStarted:
    return PlayStarted(record["play"], tuple(record["hosts"]), record["where"], record["tasks"])


_TASK = (
    "play", "task", "module", "host", "where", "seconds", "ignored", "rescued", "loop", "message",
    "attempts",
)  # fmt: skip
_SOMETIMES = ("item", "rc", "stdout", "stderr", "delegated_to")


def _task_finished(record: Mapping[str, Any]) -> TaskFinished:
    return TaskFinished(
        **{name: record[name] for name in _TASK},
        **{name: record[name] for name in _SOMETIMES if name in record},
        hint=record["remedy"],
        outcome=Outcome(record["outcome"]),
        is_item="item" in record,
        changes=tuple(record["changes"]),
        diff=tuple(Diff(**_checked(diff)) for diff in record["diff"]),
    )


_COUNTS = ("ok", "changed", "failed", "skipped", "ignored", "rescued")


def _summary(record: Mapping[str, Any]) -> HostSummary:
    _checked(record)
    return HostSummary(
        Status(record["status"]),
        **{name: int(record[name]) for name in _COUNTS},
        seconds=float(record.get("seconds", 0)),
        notes=tuple(record.get("notes", ())),
    )


def _host_finished(record: Mapping[str, Any]) -> HostFinished:
    return HostFinished(record["host"], _summary(record), record["reason"], record["remedy"])


def _run_finished(record: Mapping[str, Any]) -> RunFinished:
    hosts = {host: _summary(summary) for host, summary in record["hosts"].items()}
    return RunFinished(hosts, record["exit"], record["seconds"], bool(record["interrupted"]))


_KINDS: dict[str, Callable[[Mapping[str, Any]], Event]] = {
    "run_started": _run_started,
    "play_started": _play_started,
    "task_finished": _task_finished,
    "host_finished": _host_finished,
    "run_finished": _run_finished,
}
