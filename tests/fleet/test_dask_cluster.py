"""--workers: runs on a Dask cluster of real processes."""

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
from provisioner.fleet import dask_cluster, protocol
from provisioner.fleet.encryption import KeyPair
from provisioner.fleet.login import SshConnector
from provisioner.fleet.thread_executor import ThreadExecutor
from provisioner.fleet.worker_handle import WorkerLost
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_playbook
from provisioner.plan import Options, Plan, plan
from provisioner.remote.target import Defaults
from tests.cli.conftest import Command
from tests.cli.conftest import provision as provision

CONNECT = SshConnector(Defaults())

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
    """A running cluster over TLS, with Dask's configuration to join it."""
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
    with dask_cluster.dask_executor(where, start, interrupt) as executor:
        yield from Run(plan, executor, interrupt).events()


def results(events: Sequence[Event]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the tasks and the summary of each host."""
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for event in events:
        if isinstance(event, TaskFinished):
            row = (event.task, event.outcome, event.shown, event.stdout)
            rows.setdefault(event.host, []).append(row)
    end = events[-1]
    assert isinstance(end, RunFinished)
    for host, summary in end.hosts.items():
        rows[host].append((end.exit, replace(summary, seconds=0.0)))
    return rows


def test_two_hundred_hosts_have_the_same_results_on_workers_as_with_threads(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    plan, interrupt = planned(tmp_path, PLAY, 200), Interrupt()
    with_threads = Run(plan, ThreadExecutor(CONNECT, 50, interrupt), interrupt)
    expected = results(list(with_threads.events()))
    got = results(list(on_cluster(cluster.scheduler_address, plan)))
    assert got == expected
    assert len(got) == 200


def test_dask_neither_stores_nor_logs_a_secret(cluster: LocalCluster, tmp_path: Path) -> None:
    text = """
    - hosts: all
      gather_facts: false
      vars: {hidden: open-sesame}
      tasks: [{name: hush, shell: 'echo {{ hidden }} {{ typed }}'}]
    """
    plan = planned(tmp_path, text, 2, extra_vars={"typed": "hunter-two"})
    events = list(on_cluster(cluster.scheduler_address, plan))
    assert results(events)["h1"][0][3] == "open-sesame hunter-two"
    with Client(cluster) as client:  # type: ignore[no-untyped-call]
        stored = [
            client.get_worker_logs(),
            client.get_scheduler_logs(),
            client.get_events(),
            client.get_task_stream(),
            client.run_on_scheduler(_tasks),
            client.run(_logged),
        ]
    assert not [word for word in ("sesame", "hunter", "hush") if word in repr(stored)]


def _tasks(dask_scheduler: Any) -> str:
    return repr((list(dask_scheduler.tasks), dask_scheduler.unrunnable, dask_scheduler.extensions))


def _logged(dask_worker: Any) -> str:
    return repr((dask_worker.state.log, dask_worker.data, dask_worker.get_logs()))


def test_a_call_that_fails_on_a_worker_logs_no_secret(cluster: LocalCluster) -> None:
    """Dask logs the arguments of a call that fails. They are encrypted."""
    from provisioner.fleet import worker_endpoint

    with Client(cluster) as client:  # type: ignore[no-untyped-call]
        with pytest.raises(KeyError):
            client.run(worker_endpoint.deliver, "no-run", b"encrypted")
        logs = repr(client.get_worker_logs())
    assert "no-run" in logs


def test_a_worker_with_different_files_is_refused(cluster: LocalCluster, tmp_path: Path) -> None:
    plan = planned(tmp_path, PLAY, 1)
    message = r"on the worker at .*, these files are missing or different: /nowhere/play.yml; "
    with pytest.raises(UsageError, match=message):
        list(on_cluster(cluster.scheduler_address, plan, {"/nowhere/play.yml": "0" * 64}))


def test_paths_are_relative_to_the_folder_of_the_command(
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
    message = r"has provision .*, but this machine has provision 99, Python .*: install the same"
    with pytest.raises(UsageError, match=message):
        list(on_cluster(cluster.scheduler_address, planned(tmp_path, PLAY, 1)))


def test_a_message_to_a_worker_is_packed_when_it_is_sent() -> None:
    def on_decrypted(value: object) -> None:
        pass

    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    connection = dask_cluster.DaskWorkerConnection(None, "", inbox, on_decrypted)  # type: ignore[arg-type]
    facts = {"a": 1}
    connection.send(protocol.LearnFacts("h1", facts, "setup"))
    facts["b"] = 2
    packed = connection._outbox.get()
    assert packed is not None
    assert (
        protocol.unpack(packed + packed, on_decrypted)
        == (protocol.LearnFacts("h1", {"a": 1}, "setup"),) * 2
    )


def test_the_run_continues_when_a_worker_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One of two processes dies by kill -9 while each has a host in its task."""
    go, started = tmp_path / "go", set[str]()
    pids: dict[str, int] = {}
    terminals = set[int]()
    original_open = dask_cluster.DaskWorkerConnection.open

    def recording_open(
        connection: dask_cluster.DaskWorkerConnection, start: protocol.Start
    ) -> None:
        pids.update(connection._client.run(os.getpid))
        terminals.update(connection._client.run(os.getsid, 0).values())
        original_open(connection, start)

    monkeypatch.setattr(dask_cluster.DaskWorkerConnection, "open", recording_open)
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
        if isinstance(event, TaskStarted) and len(started) < 2:
            started.add(event.host)
            if len(started) == 2:
                os.kill(pids[sorted(pids)[0]], signal.SIGKILL)
        if isinstance(event, TaskFinished):
            go.touch()
    end = events[-1]
    assert isinstance(end, RunFinished)
    statuses = {host: str(summary.status) for host, summary in end.hosts.items()}
    assert statuses == {"h1": "unknown", **dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), "changed")}
    assert end.exit == 4
    assert os.getsid(0) not in terminals, "Ctrl-C in the terminal would end the workers"


