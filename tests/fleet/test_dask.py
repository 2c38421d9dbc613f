"""--workers: a Dask cluster of real processes gives what threads give, and keeps no secret."""

from __future__ import annotations

import os
import queue
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import Client, LocalCluster
from distributed.security import Security

import provisioner.fleet
from provisioner.engine.interrupt import Interrupt
from provisioner.engine.run import Run
from provisioner.errors import UsageError
from provisioner.events import Event, RunFinished, TaskFinished, TaskStarted
from provisioner.fleet import dask as workers
from provisioner.fleet import protocol
from provisioner.fleet.sealing import Pair
from provisioner.fleet.session_pool import Ssh
from provisioner.fleet.thread_executor import ThreadExecutor
from provisioner.fleet.worker_executor import Gone
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_playbook
from provisioner.plan import Options, Plan, plan
from provisioner.remote.target import Defaults
from tests.cli.conftest import Command
from tests.cli.conftest import provision as provision

CONNECT = Ssh(Defaults())

PLAY = """
- hosts: all
  gather_facts: false
  serial: [150, 50]
  tasks:
    - {name: a, command: "echo {{ inventory_hostname }}", register: r}
    - {name: odd, command: "false", when: "inventory_hostname in ['h7', 'h160']"}
    - {name: once, command: echo shared, run_once: true, register: o}
    - name: others
      debug: {msg: "{{ o.stdout }} {{ hostvars['h1'].r.stdout }} {{ ansible_play_hosts | length }}"}
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """A cluster over TLS that is there already, and Dask's configuration to join it."""
    security = Security.temporary()  # type: ignore[no-untyped-call]
    names = {
        "distributed.comm.tls.ca-file": security.tls_ca_file,
        "distributed.comm.tls.client.cert": security.tls_client_cert,
        "distributed.comm.tls.client.key": security.tls_client_key,
    }
    options: dict[str, Any] = {"dashboard_address": "127.0.0.1:0", "silence_logs": 60}
    with (
        dask.config.set(names),
        LocalCluster(  # type: ignore[no-untyped-call]
            2, threads_per_worker=1, processes=True, host="127.0.0.1", protocol="tls",
            security=security, memory_limit=0, **options,
        ) as cluster,
    ):  # fmt: skip
        yield cluster


def planned(folder: Path, text: str, hosts: int, **options: Any) -> Plan:
    (folder / "play.yml").write_text(text)
    names = ",".join(f"h{n}" for n in range(1, hosts + 1)) + ","
    extra = {"ansible_connection": "local", **options.pop("extra_vars", {})}
    book = load_playbook(folder / "play.yml")
    return plan(load_inventory(names), [book], Options(extra_vars=extra, **options))


def on_cluster(where: str, plan: Plan, files: dict[str, str] | None = None) -> Iterator[Event]:
    interrupt = Interrupt()
    start = protocol.Start(
        plan, CONNECT, plan.options.forks, partial(int, 1000), False, files or {}
    )
    with workers.crew(where, start, interrupt) as crew:
        yield from Run(plan, crew, interrupt).events()


