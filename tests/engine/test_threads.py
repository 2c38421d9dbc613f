"""What the threads of several hosts may ask and change at once."""

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


def test_variables_are_listed_while_their_host_gets_more() -> None:
    layer = {"a": 1, "b": 2}
    names = iter(Scope((layer,)))
    first = next(names)
    layer["c"] = 3
    assert [first, *names] == ["a", "b"]


def test_hosts_are_listed_while_one_is_added() -> None:
    states = {name: HostState(name) for name in ("h1", "h2")}
    inventory = SimpleNamespace(hosts=states)
    shared: Any = SimpleNamespace(world=SimpleNamespace(states=states, inventory=inventory))
    names = iter(HostVars(shared, "h1", Gate()))
    first = next(names)
    states["h3"] = HostState("h3")
    assert [first, *names] == ["h1", "h2"]


def test_vars_files_are_whole_for_whoever_is_delegated_to_their_host_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, go = threading.Event(), threading.Event()

    def slow(path: Path, vault: object) -> dict[str, str]:
        reading.set()
        assert go.wait(LONG)
        return {"from": path.name}

    (tmp_path / "v.yml").touch()
    monkeypatch.setattr(scopes, "vars_file", slow)
    monkeypatch.setattr(
        scopes, "host_scope", lambda shared, host: SimpleNamespace(render=lambda name: name)
    )
    play = SimpleNamespace(
        vars_files=(SimpleNamespace(names=("v.yml",)),), where="play", basedir=tmp_path
    )
    world = SimpleNamespace(inventory=SimpleNamespace(vault=None))
    shared: Any = SimpleNamespace(play=play, world=world)
    state, found = HostState("h1"), list[Any]()
    asking = [
        threading.Thread(target=lambda: found.append(scopes._vars_files(shared, state)))
        for _ in range(2)
    ]
    asking[0].start()
    assert reading.wait(LONG)
    asking[1].start()
    go.set()
    for thread in asking:
        thread.join(LONG)
    assert found == [{"from": "v.yml"}] * 2
