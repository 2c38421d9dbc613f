"""The uses of a saved --json run: --retry and `provision report`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - command: echo {{ item }}
      loop: [1, {a: b}]
    - fail: msg=broken
      when: inventory_hostname == bad | default('h2')
"""


@pytest.fixture
def saved(provision: Command) -> Path:
    """A saved run in which only h2 failed."""
    return provision.write("run.json", provision.play(PLAY, "--json").out)


def hosts_of(out: str) -> list[str]:
    started: list[str] = json.loads(out.splitlines()[0])["hosts"]
    return started


def test_retry_runs_only_the_hosts_that_failed(provision: Command, saved: Path) -> None:
    done = provision.play(PLAY, "--retry", saved, "--json", "-e", "bad=none")
    assert (done.exit, hosts_of(done.out)) == (0, ["h2"])


@pytest.mark.parametrize(
    ("status", "again"),
    [("ok", 0), ("changed", 0), ("not-run", 1), ("failed", 1), ("unreachable", 1), ("unknown", 1)],
)
def test_the_status_of_a_host_decides_whether_retry_runs_it(
    provision: Command, saved: Path, status: str, again: int
) -> None:
    *lines, last = saved.read_text().splitlines()
    record = json.loads(last)
    record["hosts"] = {"h1": {**record["hosts"]["h1"], "status": status}}
    saved.write_text("\n".join([*lines, json.dumps(record)]))
    done = provision.play(PLAY, "--retry", saved, "--list-hosts")
    assert ("h1" in done.out) == bool(again)
    message = "--retry: nothing to run: all hosts in"
    assert (message in done.err) == (not again)
    assert done.exit == 0


def test_retry_runs_an_interrupted_host(provision: Command, saved: Path) -> None:
    lines = []
    for line in saved.read_text().splitlines():
        record = json.loads(line)
        if record["event"] == "host_finished" and record["host"] == "h1":
            record["reason"] = "interrupted"
        lines.append(json.dumps(record))
    saved.write_text("\n".join(lines))
    report = provision("report", saved)
    assert "reason: interrupted" in report.out
    assert "h1" in provision.play(PLAY, "--retry", saved, "--list-hosts").out


def test_retry_and_limit_are_combined(provision: Command, saved: Path) -> None:
    done = provision.play(PLAY, "--retry", saved, "--limit", "h1")
    assert done.exit == 5


def test_retry_names_the_hosts_that_the_inventory_lacks(provision: Command, saved: Path) -> None:
    done = provision.play(PLAY, "--retry", saved, hosts="h1,h3,")
    assert done.exit == 5
    assert "--retry: the inventory has no h2" in done.err


def test_retry_runs_the_hosts_of_a_truncated_file(provision: Command, saved: Path) -> None:
    saved.write_text("\n".join([*saved.read_text().splitlines()[:3], '{"event": "task_fin']))
    done = provision.play(PLAY, "--retry", saved, "--list-hosts")
    assert "h1" in done.out
    assert "h2" in done.out


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "must begin with run_started"),
        ("hello\n", 1, "not an event of a run"),
        ('{"event": "run_finished"}', 1, "not an event of a run"),
        ('{"event": "party"}\n', 1, "not an event of a run"),
        ("[" * 9999 + "\n", 1, "not an event of a run"),
    ],
)
def test_an_invalid_saved_run_is_refused_with_the_line_number(
    provision: Command, text: str, line: int, reason: str
) -> None:
    path = provision.write("run.json", text)
    for done in (provision.play(PLAY, "--retry", path), provision("report", path)):
        assert done.exit == 3
        assert f"run.json:{line}:1: " in done.err
        assert reason in done.err


def test_events_of_another_version_are_refused(provision: Command, saved: Path) -> None:
    saved.write_text(saved.read_text().replace('"version": 1', '"version": 2'))
    done = provision("report", saved)
    assert done.exit == 3
    assert "version 2" in done.err


def test_report_shows_a_saved_run(provision: Command, saved: Path) -> None:
    report = provision("report", saved)
    assert report.exit == 0
    for text in ("h2    ✗ failed", "reason: broken", "2 items: 2 changed", "1 changed, 1 failed"):
        assert text in report.out


def test_the_reports_of_a_saved_run_are_the_same_as_those_of_the_run(
    provision: Command, saved: Path
) -> None:
    done = provision("report", saved, "--html", "r.html", "--junit", "r.xml")
    assert (done.exit, done.out) == (0, "")
    direct = provision.play(PLAY, "--junit", "direct.xml")
    assert direct.exit == 2

    def cases(name: str) -> int:
        return (provision.folder / name).read_text().count("<testcase")

    assert cases("r.xml") == cases("direct.xml") > 0
    assert "broken" in (provision.folder / "r.html").read_text()


def test_exit_7_if_a_report_of_a_saved_run_cannot_be_written(
    provision: Command, saved: Path
) -> None:
    done = provision("report", saved, "--junit", "no/such/folder.xml")
    assert done.exit == 7
    assert "folder.xml" in done.err


@pytest.mark.parametrize(
    ("event", "key", "value"),
    [
        ("run_started", "hosts", [None]),
        ("run_started", "version", "1"),
        ("play_started", "tasks", None),
        ("task_finished", "host", ["h1"]),
        ("task_finished", "changes", [1]),
        ("task_finished", "seconds", float("nan")),
        ("task_finished", "seconds", 10**400),
        ("task_finished", "diff", [{"before": 1, "after": ""}]),
        ("host_finished", "reason", {}),
        ("run_finished", "seconds", "x"),
    ],
)
def test_an_event_with_a_value_of_a_wrong_type_is_refused(
    provision: Command, saved: Path, event: str, key: str, value: object
) -> None:
    records = [json.loads(line) for line in saved.read_text().splitlines()]
    number = next(n for n, record in enumerate(records) if record["event"] == event)
    records[number][key] = value
    saved.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    done = provision("report", saved)
    assert (done.exit, done.out) == (3, "")
    assert f"run.json:{number + 1}:1: this line is not an event of a run" in done.err
