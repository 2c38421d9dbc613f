"""Runs on workers: lost workers, interrupts, encryption, shared states and limits."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from provisioner.engine.batch import Batch
from provisioner.engine.host_state import HostState
from provisioner.engine.interrupt import Interrupt
from provisioner.events import Event, HostFinished, TaskFinished, TaskStarted
from provisioner.fleet import protocol, worker_endpoint
from provisioner.fleet.encryption import DecryptionError, KeyPair
from provisioner.fleet.login import Connect
from provisioner.fleet.worker_executor import WorkerExecutor
from provisioner.fleet.worker_handle import WorkerHandle, divide_forks
from provisioner.fleet.worker_state import WorkerHostStates
from provisioner.loading.vault import Secret, Vault, encrypt
from provisioner.plan import Plan
from provisioner.remote.ssh.known_hosts import KnownHostsFiles
from tests.engine.play_runner import PlayRunner, RunOutcome
from tests.engine.test_host_guard import fail_for
from tests.fleet.in_process_workers import InProcessConnection, in_process_executor
from tests.fleet.unresponsive_host import LONG, UnresponsiveHost
from tests.reporters.examples import Clock


def on_workers(runner: PlayRunner, count: int = 2) -> list[InProcessConnection]:
    """Run the plays on workers. The returned list gets their connections when a run starts."""
    connections: list[InProcessConnection] = []

    def make_executor(plan: Plan, connect: Connect, interrupt: Interrupt) -> object:
        return in_process_executor(plan, connect, interrupt, count, connections)

    runner.make_executor = make_executor  # type: ignore[assignment]
    return connections


@pytest.fixture(autouse=True)
def waiting_tasks_end_after_the_test(runner: PlayRunner) -> Iterator[None]:
    """Let the tasks of lost workers end after the test."""
    yield
    (runner.folder / "go").touch()


def tracebacks(got: RunOutcome) -> str:
    """Return the tracebacks of the bugs that the run's events carry."""
    return "".join(event.traceback for event in got.events if isinstance(event, HostFinished))


def slow(runner: PlayRunner) -> str:
    """Return a play whose first two hosts wait in their task until the file `go` exists."""
    return f"""
    - hosts: all
      gather_facts: false
      tasks:
        - name: wait
          shell: '[ {{{{ inventory_hostname }}}} \\> h2 ] || until [ -e {runner.folder}/go ]; do
                  sleep 0.1; done'
        - {{name: b, command: echo}}
    """


def test_a_lost_workers_task_is_unknown_and_other_workers_run_the_remaining_hosts(
    runner: PlayRunner,
) -> None:
    connections, started = on_workers(runner), set[str]()

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted):
            started.add(event.host)
            if started == {"h1", "h2"}:
                connections[0].lose()
        if isinstance(event, HostFinished):
            (runner.folder / "go").touch()

    got = runner.run(slow(runner), hosts=6, forks=2, on_event=note)
    statuses = {name: str(host.status) for name, host in got.hosts.items()}
    assert statuses == {"h1": "unknown", **dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), "changed")}
    assert got.exit == 4
    last = got.event("wait", "h1")
    assert (str(last.outcome), last.message) == (
        "unknown", "the worker that ran this host is lost",
    )  # fmt: skip
    assert last.hint == "find out why the worker ended; then run again for this host"
    assert [got.tasks(name) for name in ("h3", "h6")] == [
        [("wait", "changed"), ("b", "changed")]
    ] * 2


def test_blocked_hosts_of_a_lost_worker_are_unreachable(runner: PlayRunner) -> None:
    connections = on_workers(runner, 3)
    play = f"""
    - hosts: all
      gather_facts: false
      tasks:
        - {{name: a, command: echo}}
        - {{name: once, run_once: true, command: echo}}
        - name: wait
          shell: 'until [ -e {runner.folder}/go ]; do sleep 0.1; done'
          run_once: true
        - {{name: b, command: echo}}
    """

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted) and event.task == "wait":
            connections[1].lose()
            (runner.folder / "go").touch()

    got = runner.run(play, hosts=3, forks=3, on_event=note)
    statuses = {name: str(host.status) for name, host in got.hosts.items()}
    assert statuses == {"h1": "changed", "h2": "unreachable", "h3": "changed"}
    assert got.hosts["h2"].ok == 1, "its finished task counts"
    assert got.tasks("h2") == [("a", "changed")]


