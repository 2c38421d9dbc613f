"""Runs hosts on the workers of a Dask cluster: N local processes, or a remote cluster over TLS.

The controller calls functions of fleet/worker_endpoint.py in the workers' processes, without Dask's
task graph. So Dask's scheduler and dashboard only ever have encrypted bytes.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import multiprocessing
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

from provisioner import process_signals
from provisioner.engine.interrupt import Interrupt
from provisioner.errors import UsageError
from provisioner.fleet import protocol, worker_endpoint
from provisioner.fleet.encryption import KeyPair, MessageCipher
from provisioner.fleet.machines import Machines
from provisioner.fleet.worker_executor import Inbox, WorkerExecutor
from provisioner.fleet.worker_handle import WorkerHandle, WorkerLost, divide_forks

START_TIMEOUT = 20.0
"""Seconds to wait for a scheduler, or for a worker's answer to the first call."""

CLOSE_TIMEOUT = 5
"""Seconds to wait until a worker has received the end of the run."""

NO_WEB_PAGES: dict[str, list[str]] = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
"""Settings of a local cluster, which needs no dashboard."""


@contextlib.contextmanager
def dask_executor(
    workers: str, start: protocol.Start, interrupt: Interrupt
) -> Iterator[WorkerExecutor]:
    """Yield an executor with started workers.

    `workers` is a number of local processes, or the tls:// address of a Dask scheduler. The forks
    of `start` are divided among the workers. Raises UsageError if there are no usable workers.
    """
    for name in ("distributed", "distributed.client", "asyncio", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # our own messages report errors
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(_client(workers))
        addresses = sorted(client.scheduler_info(n_workers=-1)["workers"])
        if not addresses:
            raise UsageError(f"--workers: the cluster at {workers} has no workers")
        slots = divide_forks(start.forks, len(addresses))
        inbox: Inbox = queue.SimpleQueue()
        on_decrypted = start.plan.inventory.vault.learned
        connections = [
            DaskWorkerConnection(client, address, inbox, on_decrypted)
            for address in addresses[: len(slots)]
        ]
        pairs = list(zip(connections, slots, strict=True))
        handles = [WorkerHandle(connection, count) for connection, count in pairs]
        machines = Machines(start.plan.same_machines)
        executor = WorkerExecutor(handles, inbox, interrupt, machines)
        stack.callback(executor.close)
        for connection, count in pairs:
            connection.open(replace(start, forks=count))
        yield executor


@contextlib.contextmanager
def _client(workers: str) -> Iterator[Client]:
    """Yield a client of the cluster: an existing one, or one that ends with this context."""
    if workers.startswith("tls://"):
        with _remote_client(workers) as client:
            yield client
        return
    with (
        process_signals.cleanup(_kill_children),
        dask.config.set(NO_WEB_PAGES),
        _start_cluster(lambda: _local_cluster(int(workers))) as cluster,
        Client(cluster, set_as_default=False) as client,  # type: ignore[no-untyped-call]
    ):
        client.run(worker_endpoint.detach_from_terminal)
        yield client


def _remote_client(address: str) -> Client:
    _check_cluster(address)
    try:
        return Client(address, timeout=START_TIMEOUT, set_as_default=False)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise UsageError(
            f"--workers: cannot join the cluster at {address}: {error or type(error).__name__}. "
            "Check that a Dask scheduler listens there and accepts the certificates of Dask's "
            "configuration (distributed.comm.tls)."
        ) from error


def _check_cluster(address: str) -> None:
    """Raise UsageError at once for errors that Dask reports only after many attempts."""
    for name in ("ca-file", "client.cert", "client.key"):
        _check_certificate(dask.config.get(f"distributed.comm.tls.{name}", None))
    host, _, port = address.removeprefix("tls://").rstrip("/").rpartition(":")
    if not (host and port.isdecimal()):
        raise UsageError(f"--workers: {address} has no port: use tls://HOST:PORT")
    try:
        socket.create_connection((host.strip("[]"), int(port)), START_TIMEOUT).close()
    except OSError as error:
        reason = f"cannot connect to the scheduler at {address}: {error}"
        raise UsageError(f"--workers: {reason}") from error


def _check_certificate(value: str | None) -> None:
    """Check a value of Dask's configuration: the name of a file, or a file's content."""
    if not value:
        raise UsageError(
            "--workers: a cluster needs certificates: set ca-file, client.cert and client.key in "
            "Dask's configuration (distributed.comm.tls); see docs/workers.md"
        )
    try:
        if "\n" not in value:
            Path(value).read_bytes()
    except OSError as error:
        reason = f"cannot read {value}, which Dask's configuration names: {error.strerror}"
        raise UsageError(f"--workers: {reason}") from error


def _kill_children() -> None:
    """Kill the local workers: one that starts prints a traceback when this process ends."""
    for child in multiprocessing.active_children():
        child.kill()


def _start_cluster(make: Callable[[], LocalCluster]) -> LocalCluster:
    """Return the started cluster. Ctrl-C interrupts this.

    The terminal sends Ctrl-C to the cluster's processes too, and each would print a traceback. So a
    thread starts them with SIGINT blocked, which they inherit.
    """
    cluster: Future[LocalCluster] = Future()

    def start() -> None:
        resource_tracker.ensure_running()  # this call unblocks signals, so it must come first
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            cluster.set_result(make())
        except BaseException as error:
            cluster.set_exception(error)

    threading.Thread(target=start, name="cluster", daemon=True).start()
    try:
        return cluster.result()
    except BaseException as error:
        # At exit, Dask would try to close the cluster, but an incomplete one cannot be closed. Its
        # processes end with this one.
        atexit.unregister(spec.close_clusters)
        if not isinstance(error, Exception):
            raise
        reason = f"cannot start the worker processes: {_first_cause(error)}"
        raise UsageError(f"--workers: {reason}") from error


def _first_cause(error: BaseException) -> str:
    """Return the message of the exception that caused all others."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    text = isinstance(error, OSError) and error.strerror
    return text or str(error) or type(error).__name__


def _local_cluster(count: int) -> LocalCluster:
    return LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=count,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        # Without TLS, every user of this machine could run code as the current user.
        security=Security.temporary(),  # type: ignore[no-untyped-call]
        protocol="tls",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
        memory_limit=0,
    )


class DaskWorkerConnection:
    """The connection to one worker, with a thread that sends and one that receives."""

    def __init__(
        self, client: Client, address: str, inbox: Inbox, on_decrypted: Callable[[object], None]
    ) -> None:
        self.name = f"the worker at {address}"
        self._client, self._address = client, address
        self._inbox, self._on_decrypted = inbox, on_decrypted
        self._run = secrets.token_hex(8)
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        """Packed messages. None ends the run."""
        self._closed = threading.Event()
        self._sender_ended = threading.Event()
        self._cipher: MessageCipher | None = None

    def open(self, start: protocol.Start) -> None:
        """Agree on keys with the worker and start the run. Raises UsageError if that fails."""
        key_pair = KeyPair()
        try:
            public_key, version = self._call(
                worker_endpoint.open_run, key_pair.public, timeout=START_TIMEOUT
            )
        except Exception as error:
            timed_out = isinstance(error, TimeoutError)
            reason = (
                "no answer" if timed_out else f"{error}. Check that provision is installed there."
            )
            raise UsageError(f"--workers: {self.name} cannot take part: {reason}") from error
        own_version = worker_endpoint.program_version()
        if version != own_version:
            raise UsageError(
                f"--workers: {self.name} has {version}, but this machine has {own_version}: "
                "install the same versions"
            )
        self._cipher = key_pair.cipher(public_key, is_controller=True)
        self.send(start)
        for loop in (self._send_all, self._receive_all):
            threading.Thread(target=loop, name="worker connection", daemon=True).start()

    def send(self, message: Any) -> None:
        """Send a message. It is packed at once, since its objects may change before it is sent.

        An exception while packing is a bug here, and must not look like a lost worker.
        """
        try:
            self._outbox.put(protocol.pack([message], self._on_decrypted))
        except Exception:
            self._inbox.put((self, protocol.Crashed(traceback.format_exc())))

    def close(self) -> None:
        """End the run on the worker. Waits up to `CLOSE_TIMEOUT` until it has received this."""
        if not self._closed.is_set():
            self._closed.set()
            self._outbox.put(None)
            if self._cipher is not None:
                self._sender_ended.wait(CLOSE_TIMEOUT)

    def _call(
        self, function: Any, *arguments: Any, timeout: float = worker_endpoint.CONTROLLER_TIMEOUT
    ) -> Any:
        """Call a function on the worker and return its result.

        Raises TimeoutError if there is no result in time: a frozen worker stays connected.
        """
        results = self._client.run(
            function, self._run, *arguments, workers=[self._address], callback_timeout=timeout
        )
        return results[self._address]

    def _send_all(self) -> None:
        assert self._cipher is not None
        ended = False
        while not ended:
            messages = [self._outbox.get()]
            while not self._outbox.empty():
                messages.append(self._outbox.get())
            ended = None in messages
            packed = b"".join(message for message in messages if message is not None)
            try:
                if packed:
                    self._call(worker_endpoint.deliver, self._cipher.encrypt(packed))
                if ended:
                    self._call(worker_endpoint.close_run)
            except Exception as error:
                self._give_up(error)
                break
        self._sender_ended.set()

    def _receive_all(self) -> None:
        assert self._cipher is not None
        while not self._closed.is_set():
            try:
                data = self._call(worker_endpoint.collect)
                messages = protocol.unpack(self._cipher.decrypt(data), self._on_decrypted)
            except Exception as error:
                self._give_up(error)
                return
            for message in messages:
                self._inbox.put((self, message))

    def _give_up(self, error: Exception) -> None:
        """Report the worker as lost. If it still runs, its hosts must stop."""
        if not self._closed.is_set():
            self._closed.set()
            reason = type(error).__name__
            if isinstance(error, TimeoutError):
                reason = f"no answer for {worker_endpoint.CONTROLLER_TIMEOUT:.0f} s"
            self._inbox.put((self, WorkerLost(reason)))
            with contextlib.suppress(Exception):
                self._call(worker_endpoint.close_run)
