"""What a worker is told of hosts, in whatever moment it comes."""

from __future__ import annotations

import queue
from typing import Any

from provisioner.engine.host_state import HostState
from provisioner.fleet import protocol
from provisioner.fleet.worker import WorkerRun
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_playbook
from provisioner.plan import Options, plan
from tests.engine.play_runner import PlayRunner


def test_facts_for_a_host_whose_walk_is_about_to_begin_reach_it(runner: PlayRunner) -> None:
    play = runner.write("play.yml", "[{hosts: all, gather_facts: false, tasks: [{debug: }]}]")
    planned = plan(load_inventory("h1,"), [load_playbook(play)], Options())
    told: queue.SimpleQueue[Any] = queue.SimpleQueue()
    start = protocol.Start(planned, runner.connect, 1, lambda: 9, False, {})
    walker = WorkerRun(start, told.put, lambda question: None)
    room = walker._crew._slots
    assert room.take()  # all there is: the host's walk has to wait
    walker.take(protocol.BeginBatch(0, ("h1",), ("h1",), frozenset()))
    walker.take(protocol.Advance("h1", None, HostState("h1"), 0))
    walker.take(protocol.LearnFacts("h1", {"colour": "red"}, "set_fact"))
    room.give_back()
    walker._crew.nudge()
    while not isinstance(said := told.get(timeout=60), protocol.Synced):
        pass
    walker.end()
    assert (said.learned, said.state.facts | said.state.variables) == (1, {"colour": "red"})