def test_a_run_once_task_of_a_lost_worker_is_not_repeated(runner: PlayRunner) -> None:
    connections = on_workers(runner)
    play = f"""
    - hosts: all
      gather_facts: false
      tasks:
        - {{name: a, command: echo}}
        - name: once
          shell: 'until [ -e {runner.folder}/go ]; do sleep 0.1; done'
          run_once: true
        - {{name: b, command: echo}}
    """

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted) and event.task == "once":
            connections[0].lose()
            (runner.folder / "go").touch()

    got = runner.run(play, hosts=3, on_event=note)
    assert [got.tasks(host) for host in ("h1", "h2", "h3")] == [
        [("a", "changed"), ("once", "unknown")], [("a", "changed")], [("a", "changed")],
    ]  # fmt: skip
    assert [str(got.hosts[host].status) for host in ("h1", "h2", "h3")] == [
        "unknown", "failed", "unreachable",
    ]  # fmt: skip
    lost = got.event("once", "h1")
    assert (lost.module, lost.where) == ("shell", f"{runner.folder}/play.yml:6")


def test_when_all_workers_are_lost_the_other_hosts_are_unreachable(runner: PlayRunner) -> None:
    connections = on_workers(runner, 1)

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted):
            connections[0].lose()

    got = runner.run(slow(runner), hosts=3, forks=1, on_event=note)
    (runner.folder / "go").touch()
    assert [str(got.hosts[name].status) for name in ("h1", "h2", "h3")] == [
        "unknown", "unreachable", "unreachable",
    ]  # fmt: skip


def test_a_bug_on_a_worker_ends_the_run_of_its_host_with_its_traceback(
    runner: PlayRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_workers(runner)
    fail_for(monkeypatch, "h1")
    playbook = "[{hosts: all, gather_facts: false, tasks: [{command: echo}, {command: echo}]}]"
    got = runner.run(playbook, hosts=3)
    statuses = [str(got.hosts[host].status) for host in ("h1", "h2", "h3")]
    assert (statuses, got.exit) == (["unknown", "changed", "changed"], 1)
    assert "ZeroDivisionError: a bug" in tracebacks(got)


def test_an_interrupt_stops_hosts_on_workers_before_their_next_task(runner: PlayRunner) -> None:
    interrupts: list[Interrupt] = []

    def make_executor(plan: Plan, connect: Connect, interrupt: Interrupt) -> object:
        interrupts.append(interrupt)
        return in_process_executor(plan, connect, interrupt)

    runner.make_executor = make_executor  # type: ignore[assignment]
    stopped = threading.Event()

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted) and not stopped.is_set():
            interrupts[0].set(2)
            stopped.set()
            (runner.folder / "go").touch()

    got = runner.run(slow(runner), hosts=4, forks=2, on_event=note)
    assert got.exit == 130
    assert not [
        event for event in got.events if isinstance(event, TaskFinished) and event.task == "b"
    ]


def test_values_that_a_worker_decrypts_are_masked_before_they_are_reported(
    runner: PlayRunner,
) -> None:
    masked: list[object] = []
    runner.vault = Vault((Secret("default", b"password"),), masked.append)
    text = encrypt(b"word: sesame\n", runner.vault.secrets[0])
    runner.write("secret.yml", text.decode())
    on_workers(runner)
    masked_before_event: list[bool] = []

    def note(event: Event) -> None:
        if isinstance(event, TaskFinished) and event.task == "say":
            masked_before_event.append("sesame" in str(masked))

    play = """
    - hosts: all
      gather_facts: false
      tasks:
        - include_vars: secret.yml
        - {name: say, debug: {msg: "{{ word }}"}}
    """
    assert runner.run(play, on_event=note).debug_output() == ["sesame"]
    assert masked_before_event == [True]


