"""Messages about hosts that a worker receives while the hosts wait."""

from __future__ import annotations

import queue
from typing import Any

from provisioner.engine.host_state import HostState
from provisioner.fleet import protocol
from provisioner.fleet.worker_run import WorkerRun
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_playbook
from provisioner.plan import Options, plan
from tests.engine.play_runner import PlayRunner


def test_a_host_that_waits_for_a_slot_receives_facts(runner: PlayRunner) -> None:
    play = runner.write("play.yml", "[{hosts: all, gather_facts: false, tasks: [{debug: }]}]")
    planned = plan(load_inventory("h1,"), [load_playbook(play)], Options())
    sent: queue.SimpleQueue[Any] = queue.SimpleQueue()
    start = protocol.Start(planned, runner.connect, 1, lambda: 9, False, {})
    run = WorkerRun(start, sent.put, lambda question: None)
    slots = run._executor._slots
    assert slots.take()  # the only slot, so the host has to wait
    run.receive(protocol.BeginBatch(0, ("h1",), ("h1",), frozenset()))
    run.receive(protocol.Advance("h1", None, HostState("h1"), 0))
    run.receive(protocol.LearnFacts("h1", {"colour": "red"}, "set_fact"))
    slots.release()
    run._executor.wake()
    while not isinstance(message := sent.get(timeout=60), protocol.HostStateUpdate):
        pass
    run.end()
    facts = message.state.facts | message.state.variables
    assert (message.facts_received, facts) == (1, {"colour": "red"})
