"""Workers: one that is lost takes its hosts along and no others; nobody between reads anything."""

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
from provisioner.fleet.sealing import NotSealed, Pair
from provisioner.fleet.session_pool import Connect
from provisioner.fleet.worker_executor import Worker, WorkerCrashed, WorkerExecutor, shares
from provisioner.fleet.worker_state import States
from provisioner.loading.vault import Secret, Vault, encrypt
from provisioner.plan import Plan
from provisioner.remote.ssh.known_hosts import KnownHosts
from tests.engine.play_runner import PlayRunner
from tests.fleet.dead import LONG, Dead
from tests.fleet.lines import NearLine, near_crew
from tests.reporters.examples import Clock


def on_workers(runner: PlayRunner, count: int = 2) -> list[NearLine]:
    """Have workers run the plays; returns their lines, once a run has begun."""
    lines: list[NearLine] = []

    def crew(plan: Plan, connect: Connect, interrupt: Interrupt) -> object:
        return near_crew(plan, connect, interrupt, count, lines)

    runner.make_executor = crew  # type: ignore[assignment]
    return lines


@pytest.fixture(autouse=True)
def opened_in_the_end(runner: PlayRunner) -> Iterator[None]:
    """No host stays in a task whose test is over, whatever became of its worker."""
    yield
    (runner.folder / "go").touch()


def slow(runner: PlayRunner) -> str:
    """A play whose first two hosts stay in their task until the file `go` is there."""
    return f"""
    - hosts: all
      gather_facts: false
      tasks:
        - name: wait
          shell: '[ {{{{ inventory_hostname }}}} \\> h2 ] || until [ -e {runner.folder}/go ]; do
                  sleep 0.1; done'
        - {{name: b, command: echo}}
    """


def test_a_lost_worker_leaves_its_task_unknown_and_others_take_the_hosts_not_begun(
    runner: PlayRunner,
) -> None:
    lines, begun = on_workers(runner), set[str]()

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted):
            begun.add(event.host)
            if begun == {"h1", "h2"}:
                lines[0].cut()
        if isinstance(event, HostFinished):
            (runner.folder / "go").touch()

    got = runner.run(slow(runner), hosts=6, forks=2, on_event=note)
    statuses = {name: str(host.status) for name, host in got.hosts.items()}
    assert statuses == {"h1": "unknown", **dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), "changed")}
    assert got.exit == 4
    last = got.event("wait", "h1")
    assert (str(last.outcome), last.message) == (
        "unknown", "the worker that walked this host is gone",
    )  # fmt: skip
    assert last.hint
    assert [got.tasks(name) for name in ("h3", "h6")] == [
        [("wait", "changed"), ("b", "changed")]
    ] * 2


def test_hosts_that_wait_for_others_are_unreachable_with_their_worker(runner: PlayRunner) -> None:
    lines = on_workers(runner, 3)
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
            lines[1].cut()
            (runner.folder / "go").touch()

    got = runner.run(play, hosts=3, forks=3, on_event=note)
    statuses = {name: str(host.status) for name, host in got.hosts.items()}
    assert statuses == {"h1": "changed", "h2": "unreachable", "h3": "changed"}
    assert got.hosts["h2"].ok == 1, "what it has done counts"
    assert got.tasks("h2") == [("a", "changed")]


def test_what_is_done_once_is_not_done_again_when_its_worker_is_lost(runner: PlayRunner) -> None:
    lines = on_workers(runner)
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
            lines[0].cut()
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


def test_without_any_worker_left_hosts_are_unreachable_and_the_run_ends(runner: PlayRunner) -> None:
    lines = on_workers(runner, 1)

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted):
            lines[0].cut()

    got = runner.run(slow(runner), hosts=3, forks=1, on_event=note)
    (runner.folder / "go").touch()
    assert [str(got.hosts[name].status) for name in ("h1", "h2", "h3")] == [
        "unknown", "unreachable", "unreachable",
    ]  # fmt: skip


