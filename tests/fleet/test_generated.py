"""Plays made at random come to the same with threads, with one host at a time, and on workers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provisioner.events import HostFinished, TaskFinished
from tests.engine.play_runner import PlayRunner
from tests.fleet.generated import HOSTS, INVENTORY, playbook
from tests.fleet.lines import near_crew


def told(folder: Path, seed: int, forks: int, **options: Any) -> list[str]:
    """What was told of each host, in its order, the files that are left, and the exit status."""
    folder.mkdir()
    runner = PlayRunner(folder, **options)
    got = runner.run(json.dumps(playbook(seed)), HOSTS, INVENTORY, forks=forks)
    found: dict[str, Any] = {host: [] for host in HOSTS}
    for event in got.events:
        match event:
            case TaskFinished():
                found[event.host].append(replace(event, seconds=0, returns={}, where="", diff=()))
            case HostFinished():
                found[event.host].append(replace(event.summary, seconds=0))
    files = {path.name: path.read_text() for path in folder.iterdir()}
    text = repr({**found, "files": files, "hosts": got.hosts.keys(), "exit": got.exit})
    return text.replace(str(folder), "FOLDER").split("TaskFinished")


@pytest.mark.parametrize("seed", range(12))
def test_plays_come_to_the_same_whoever_walks_the_hosts(tmp_path: Path, seed: int) -> None:
    threads = told(tmp_path / "threads", seed, 6)
    assert told(tmp_path / "one", seed, 1) == threads
    assert told(tmp_path / "workers", seed, 4, make_executor=near_crew) == threads
