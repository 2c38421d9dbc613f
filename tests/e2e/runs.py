"""Run the real command line and read its JSON events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from json import dumps
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.lab import Lab

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "provisioner")
DEADLINE = 300
"""Seconds after which a run counts as hanging."""

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """A run that has ended. `events` are those of --json, each checked by the schema."""

    exit: int
    stdout: str
    stderr: str
    events: tuple[Event, ...] = ()

    def of(self, kind: str, host: str = "") -> Iterator[Event]:
        """Return the events of a kind, optionally of one host."""
        for event in self.events:
            if event["event"] == kind and host in ("", event.get("host")):
                yield event

    def tasks(self, host: str, *outcomes: str) -> list[str]:
        """Return the tasks of a host with these outcomes, in order; a loop counts as one."""
        return [event["task"] for event in self._tasks(host) if event["outcome"] in outcomes]

    def changed(self, host: str) -> list[str]:
        return self.tasks(host, "changed")

    def task(self, host: str, name: str) -> Event:
        """Return the only event of a task on a host."""
        found = [event for event in self._tasks(host) if event["task"] == name]
        assert len(found) == 1, f"{name} on {host}: {len(found)} events\n{self.tail()}"
        return found[0]

    def failure(self, host: str) -> Event:
        """Return the failure that ended a host's run."""
        found = [
            event
            for event in self._tasks(host)
            if event["outcome"] == "failed" and not event["ignored"] and not event["rescued"]
        ]
        assert len(found) == 1, f"{len(found)} failures on {host}\n{self.tail()}"
        return found[0]

    def status(self, host: str) -> str:
        status: str = self.summary(host)["status"]
        return status

    def summary(self, host: str) -> Event:
        """Return the host's entry in run_finished."""
        summary: Event = self.events[-1]["hosts"][host]
        return summary

    def finished(self, host: str) -> Event:
        (event,) = self.of("host_finished", host)
        return event

    def _tasks(self, host: str) -> Iterator[Event]:
        """Return the host's events for whole tasks.

        A task of a role is reported as "ROLE : TASK", as in Ansible; the role is removed here.
        """
        for event in self.of("task_finished", host):
            if "item" not in event:
                yield {**event, "task": event["task"].rpartition(" : ")[2]}

    def tail(self) -> str:
        """Return output that helps to understand an unexpected run."""
        odd = [
            f"{event['host']}: {event['outcome']}: {event['task']}: {event['message'][:600]}"
            for event in self.of("task_finished")
            if event["outcome"] not in ("ok", "skipped", "changed")
        ]
        return "\n".join([f"exit {self.exit}", self.stderr[-1500:], *odd])


@dataclass(frozen=True)
class Provision:
    """Starts runs. `home` is the operator's home directory, so that no personal settings count."""

    home: Path
    prefix: Sequence[str] = COMMAND
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(
        self,
        inventory: Lab | Path | str,
        *words: str | Path,
        expect: int | None = 0,
        json: bool = True,
        **variables: Any,
    ) -> Run:
        """Run to the end. `expect` is the exit status that it must have, None for any."""
        with self.start(inventory, *words, json=json, **variables) as process:
            stdout, stderr = process.communicate(timeout=DEADLINE)
        return checked(finish(process.returncode, stdout, stderr, json), expect)

    @contextmanager
    def start(
        self,
        inventory: Lab | Path | str,
        *words: str | Path,
        json: bool = True,
        **variables: Any,
    ) -> Iterator[subprocess.Popen[str]]:
        """Start a run with more arguments and extra variables; stop it after the block."""
        with subprocess.Popen(
            self.words(inventory, *words, json=json, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
            cwd=self.home,
            env=self._environment(),
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def words(
        self, inventory: Lab | Path | str, *words: str | Path, json: bool = True, **variables: Any
    ) -> list[str]:
        """Return the command line."""
        hosts = inventory.inventory if isinstance(inventory, Lab) else inventory
        flags = [*(["--json"] if json else []), *(["-e", dumps(variables)] if variables else [])]
        return [*self.prefix, str(hosts), *map(str, words), *flags]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}
        home = {"HOME": str(self.home), "LC_ALL": "C.UTF-8", "COLUMNS": "100"}
        return {**kept, **home, **self.environment}


_KEPT = ("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PROVISION_LAB_DIR", "TMPDIR")


def finish(exit_status: int, stdout: str, stderr: str, as_json: bool = True) -> Run:
    """Return the run of a finished process; check its events by the schema."""
    lines = stdout.splitlines() if as_json else []
    return Run(exit_status, stdout, stderr, tuple(map(event_of, lines)))


def checked(run: Run, expect: int | None) -> Run:
    """Return the run if it has the expected exit status."""
    assert expect in (None, run.exit), f"exit {run.exit}, not {expect}:\n{run.tail()}"
    if run.events and run.events[-1]["event"] == "run_finished":
        assert run.events[-1]["exit"] == run.exit
    return run


def event_of(line: str) -> Event:
    """Return one line of --json as an event; it must be valid by the published schema."""
    event: dict[str, Any] = json.loads(line)
    _schema().validate(event)
    return event


@cache
def _schema() -> Draft202012Validator:
    text = (ROOT / "docs/json-events.schema.json").read_text()
    return Draft202012Validator(json.loads(text))
