"""The contract of --json: docs/json-events.md and its schema."""

from __future__ import annotations

import datetime
import io
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from jsonschema import Draft202012Validator

from provisioner.events import Event, Notice, PlayFinished, RunFinished, TaskRetried, TaskStarted
from provisioner.reporters.jsonl import JsonLines, record_of
from provisioner.reporters.quiet_stream import QuietStream
from provisioner.result import Outcome
from tests.reporters.examples import FAILURE, HOSTILE, RUN, hostile_run, task

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "json-events.schema.json").read_text("utf-8"))


def lines(events: Iterable[Event]) -> list[str]:
    text = io.StringIO()
    report = JsonLines(QuietStream(text))
    for event in events:
        report(event)
    report.close()
    return text.getvalue().splitlines()


def test_the_schema_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("events", [RUN, hostile_run()], ids=["run", "hostile"])
def test_every_line_of_a_run_satisfies_the_schema(events: Iterable[Event]) -> None:
    validator = Draft202012Validator(SCHEMA)
    for text in lines(events):
        validator.validate(json.loads(text))


def test_the_schema_refuses_an_unknown_outcome_and_an_unknown_key() -> None:
    record = record_of(task())
    assert record is not None
    for wrong in ({**record, "outcome": "fine"}, {**record, "extra": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, SCHEMA)


def test_every_key_of_the_schema_is_explained_in_the_documentation() -> None:
    text = (DOCS / "json-events.md").read_text("utf-8")
    keys = {key for each in SCHEMA["$defs"].values() for key in each.get("properties", {})}
    assert sorted(key for key in keys - {"event"} if key not in text) == []


def test_the_json_object_of_a_failed_task() -> None:
    assert json.loads(lines([FAILURE])[0]) == {
        "event": "task_finished",
        "play": "Docker",
        "task": "Install Docker",
        "module": "yum",
        "host": "web2",
        "outcome": "failed",
        "ignored": False,
        "rescued": False,
        "loop": False,
        "changes": ["install docker-cee"],
        "message": "yum exited with 1\nNo package docker-cee available.",
        "remedy": "check the package's name",
        "rc": 1,
        "stdout": FAILURE.stdout,
        "stderr": "Error: Nothing to do\n",
        "diff": [],
        "where": "docker.yml:14",
        "attempts": 1,
        "seconds": 3.41,
    }


def test_run_finished_has_one_status_and_six_counts_per_host() -> None:
    end = json.loads(lines(RUN)[-1])
    assert (end["event"], end["exit"], end["interrupted"]) == ("run_finished", 6, False)
    assert end["hosts"]["web1"] == {
        "status": "changed",
        "ok": 3,
        "changed": 3,
        "failed": 0,
        "skipped": 1,
        "ignored": 1,
        "rescued": 0,
    }


def test_a_loop_is_one_event_per_item_and_one_for_the_task() -> None:
    users = [each for each in map(json.loads, lines(RUN)) if each.get("task") == "Users"]
    assert [(each.get("item"), each["loop"]) for each in users] == [
        ("alice", False),
        ({"name": "bob"}, False),
        (None, True),
    ]
    assert ["item" in each for each in users] == [True, True, False]


def test_a_null_item_is_written() -> None:
    assert json.loads(lines([task(is_item=True, item=None)])[0])["item"] is None


@pytest.mark.parametrize(
    "event",
    [
        TaskStarted("p", "t", "h", 1),
        TaskRetried("p", "t", "h", 1, 2),
        PlayFinished("h"),
        Notice("x"),
    ],
)
def test_events_that_only_a_terminal_shows_are_not_written(event: Event) -> None:
    assert record_of(event) is None


def test_bytes_that_are_not_utf8_can_be_restored() -> None:
    raw = b"caf\xe9 \xff\x00\n"
    text = lines([task(stdout=raw.decode("utf-8", "surrogateescape"))])[0]
    assert text.isascii()
    assert json.loads(text)["stdout"].encode("utf-8", "surrogateescape") == raw


def test_hostile_text_is_data_and_one_line() -> None:
    text = lines([task(message=HOSTILE)])[0]
    assert text.isprintable()
    assert json.loads(text)["message"] == HOSTILE


ITEMS: list[tuple[Any, Any]] = [
    (math.nan, "nan"),
    (math.inf, "inf"),
    (1.5, 1.5),
    (datetime.date(2024, 6, 30), "2024-06-30"),
    ({1: (True, None)}, {"1": [True, None]}),
    (Outcome.OK, "ok"),
    (10**30, 10**30),
]


@pytest.mark.parametrize(("item", "expected"), ITEMS)
def test_an_item_of_any_type_is_valid_json(item: Any, expected: Any) -> None:
    assert json.loads(lines([task(is_item=True, item=item)])[0])["item"] == expected


def test_every_line_is_flushed() -> None:
    raw = io.BytesIO()
    report = JsonLines(QuietStream(io.TextIOWrapper(io.BufferedWriter(_Raw(raw)), "utf-8")))
    report(RunFinished({}, 0))
    assert raw.getvalue().endswith(b"\n")


class _Raw(io.RawIOBase):
    """The other end of a buffered stream."""

    def __init__(self, target: io.BytesIO) -> None:
        super().__init__()
        self._target = target

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._target.write(data)