def told(events: Sequence[Event]) -> dict[str, list[tuple[Any, ...]]]:
    """What came of each host, task by task."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for event in events:
        if isinstance(event, TaskFinished):
            row = (event.task, event.outcome, event.shown, event.stdout)
            found.setdefault(event.host, []).append(row)
    end = events[-1]
    assert isinstance(end, RunFinished)
    for host, summary in end.hosts.items():
        found[host].append((end.exit, replace(summary, seconds=0.0)))
    return found


def test_two_hundred_hosts_on_two_workers_give_what_threads_give(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    plan, interrupt = planned(tmp_path, PLAY, 200), Interrupt()
    here = Run(plan, ThreadExecutor(CONNECT, 50, interrupt), interrupt)
    expected = told(list(here.events()))
    got = told(list(on_cluster(cluster.scheduler_address, plan)))
    assert got == expected
    assert len(got) == 200


def test_nothing_that_dask_keeps_or_logs_has_a_secret(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    text = """
    - hosts: all
      gather_facts: false
      vars: {hidden: open-sesame}
      tasks: [{name: hush, shell: 'echo {{ hidden }} {{ typed }}'}]
    """
    plan = planned(tmp_path, text, 2, extra_vars={"typed": "hunter-two"})
    events = list(on_cluster(cluster.scheduler_address, plan))
    assert told(events)["h1"][0][3] == "open-sesame hunter-two"
    with Client(cluster) as client:  # type: ignore[no-untyped-call]
        kept = [
            client.get_worker_logs(),
            client.get_scheduler_logs(),
            client.get_events(),
            client.get_task_stream(),
            client.run_on_scheduler(_tasks),
            client.run(_logged),
        ]
    assert not [word for word in ("sesame", "hunter", "hush") if word in repr(kept)]


def _tasks(dask_scheduler: Any) -> str:
    return repr((list(dask_scheduler.tasks), dask_scheduler.unrunnable, dask_scheduler.extensions))


def _logged(dask_worker: Any) -> str:
    return repr((dask_worker.state.log, dask_worker.data, dask_worker.get_logs()))


def test_a_call_that_fails_on_a_worker_logs_no_secret(cluster: LocalCluster) -> None:
    """Dask logs the arguments of a call that fails: they are sealed bytes."""
    from provisioner.fleet import worker_endpoint

    with Client(cluster) as client:  # type: ignore[no-untyped-call]
        with pytest.raises(KeyError):
            client.run(worker_endpoint.deliver, "no-run", b"sealed")
        logs = repr(client.get_worker_logs())
    assert "no-run" in logs


def test_a_worker_that_sees_other_files_than_we_do_is_refused(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    plan = planned(tmp_path, PLAY, 1)
    with pytest.raises(UsageError, match=r"doesn't see /nowhere/play.yml as this machine does"):
        list(on_cluster(cluster.scheduler_address, plan, {"/nowhere/play.yml": "0" * 64}))


def test_paths_are_those_of_the_command_wherever_workers_were_started(
    cluster: LocalCluster, provision: Command
) -> None:
    provision.write("more.yml", "- debug: {msg: found}")
    provision.write("play.yml", "[{hosts: all, tasks: [{include_tasks: more.yml}]}]")
    words = ("-e", "ansible_connection=local", "--workers", cluster.scheduler_address)
    done = provision("h1,", "play.yml", *words)
    assert (done.exit, "found" in done.out) == (0, True), done.out


def test_a_worker_with_another_version_is_refused(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provisioner.fleet.worker_endpoint.__version__", "99")
    with pytest.raises(UsageError, match=r"has provision .*, this machine provision 99, Python"):
        list(on_cluster(cluster.scheduler_address, planned(tmp_path, PLAY, 1)))


def test_what_is_said_to_a_worker_is_as_it_was_when_it_was_said() -> None:
    def learned(value: object) -> None:
        pass

    line = workers.DaskLine(None, "", queue.SimpleQueue(), learned)  # type: ignore[arg-type]
    facts = {"a": 1}
    line.send(protocol.LearnFacts("h1", facts, "setup"))
    facts["b"] = 2
    packed = line._out.get()
    assert packed is not None
    assert (
        protocol.unpack(packed + packed, learned)
        == (protocol.LearnFacts("h1", {"a": 1}, "setup"),) * 2
    )


def test_a_worker_that_is_killed_is_survived(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One of two processes dies by kill -9 while each has a host in its task."""
    go, begun = tmp_path / "go", set[str]()
    pids: dict[str, int] = {}
    terminals = set[int]()
    opened = workers.DaskLine.open

    def noted(line: workers.DaskLine, start: protocol.Start) -> None:
        pids.update(line._client.run(os.getpid))
        terminals.update(line._client.run(os.getsid, 0).values())
        opened(line, start)

    monkeypatch.setattr(workers.DaskLine, "open", noted)
    text = f"""
    - hosts: all
      gather_facts: false
      tasks:
        - name: wait
          shell: '[ {{{{ inventory_hostname }}}} \\> h2 ] || until [ -e {go} ]; do sleep 0.1; done'
        - {{name: b, command: echo}}
    """
    plan = planned(tmp_path, text, 6, forks=2)
    events = []
    for event in on_cluster("2", plan):
        events.append(event)
        if isinstance(event, TaskStarted) and len(begun) < 2:
            begun.add(event.host)
            if len(begun) == 2:
                os.kill(pids[sorted(pids)[0]], signal.SIGKILL)
        if isinstance(event, TaskFinished):
            go.touch()
    end = events[-1]
    assert isinstance(end, RunFinished)
    statuses = {host: str(summary.status) for host, summary in end.hosts.items()}
    assert statuses == {"h1": "unknown", **dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), "changed")}
    assert end.exit == 4
    assert os.getsid(0) not in terminals, "Ctrl-C in the terminal would end the workers"