def test_transmitted_messages_are_unreadable(runner: PlayRunner) -> None:
    connections = on_workers(runner)
    play = "[{hosts: all, gather_facts: false, tasks: [{name: hush, command: 'echo {{ key }}'}]}]"
    assert runner.run(play, hosts=2, extra_vars={"key": "sesame"}).exit == 0
    data = b"".join(part for connection in connections for part in connection.transmitted)
    assert len(data) > 1000
    assert not [
        word for word in (b"sesame", b"hush", b"h1", b"echo") if word in data and len(word) > 2
    ]


def test_a_message_can_be_decrypted_only_once_in_order_and_by_the_other_side() -> None:
    ours, theirs, strange = KeyPair(), KeyPair(), KeyPair()
    controller = ours.cipher(theirs.public, is_controller=True)
    worker = theirs.cipher(ours.public, is_controller=False)
    first, second = controller.encrypt(b"first"), controller.encrypt(b"second")
    with pytest.raises(DecryptionError):
        worker.decrypt(second)
    assert worker.decrypt(first) == b"first"
    for wrong in (first, second[:-1] + bytes([second[-1] ^ 1]), worker.encrypt(b"own")):
        with pytest.raises(DecryptionError):
            worker.decrypt(wrong)
    with pytest.raises(DecryptionError):
        strange.cipher(ours.public, is_controller=False).decrypt(second)
    assert worker.decrypt(second) == b"second"


def test_an_unresponsive_host_on_a_worker_lends_its_slot(runner: PlayRunner) -> None:
    unresponsive = UnresponsiveHost(runner)
    runner.make_executor = lambda plan, _, interrupt: in_process_executor(
        plan, unresponsive.connect, interrupt, workers=1
    )
    play = "[{hosts: all, gather_facts: false, tasks: [{name: a, command: echo}]}]"
    got = runner.run(play, hosts=3, forks=1, on_event=unresponsive.note)
    assert [str(got.hosts[host].status) for host in ("h1", "h2", "h3")] == [
        "unreachable", "changed", "changed",
    ]  # fmt: skip


def test_a_worker_without_calls_from_the_controller_stops_its_hosts(
    runner: PlayRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the controller's side of the connection is closed, so the endpoint still runs."""
    clock = Clock()
    monkeypatch.setattr(worker_endpoint, "CONTROLLER_TIMEOUT", 0.1)
    monkeypatch.setattr(worker_endpoint, "time", SimpleNamespace(monotonic=clock))
    connections = on_workers(runner, 1)

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted):
            connections[0].lose()

    got = runner.run(slow(runner), hosts=1, forks=1, on_event=note)
    assert str(got.hosts["h1"].status) == "unknown"
    assert not connections[0].endpoint.ended.is_set()
    timed_out = threading.Event()
    connections[0].endpoint._on_timeout = timed_out.set
    for _ in range(int(LONG)):
        clock.now += 1  # repeated, since a call that was running may have reset the timeout
        if timed_out.wait(1):
            assert connections[0].endpoint.ended.is_set()
            return
    pytest.fail("the worker still runs its hosts")


def test_an_exception_in_deliver_is_a_crash_and_not_a_lost_worker(
    runner: PlayRunner,
) -> None:
    """Dask does not get the exception, since it would log it."""
    connections = on_workers(runner, 1)

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted):
            connections[0].send(protocol.ControllerResponse(99, None))

    got = runner.run(slow(runner), on_event=note)
    assert (str(got.hosts["h1"].status), got.exit) == ("unknown", 1)
    assert "KeyError: 99" in tracebacks(got)