def test_a_bug_on_a_worker_ends_the_run_with_its_traceback(runner: PlayRunner) -> None:
    def connect(host: str, variables: object) -> object:
        raise ZeroDivisionError("a bug")

    runner.make_executor = lambda plan, _, interrupt: near_crew(plan, connect, interrupt)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="ZeroDivisionError: a bug"):
        runner.run("[{hosts: all, gather_facts: false, tasks: [{command: echo}]}]")


def test_an_interrupt_stops_hosts_on_workers_at_their_next_task(runner: PlayRunner) -> None:
    interrupts: list[Interrupt] = []

    def crew(plan: Plan, connect: Connect, interrupt: Interrupt) -> object:
        interrupts.append(interrupt)
        return near_crew(plan, connect, interrupt)

    runner.make_executor = crew  # type: ignore[assignment]
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


def test_what_a_worker_opens_with_the_vault_is_masked_here_before_it_is_told(
    runner: PlayRunner,
) -> None:
    opened: list[object] = []
    runner.vault = Vault((Secret("default", b"password"),), opened.append)
    text = encrypt(b"word: sesame\n", runner.vault.secrets[0])
    runner.write("secret.yml", text.decode())
    on_workers(runner)
    seen: list[bool] = []

    def note(event: Event) -> None:
        if isinstance(event, TaskFinished) and event.task == "say":
            seen.append("sesame" in str(opened))

    play = """
    - hosts: all
      gather_facts: false
      tasks:
        - include_vars: secret.yml
        - {name: say, debug: {msg: "{{ word }}"}}
    """
    assert runner.run(play, on_event=note).debug_output() == ["sesame"]
    assert seen == [True]


def test_nothing_of_a_run_can_be_read_on_the_way(runner: PlayRunner) -> None:
    lines = on_workers(runner)
    play = "[{hosts: all, gather_facts: false, tasks: [{name: hush, command: 'echo {{ key }}'}]}]"
    assert runner.run(play, hosts=2, extra_vars={"key": "sesame"}).exit == 0
    said = b"".join(part for line in lines for part in line.said)
    assert len(said) > 1000
    assert not [
        word for word in (b"sesame", b"hush", b"h1", b"echo") if word in said and len(word) > 2
    ]


def test_a_sealed_message_can_be_opened_once_in_its_turn_and_by_the_other_side_only() -> None:
    ours, theirs, strange = Pair(), Pair(), Pair()
    controller = ours.with_(theirs.public, leads=True)
    worker = theirs.with_(ours.public, leads=False)
    first, second = controller.seal(b"first"), controller.seal(b"second")
    with pytest.raises(NotSealed):
        worker.open(second)
    assert worker.open(first) == b"first"
    for wrong in (first, second[:-1] + bytes([second[-1] ^ 1]), worker.seal(b"own")):
        with pytest.raises(NotSealed):
            worker.open(wrong)
    with pytest.raises(NotSealed):
        strange.with_(ours.public, leads=False).open(second)
    assert worker.open(second) == b"second"


def test_a_host_that_does_not_answer_a_worker_lends_its_slot_there(runner: PlayRunner) -> None:
    dead = Dead(runner)
    runner.make_executor = lambda plan, _, interrupt: near_crew(
        plan, dead.connect, interrupt, workers=1
    )
    play = "[{hosts: all, gather_facts: false, tasks: [{name: a, command: echo}]}]"
    got = runner.run(play, hosts=3, forks=1, on_event=dead.note)
    assert [str(got.hosts[host].status) for host in ("h1", "h2", "h3")] == [
        "unreachable", "changed", "changed",
    ]  # fmt: skip


