"""Random plays have the same results with threads, with one host at a time, and on workers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provisioner.events import HostFinished, TaskFinished
from tests.engine.play_runner import PlayRunner
from tests.fleet.in_process_workers import in_process_executor
from tests.fleet.random_playbooks import HOSTS, INVENTORY, playbook


def results(folder: Path, seed: int, forks: int, **options: Any) -> list[str]:
    """Return each host's events in their order, the written files and the exit status, as text."""
    folder.mkdir()
    runner = PlayRunner(folder, **options)
    run = runner.run(json.dumps(playbook(seed)), HOSTS, INVENTORY, forks=forks)
    events: dict[str, Any] = {host: [] for host in HOSTS}
    for event in run.events:
        match event:
            case TaskFinished():
                events[event.host].append(replace(event, seconds=0, returns={}, where="", diff=()))
            case HostFinished():
                events[event.host].append(replace(event.summary, seconds=0))
    files = {path.name: path.read_text() for path in folder.iterdir()}
    text = repr({**events, "files": files, "hosts": run.hosts.keys(), "exit": run.exit})
    return text.replace(str(folder), "FOLDER").split("TaskFinished")


@pytest.mark.parametrize("seed", range(12))
def test_random_plays_have_the_same_results_with_each_executor(tmp_path: Path, seed: int) -> None:
    threads = results(tmp_path / "threads", seed, 6)
    assert results(tmp_path / "one", seed, 1) == threads
    assert results(tmp_path / "workers", seed, 4, make_executor=in_process_executor) == threads