def test_without_dask_the_command_line_says_how_to_install_it(
    provision: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(provisioner.fleet, "dask")
    monkeypatch.delitem(sys.modules, "provisioner.fleet.dask")
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = provision.play(PLAY, "--workers", "2")
    assert done.exit == 5
    assert "pip install 'provision-el7[dask]'" in done.err


def test_a_cluster_without_certificates_or_that_is_not_there_is_told_at_once(
    tmp_path: Path,
) -> None:
    plan = planned(tmp_path, PLAY, 1)
    with (
        dask.config.set({"distributed.comm.tls.ca-file": None}),
        pytest.raises(UsageError, match="name them in Dask's configuration"),
    ):
        list(on_cluster("tls://127.0.0.1:1", plan))
    pem = str(tmp_path / "play.yml")
    names = {f"distributed.comm.tls.{name}": pem for name in ("client.cert", "client.key")}
    with dask.config.set({**names, "distributed.comm.tls.ca-file": pem}):
        for place, why in (
            ("tls://127.0.0.1:1", "the scheduler at tls://127.0.0.1:1 can't be reached"),
            ("tls://nowhere.invalid:8786", "the scheduler at tls://nowhere.invalid:8786 can't be"),
            ("tls://nowhere", "tls://nowhere has no port: tls://HOST:PORT is needed"),
        ):
            with pytest.raises(UsageError, match=why):
                list(on_cluster(place, plan))
    with (
        dask.config.set({**names, "distributed.comm.tls.ca-file": "/no/ca.pem"}),
        pytest.raises(UsageError, match=r"/no/ca.pem, which .* can't be read: No such file"),
    ):
        list(on_cluster("tls://127.0.0.1:1", plan))


def test_a_cluster_is_started_where_ctrl_c_does_not_reach_its_processes() -> None:
    def make() -> Any:
        return signal.pthread_sigmask(signal.SIG_BLOCK, [])

    blocked: Any = workers._started(make)
    assert signal.SIGINT in blocked
    assert signal.SIGINT not in make(), "the command can't be interrupted"


def test_processes_that_can_not_be_started_are_told_with_why() -> None:
    def make() -> Any:
        try:
            raise OSError(24, "Too many open files")
        except OSError as error:
            raise RuntimeError("Nanny failed to start") from error

    with pytest.raises(UsageError, match=r"--workers: .* can't be started: Too many open files"):
        workers._started(make)


def test_a_worker_that_stands_still_is_given_up() -> None:
    """Its connection stays as it is."""

    class Still:
        def run(self, *_: object, callback_timeout: float, **__: object) -> None:
            raise TimeoutError(callback_timeout)

    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    line = workers.DaskLine(Still(), "tls://w", inbox, print)  # type: ignore[arg-type]
    line._sealing = Pair().with_(Pair().public, leads=True)
    line._receive_all()
    assert inbox.get() == (line, Gone("no answer for 90 s"))


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("0", "neither a number of processes nor tls://HOST:PORT"),
        ("many", "neither a number of processes nor tls://HOST:PORT"),
        ("tcp://scheduler:8786", "a cluster without TLS runs what anybody sends it"),
    ],
)
def test_a_place_that_makes_no_sense_is_a_usage_error(
    provision: Command, place: str, said: str
) -> None:
    done = provision.play(PLAY, "--workers", place)
    assert done.exit == 5
    assert said in done.err
