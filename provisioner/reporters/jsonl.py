"""--json: one JSON object per event and line. docs/json-events.md is the contract, version 1."""

from __future__ import annotations

import errno
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from provisioner.events import (
    Event,
    HostFinished,
    HostSummary,
    HostWaiting,
    PlayStarted,
    RunFinished,
    RunStarted,
    SameMachine,
    TaskFinished,
)
from provisioner.reporters.quiet_stream import QuietStream

_MAX_DEPTH = 100
# The reader closed the pipe (`| head`), or stdout was closed from the start: its own choice, not a
# report that failed.
_READER_CLOSED = frozenset({errno.EPIPE, errno.EBADF})


class JsonLines:
    """A `Reporter` that writes JSON lines and flushes each, so that a reader can follow the run."""

    def __init__(self, stream: QuietStream) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        record = record_of(event)
        if record is not None:
            self._stream.write(f"{encode(record)}\n")

    def close(self) -> None:
        """Raise the stream's OSError, unless the reader closed the stream."""
        error = self._stream.error
        if error is not None and error.errno not in _READER_CLOSED:
            raise error


def encode(record: Mapping[str, Any]) -> str:
    """Return the line of an event, without its end."""
    # ASCII only: bytes that are not UTF-8 (surrogates) become \udcXX, which is valid JSON.
    return json.dumps(record, ensure_ascii=True, allow_nan=False)


def record_of(event: Event) -> dict[str, Any] | None:
    """Return the event's JSON object, or None for an event that only a terminal shows."""
    match event:
        case RunStarted():
            return _run_started(event)
        case PlayStarted():
            return {
                "event": "play_started",
                "play": event.play,
                "hosts": list(event.hosts),
                "where": event.where,
                "tasks": event.tasks,
            }
        case TaskFinished():
            return _task_finished(event)
        case HostWaiting():
            return _host_waiting(event)
        case SameMachine():
            return {"event": "same_machine", "hosts": list(event.hosts), "message": event.text}
        case HostFinished():
            return _host_finished(event)
        case RunFinished():
            return _run_finished(event)
        case _:
            return None


def _run_started(event: RunStarted) -> dict[str, Any]:
    return {
        "event": "run_started",
        "version": event.version,
        "inventory": event.inventory,
        "playbooks": list(event.playbooks),
        "hosts": list(event.hosts),
        "check": event.check,
        "diff": event.diff,
    }


def _task_finished(event: TaskFinished) -> dict[str, Any]:
    optional = {
        "rc": event.rc,
        "stdout": event.stdout,
        "stderr": event.stderr,
        "delegated_to": event.delegated_to,
    }
    return {
        "event": "task_finished",
        "play": event.play,
        "task": event.task,
        "module": event.module,
        "host": event.host,
        "outcome": event.outcome.value,
        "ignored": event.ignored,
        "rescued": event.rescued,
        "loop": event.loop,
        **({"item": _json(event.item)} if event.is_item else {}),
        "changes": list(event.changes),
        "message": event.message,
        "remedy": event.hint,
        **{key: value for key, value in optional.items() if value is not None},
        "diff": [asdict(diff) for diff in event.diff],
        "where": event.where,
        "attempts": event.attempts,
        "seconds": round(event.seconds, 3),
    }


def _host_waiting(event: HostWaiting) -> dict[str, Any]:
    return {
        "event": "host_waiting",
        "host": event.host,
        "machine": event.machine,
        "holder": {
            "who": event.who,
            "pid": event.pid,
            "playbooks": event.playbooks,
            "since": event.since,
        },
        "message": event.text,
    }


def _host_finished(event: HostFinished) -> dict[str, Any]:
    return {
        "event": "host_finished",
        "host": event.host,
        **_counts(event.summary),
        "seconds": round(event.summary.seconds, 3),
        "notes": list(event.summary.notes),
        "reason": event.reason,
        "remedy": event.hint,
    }


def _run_finished(event: RunFinished) -> dict[str, Any]:
    return {
        "event": "run_finished",
        "hosts": {host: _counts(summary) for host, summary in event.hosts.items()},
        "exit": event.exit,
        "seconds": round(event.seconds, 3),
        "interrupted": event.interrupted,
    }


def _counts(summary: HostSummary) -> dict[str, Any]:
    return {
        "status": summary.status.value,
        "ok": summary.ok,
        "changed": summary.changed,
        "failed": summary.failed,
        "skipped": summary.skipped,
        "ignored": summary.ignored,
        "rescued": summary.rescued,
    }


def _json(value: Any, depth: int = 0) -> Any:
    """Return a loop item in JSON's types. A value that JSON lacks (date, NaN) becomes text."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return str(value)
        case float() if math.isfinite(value):
            return value
        case Mapping() if depth < _MAX_DEPTH:
            return {str(key): _json(each, depth + 1) for key, each in value.items()}
        case list() | tuple() if depth < _MAX_DEPTH:
            return [_json(each, depth + 1) for each in value]
    return str(value)