class SilentConnection:
    """A connection to a worker that never sends a message."""

    name = "silent"

    def send(self, message: object) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_state_update_keeps_facts_that_its_worker_has_not_received() -> None:
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    connection, states = SilentConnection(), {"h1": HostState("h1")}
    executor = WorkerExecutor([WorkerHandle(connection, 2)], inbox, Interrupt())
    shared: Any = SimpleNamespace(
        hosts=("h1",), batch=("h1",), world=SimpleNamespace(states=states)
    )
    executor.begin_batch(Batch(shared))
    executor.advance("h1", None)

    def variables_after(message: object) -> dict[str, Any]:
        inbox.put((connection, message))
        assert executor.next_message(slot_wanted=False) is None
        return states["h1"].variables

    assert variables_after(protocol.LearnFacts("h1", {"f": 1}, "set_fact")) == {"f": 1}
    update = protocol.HostStateUpdate(HostState("h1"), 1, facts_received=0)
    assert variables_after(update) == {"f": 1}
    later = HostState("h1", variables={"f": 2})
    assert variables_after(protocol.HostStateUpdate(later, 1, facts_received=1)) == {"f": 2}


def test_facts_for_a_suspended_host_are_sent_to_the_controller() -> None:
    """The controller already has its state, and other workers request it from there."""
    sent: list[Any] = []
    states = WorkerHostStates(["h1"], sent.append, sent.append)
    advance = protocol.Advance("h1", None, HostState("h1"), 0)
    states.add(advance)
    states.resume(advance)
    states["h1"].learn({"f": 1}, "set_fact")
    assert sent == []
    states.suspend("h1", 1)
    states["h1"].learn({"g": 2}, "set_fact")
    update, learned = sent
    assert (update.state.variables, update.facts_received) == ({"f": 1}, 0)
    assert learned == protocol.LearnFacts("h1", {"g": 2}, "set_fact", already_known=True)
    states.resume(protocol.Advance("h1", "reply", None, 1))
    states["h1"].learn({"h": 3}, "set_fact")
    states.learn(protocol.LearnFacts("h1", {"i": 4}, "set_fact"))
    states.suspend("h1", 1)
    assert sent[2:] == [protocol.HostStateUpdate(states["h1"].copied(), 1, 1)]


def test_a_worker_reads_known_hosts_again_for_each_run(runner: PlayRunner) -> None:
    """The worker's process continues after a run, with its caches."""
    known = KnownHostsFiles((str(runner.write("known_hosts", "")),))
    assert not known.entries("h1", 22)
    runner.write("known_hosts", "h1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEtleQ==\n")
    on_workers(runner)
    assert runner.run("[{hosts: all, gather_facts: false, tasks: [{command: echo}]}]").exit == 0
    assert known.entries("h1", 22)


def test_a_worker_runs_no_more_hosts_than_its_own_limits_allow(runner: PlayRunner) -> None:
    runner.make_executor = partial(in_process_executor, workers=1, max_connections=1)
    play = f"""
    - hosts: all
      gather_facts: false
      tasks:
        - shell: 'mkdir {runner.folder}/alone && sleep 0.2 && rmdir {runner.folder}/alone'
    """
    assert runner.run(play, hosts=3, forks=3).exit == 0


@pytest.mark.parametrize(
    ("forks", "workers", "divided"),
    [(50, 2, [25, 25]), (5, 3, [2, 2, 1]), (1, 4, [1]), (3, 3, [1, 1, 1])],
)
def test_forks_are_divided_among_workers(forks: int, workers: int, divided: list[int]) -> None:
    assert divide_forks(forks, workers) == divided


def test_a_message_that_cannot_be_packed_is_a_crash_and_not_a_lost_worker(
    runner: PlayRunner,
) -> None:
    connections = on_workers(runner, 1)

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted):
            connections[0].endpoint._send(lambda: "no pickle of a lambda")
            (runner.folder / "go").touch()

    got = runner.run(slow(runner), on_event=note)
    assert (str(got.hosts["h1"].status), got.exit) == ("unknown", 1)
    assert "pickle" in tracebacks(got)