def test_without_dask_the_error_says_how_to_install_it(
    provision: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(provisioner.fleet, "dask_cluster")
    monkeypatch.delitem(sys.modules, "provisioner.fleet.dask_cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = provision.play(PLAY, "--workers", "2")
    assert done.exit == 5
    assert "pip install 'provision-el7[dask]'" in done.err


def test_missing_certificates_and_unreachable_clusters_are_reported_at_once(
    tmp_path: Path,
) -> None:
    plan = planned(tmp_path, PLAY, 1)
    with (
        dask.config.set({"distributed.comm.tls.ca-file": None}),
        pytest.raises(UsageError, match=r"set ca-file, client.cert and client.key in Dask's"),
    ):
        list(on_cluster("tls://127.0.0.1:1", plan))
    pem = str(tmp_path / "play.yml")
    names = {f"distributed.comm.tls.{name}": pem for name in ("client.cert", "client.key")}
    with dask.config.set({**names, "distributed.comm.tls.ca-file": pem}):
        for address, reason in (
            ("tls://127.0.0.1:1", "cannot connect to the scheduler at tls://127.0.0.1:1: "),
            ("tls://nowhere.invalid:8786", "cannot connect to the scheduler at tls://nowhere"),
            ("tls://nowhere", "tls://nowhere has no port: use tls://HOST:PORT"),
        ):
            with pytest.raises(UsageError, match=reason):
                list(on_cluster(address, plan))
    with (
        dask.config.set({**names, "distributed.comm.tls.ca-file": "/no/ca.pem"}),
        pytest.raises(UsageError, match=r"cannot read /no/ca.pem, which .* names: No such file"),
    ):
        list(on_cluster("tls://127.0.0.1:1", plan))


def test_the_processes_of_a_local_cluster_ignore_ctrl_c() -> None:
    def make() -> Any:
        return signal.pthread_sigmask(signal.SIG_BLOCK, [])

    blocked: Any = dask_cluster._start_cluster(make)
    assert signal.SIGINT in blocked
    assert signal.SIGINT not in make(), "Ctrl-C does not interrupt the command"


def test_the_error_of_a_failed_process_start_has_the_reason() -> None:
    def make() -> Any:
        try:
            raise OSError(24, "Too many open files")
        except OSError as error:
            raise RuntimeError("Nanny failed to start") from error

    message = "--workers: cannot start the worker processes: Too many open files"
    with pytest.raises(UsageError, match=message):
        dask_cluster._start_cluster(make)


def test_a_frozen_worker_is_reported_as_lost() -> None:
    """Its connection stays open."""

    class FrozenClient:
        def run(self, *_: object, callback_timeout: float, **__: object) -> None:
            raise TimeoutError(callback_timeout)

    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    connection = dask_cluster.DaskWorkerConnection(FrozenClient(), "tls://w", inbox, print)  # type: ignore[arg-type]
    connection._cipher = KeyPair().cipher(KeyPair().public, is_controller=True)
    connection._receive_all()
    assert inbox.get() == (connection, WorkerLost("no answer for 90 s"))


@pytest.mark.parametrize(
    ("workers", "message"),
    [
        ("0", "neither a number of processes nor tls://HOST:PORT"),
        ("many", "neither a number of processes nor tls://HOST:PORT"),
        ("tcp://scheduler:8786", "a cluster without TLS runs code from anyone"),
    ],
)
def test_an_invalid_value_of_workers_is_a_usage_error(
    provision: Command, workers: str, message: str
) -> None:
    done = provision.play(PLAY, "--workers", workers)
    assert done.exit == 5
    assert message in done.err