def test_hosts_stop_on_a_worker_that_hears_nothing_from_the_controller(
    runner: PlayRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its controller is gone: the line is cut on this side only, the station lives on."""
    clock = Clock()
    monkeypatch.setattr(worker_endpoint, "LEASE", 0.1)
    monkeypatch.setattr(worker_endpoint, "time", SimpleNamespace(monotonic=clock))
    lines = on_workers(runner, 1)

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted):
            lines[0].cut()

    got = runner.run(slow(runner), hosts=1, forks=1, on_event=note)
    assert str(got.hosts["h1"].status) == "unknown"
    assert not lines[0].station.ended.is_set()
    forgotten = threading.Event()
    lines[0].station._forget = forgotten.set
    for _ in range(int(LONG)):
        clock.now += 1  # again, for what was under way may have been heard since
        if forgotten.wait(1):
            assert lines[0].station.ended.is_set()
            return
    pytest.fail("it goes on")


def test_what_goes_wrong_where_a_worker_is_told_something_is_no_lost_worker(
    runner: PlayRunner,
) -> None:
    """Nor is it told to Dask, which would log it."""
    lines = on_workers(runner, 1)

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted):
            lines[0].send(protocol.Answered(99, None))

    with pytest.raises(WorkerCrashed, match="KeyError: 99"):
        runner.run(slow(runner), on_event=note)


class Mute:
    """A line that nothing is heard from."""

    name = "mute"

    def send(self, message: object) -> None:
        pass

    def close(self) -> None:
        pass


def test_facts_on_their_way_to_a_host_outlive_what_its_worker_says_meanwhile() -> None:
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    line, states = Mute(), {"h1": HostState("h1")}
    remotes = WorkerExecutor([Worker(line, 2)], inbox, Interrupt())
    shared: Any = SimpleNamespace(
        hosts=("h1",), batch=("h1",), world=SimpleNamespace(states=states)
    )
    remotes.begin_batch(Batch(shared))
    remotes.advance("h1", None)

    def heard(message: object) -> dict[str, Any]:
        inbox.put((line, message))
        assert remotes.next_message(slot_wanted=False) is None
        return states["h1"].variables

    assert heard(protocol.LearnFacts("h1", {"f": 1}, "set_fact")) == {"f": 1}
    assert heard(protocol.Synced(HostState("h1"), 1, learned=0)) == {"f": 1}
    later = HostState("h1", variables={"f": 2})
    assert heard(protocol.Synced(later, 1, learned=1)) == {"f": 2}


def test_facts_that_a_host_learns_while_it_waits_are_told_to_the_controller() -> None:
    """It has told how it stands already; hosts of other workers ask the controller."""
    told: list[Any] = []
    states = States(["h1"], told.append, told.append)
    begins = protocol.Advance("h1", None, HostState("h1"), 0)
    states.expect(begins)
    states.take(begins)
    states["h1"].learn({"f": 1}, "set_fact")
    assert told == []
    states.sync("h1", 1)
    states["h1"].learn({"g": 2}, "set_fact")
    synced, learned = told
    assert (synced.state.variables, synced.learned) == ({"f": 1}, 0)
    assert learned == protocol.LearnFacts("h1", {"g": 2}, "set_fact", known=True)
    states.take(protocol.Advance("h1", "reply", None, 1))
    states["h1"].learn({"h": 3}, "set_fact")
    states.learn(protocol.LearnFacts("h1", {"i": 4}, "set_fact"))
    states.sync("h1", 1)
    assert told[2:] == [protocol.Synced(states["h1"].copied(), 1, 1)]


def test_a_worker_looks_at_known_hosts_anew_for_each_run(runner: PlayRunner) -> None:
    """Its process lives on between runs."""
    known = KnownHosts((str(runner.write("known_hosts", "")),))
    assert not known.entries("h1", 22)
    runner.write("known_hosts", "h1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEtleQ==\n")
    on_workers(runner)
    assert runner.run("[{hosts: all, gather_facts: false, tasks: [{command: echo}]}]").exit == 0
    assert known.entries("h1", 22)


def test_a_worker_has_no_more_hosts_at_work_than_its_own_limits_allow(runner: PlayRunner) -> None:
    runner.make_executor = partial(near_crew, workers=1, connections=1)
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
def test_forks_are_divided_and_never_exceeded(forks: int, workers: int, divided: list[int]) -> None:
    assert shares(forks, workers) == divided


def test_what_a_worker_can_not_send_is_a_bug_and_no_lost_worker(runner: PlayRunner) -> None:
    lines = on_workers(runner, 1)

    def note(event: Event) -> None:
        if isinstance(event, TaskStarted):
            lines[0].station._tell(lambda: "no pickle of a lambda")
            (runner.folder / "go").touch()

    with pytest.raises(WorkerCrashed, match="pickle"):
        runner.run(slow(runner), on_event=note)
