"""State that the threads of several hosts use at the same time."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from provisioner.engine import scopes
from provisioner.engine.host_state import HostState
from provisioner.engine.scopes import HostVars
from provisioner.engine.world import Gate
from provisioner.language.scope import Scope

LONG = 60.0


def test_variables_can_be_listed_while_another_thread_adds_some() -> None:
    layer = {"a": 1, "b": 2}
    names = iter(Scope((layer,)))
    first = next(names)
    layer["c"] = 3
    assert [first, *names] == ["a", "b"]


def test_hosts_can_be_listed_while_another_thread_adds_one() -> None:
    states = {name: HostState(name) for name in ("h1", "h2")}
    inventory = SimpleNamespace(hosts=states)
    play_world: Any = SimpleNamespace(world=SimpleNamespace(states=states, inventory=inventory))
    names = iter(HostVars(play_world, "h1", Gate()))
    first = next(names)
    states["h3"] = HostState("h3")
    assert [first, *names] == ["h1", "h2"]


def test_vars_files_are_complete_for_a_thread_that_asks_while_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, may_end = threading.Event(), threading.Event()

    def slow(path: Path, vault: object) -> dict[str, str]:
        reading.set()
        assert may_end.wait(LONG)
        return {"from": path.name}

    (tmp_path / "v.yml").touch()
    monkeypatch.setattr(scopes, "vars_file", slow)
    monkeypatch.setattr(
        scopes, "host_scope", lambda play_world, host: SimpleNamespace(render=lambda name: name)
    )
    play = SimpleNamespace(
        vars_files=(SimpleNamespace(names=("v.yml",)),), where="play", basedir=tmp_path
    )
    world = SimpleNamespace(inventory=SimpleNamespace(vault=None))
    play_world: Any = SimpleNamespace(play=play, world=world)
    state, results = HostState("h1"), list[Any]()
    threads = [
        threading.Thread(target=lambda: results.append(scopes._vars_files(play_world, state)))
        for _ in range(2)
    ]
    threads[0].start()
    assert reading.wait(LONG)
    threads[1].start()
    may_end.set()
    for thread in threads:
        thread.join(LONG)
    assert results == [{"from": "v.yml"}] * 2
