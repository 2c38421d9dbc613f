"""Read the events of a saved `--json` run, for `provision report` and --retry."""

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
    HostWaiting,
    PlayStarted,
    RunFinished,
    RunStarted,
    SameMachine,
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
            "machine",
            "stdout", "stderr", "delegated_to", "before", "after", "before_header", "after_header",
        ),
        str,
    ),
    **dict.fromkeys(("version", "tasks", "attempts", "rc", "exit"), int),
    **dict.fromkeys(("playbooks", "changes", "notes"), list),
    "hosts": list | dict,
    "seconds": int | float,
}  # fmt: skip
"""Field ▶ its type, for values that are used as they are; other values are converted below."""

VERSION = 1
RETRIED = frozenset({Status.FAILED, Status.UNREACHABLE, Status.UNKNOWN, Status.NOT_RUN})
"""The status of hosts that --retry runs again."""


def events(path: Path) -> tuple[Event, ...]:
    """Return the events of a saved run. Raises LoadError with the line that is not an event.

    If the file ends early, a run_finished event is added; hosts without a host_finished event get
    the status `unknown`.
    """
    text = yaml_file.read(path, what="saved run").decode("ascii", "replace")
    *lines, last = text.split("\n")
    if last.strip() and _is_json(last):  # otherwise the file ends within a line
        lines.append(last)
    run = [event for number, line in enumerate(lines, 1) for event in _event(path, number, line)]
    if not run or not isinstance(run[0], RunStarted):
        raise LoadError("a saved run must begin with run_started", Where(str(path), 1, 1), _HINT)
    if run[0].version != VERSION:
        raise LoadError(f"event version {run[0].version} is not supported", Where(str(path)))
    if not isinstance(run[-1], RunFinished):
        run.append(_interrupted_end(run[0], run))
    return tuple(run)


_HINT = "`provision --json INVENTORY PLAYBOOK > RUN.json` saves a run"


def hosts_to_retry(path: Path) -> tuple[str, ...]:
    """Return the hosts of a saved run that --retry runs again.

    These are hosts with a status in `RETRIED`, and hosts that were not finished when the run ended.
    """
    run = events(path)
    last = run[-1]
    assert isinstance(last, RunFinished)
    unfinished = {event.host for event in run if isinstance(event, HostFinished) and event.reason}
    hosts = last.hosts.items()
    return tuple(host for host, summary in hosts if summary.status in RETRIED or host in unfinished)


def _is_json(line: str) -> bool:
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
        raise LoadError("this line is not an event of a run", where, _HINT) from None


def _checked(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an event, or a part of it, unchanged. Raises TypeError for a value of a wrong type."""
    for name, value in record.items():
        if not isinstance(value, _TYPES.get(name, object)):
            raise TypeError(name)
        if name in _LISTS and isinstance(value, list) and not all(type(x) is str for x in value):
            raise TypeError(name)
    if not math.isfinite(record.get("seconds", 0)):
        raise ValueError("seconds")
    return record


def _interrupted_end(start: RunStarted, run: list[Event]) -> RunFinished:
    """Return the end of a run whose file stops early."""
    finished = {event.host: event.summary for event in run if isinstance(event, HostFinished)}
    unknown = HostSummary(Status.UNKNOWN)
    hosts = {host: finished.get(host, unknown) for host in (*start.hosts, *finished)}
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


_ALWAYS = (
    "play", "task", "module", "host", "where", "seconds", "ignored", "rescued", "loop", "message",
    "attempts",
)  # fmt: skip
_SOMETIMES = ("item", "rc", "stdout", "stderr", "delegated_to")


def _task_finished(record: Mapping[str, Any]) -> TaskFinished:
    return TaskFinished(
        **{name: record[name] for name in _ALWAYS},
        **{name: record[name] for name in _SOMETIMES if name in record},
        hint=record["remedy"],
        outcome=Outcome(record["outcome"]),
        is_item="item" in record,
        changes=tuple(record["changes"]),
        diff=tuple(Diff(**_checked(diff)) for diff in record["diff"]),
    )


def _host_waiting(record: Mapping[str, Any]) -> HostWaiting:
    holder = record["holder"]
    texts = (str(holder[name]) for name in ("who", "pid", "playbooks", "since"))
    return HostWaiting(record["host"], record["machine"], *texts)


def _same_machine(record: Mapping[str, Any]) -> SameMachine:
    return SameMachine(tuple(record["hosts"]))


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
    "host_waiting": _host_waiting,
    "same_machine": _same_machine,
    "host_finished": _host_finished,
    "run_finished": _run_finished,
}
