"""Workers of a Dask cluster: a local one of N processes, or one that is there, over TLS.

Functions of fleet/station.py are called in the workers' processes, past Dask's task graph: neither
its scheduler nor its dashboard ever holds more of a run than sealed bytes on their way.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import queue
import secrets
import signal
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster
from distributed.deploy import spec
from distributed.security import Security

from provisioner.engine.interrupt import Interrupt
from provisioner.errors import UsageError
from provisioner.fleet import protocol, worker_endpoint
from provisioner.fleet.sealing import Pair, Sealing
from provisioner.fleet.worker_executor import Gone, Line, Worker, WorkerExecutor, shares

HELLO_SECONDS = 20.0
QUIET: dict[str, list[str]] = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
"""No web pages of a local cluster: nobody would look at them."""

Learned = Callable[[object], None]
Inbox = queue.SimpleQueue[tuple[Line | None, Any]]


@contextlib.contextmanager
def crew(where: str, start: protocol.Start, interrupt: Interrupt) -> Iterator[WorkerExecutor]:
    """Workers at `where`, a number or a scheduler's tls:// address; they are told `start`, with
    the forks divided among them. Raises UsageError where there are none, or not the right ones."""
    for name in ("distributed", "distributed.client", "asyncio", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # whoever it stops tells of it
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(_client(where))
        addresses = sorted(client.scheduler_info(n_workers=-1)["workers"])
        if not addresses:
            raise UsageError(f"--workers: the cluster at {where} has no workers")
        divided = shares(start.forks, len(addresses))
        inbox: Inbox = queue.SimpleQueue()
        learned = start.plan.inventory.vault.learned
        lines = [DaskLine(client, where, inbox, learned) for where in addresses[: len(divided)]]
        workers = [Worker(line, share) for line, share in zip(lines, divided, strict=True)]
        remotes = WorkerExecutor(workers, inbox, interrupt)
        stack.callback(remotes.close)
        for line, share in zip(lines, divided, strict=True):
            line.open(replace(start, forks=share))
        yield remotes


@contextlib.contextmanager
def _client(where: str) -> Iterator[Client]:
    if where.startswith("tls://"):
        _must_answer(where)
        try:
            client = Client(where, timeout=HELLO_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
        except Exception as error:
            raise UsageError(
                f"--workers: {where} can't be joined: {error or type(error).__name__}. Is it a "
                "Dask scheduler, and does it take the certificates of Dask's configuration "
                "(distributed.comm.tls)?"
            ) from error
        with client:
            yield client
        return
    with (
        dask.config.set(QUIET),
        _started(lambda: _local_cluster(int(where))) as cluster,
        Client(cluster, set_as_default=False) as client,  # type: ignore[no-untyped-call]
    ):
        client.run(worker_endpoint.leave_terminal)
        yield client


def _must_answer(where: str) -> None:
    """What Dask finds out only after long tries, said at once."""
    for name in ("ca-file", "client.cert", "client.key"):
        _must_be_readable(dask.config.get(f"distributed.comm.tls.{name}", None))
    host, _, port = where.removeprefix("tls://").rstrip("/").rpartition(":")
    if not (host and port.isdecimal()):
        raise UsageError(f"--workers: {where} has no port: tls://HOST:PORT is needed")
    try:
        socket.create_connection((host.strip("[]"), int(port)), HELLO_SECONDS).close()
    except OSError as error:
        raise UsageError(
            f"--workers: the scheduler at {where} can't be reached: {error}"
        ) from error


def _must_be_readable(given: str | None) -> None:
    """`given` is a file of Dask's configuration, or what is in one."""
    if not given:
        raise UsageError(
            "--workers: a cluster is joined with certificates: name them in Dask's configuration "
            "(distributed.comm.tls: ca-file, client.cert, client.key; see docs/workers.md)"
        )
    try:
        if "\n" not in given:
            Path(given).read_bytes()
    except OSError as error:
        raise UsageError(
            f"--workers: {given}, which Dask's configuration names, can't be read: {error.strerror}"
        ) from error


def _started(make: Callable[[], LocalCluster]) -> LocalCluster:
    """The cluster, unless Ctrl-C comes while it starts. In the terminal that is for its processes,
    too, each of which would tell of it: they begin in a thread that blocks it, as they then do."""
    made: Future[LocalCluster] = Future()

    def work() -> None:
        resource_tracker.ensure_running()  # it ends with unblocking
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            made.set_result(make())
        except BaseException as error:
            made.set_exception(error)

    threading.Thread(target=work, name="cluster", daemon=True).start()
    try:
        return made.result()
    except BaseException as error:
        # Half a cluster can't be closed, which Dask would try; its processes end with this one.
        atexit.unregister(spec.close_clusters)
        if not isinstance(error, Exception):
            raise
        raise UsageError(
            f"--workers: the processes can't be started: {_first_cause(error)}"
        ) from error


def _first_cause(error: BaseException) -> str:
    """What an error began with."""
    while (before := error.__cause__ or error.__context__) is not None:
        error = before
    text = isinstance(error, OSError) and error.strerror
    return text or str(error) or type(error).__name__


def _local_cluster(count: int) -> LocalCluster:
    return LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=count,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        # Without TLS every user of this machine could run what they like as this one.
        security=Security.temporary(),  # type: ignore[no-untyped-call]
        protocol="tls",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
        memory_limit=0,
    )


class DaskLine:
    """The way to one worker: a thread that sends, and one that waits for what it says."""

    def __init__(self, client: Client, address: str, inbox: Inbox, learned: Learned) -> None:
        self.name = f"the worker at {address}"
        self._client, self._address = client, address
        self._inbox, self._learned = inbox, learned
        self._run = secrets.token_hex(8)
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        """Messages as bytes; None says that no more come."""
        self._closed = threading.Event()
        self._left = threading.Event()
        self._sealing: Sealing | None = None

    def open(self, start: protocol.Start) -> None:
        """Agree on a key and tell the worker of the run."""
        pair = Pair()
        try:
            public, program = self._call(worker_endpoint.hello, pair.public, within=HELLO_SECONDS)
        except Exception as error:
            silent = isinstance(error, TimeoutError)
            why = "no answer" if silent else f"{error}. Is provision installed there?"
            raise UsageError(f"--workers: {self.name} can't take part: {why}") from error
        if program != worker_endpoint.program():
            raise UsageError(
                f"--workers: {self.name} has {program}, this machine "
                f"{worker_endpoint.program()}: they must be the same"
            )
        self._sealing = pair.with_(public, leads=True)
        self.send(start)
        for work in (self._send_all, self._receive_all):
            threading.Thread(target=work, name="worker line", daemon=True).start()

    def send(self, message: Any) -> None:
        """Packed at once: what it is made of may be another thing when it is sent. What can't be
        is a bug, and no fault of the worker's."""
        try:
            self._out.put(protocol.pack([message], self._learned))
        except Exception:
            self._inbox.put((self, protocol.Crashed(traceback.format_exc())))

    def close(self) -> None:
        """Say good-bye, and wait a moment for it to be heard."""
        if not self._closed.is_set():
            self._closed.set()
            self._out.put(None)
            if self._sealing is not None:
                self._left.wait(5)

    def _call(self, function: Any, *arguments: Any, within: float = worker_endpoint.LEASE) -> Any:
        """What the function gives there. Raises TimeoutError where nothing comes: a worker that
        stands still keeps its connection."""
        found = self._client.run(
            function, self._run, *arguments, workers=[self._address], callback_timeout=within
        )
        return found[self._address]

    def _send_all(self) -> None:
        assert self._sealing is not None
        ended = False
        while not ended:
            messages = [self._out.get()]
            while not self._out.empty():
                messages.append(self._out.get())
            ended = None in messages
            packed = b"".join(message for message in messages if message is not None)
            try:
                if packed:
                    self._call(worker_endpoint.deliver, self._sealing.seal(packed))
                if ended:
                    self._call(worker_endpoint.leave)
            except Exception as error:
                self._lost(error)
                break
        self._left.set()

    def _receive_all(self) -> None:
        assert self._sealing is not None
        while not self._closed.is_set():
            try:
                sealed = self._call(worker_endpoint.collect)
                messages = protocol.unpack(self._sealing.open(sealed), self._learned)
            except Exception as error:
                self._lost(error)
                return
            for message in messages:
                self._inbox.put((self, message))

    def _lost(self, error: Exception) -> None:
        """The worker is given up: should it live, its hosts have to stop."""
        if not self._closed.is_set():
            self._closed.set()
            silent = isinstance(error, TimeoutError)
            reason = (
                f"no answer for {worker_endpoint.LEASE:.0f} s" if silent else type(error).__name__
            )
            self._inbox.put((self, Gone(reason)))
            with contextlib.suppress(Exception):
                self._call(worker_endpoint.leave)
