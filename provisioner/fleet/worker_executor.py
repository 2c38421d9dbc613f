"""An `Executor` that runs hosts on workers: the controller's side.

The controller decides the order of hosts and keeps barriers, throttles and the states of hosts. A
host that was assigned to a worker counts as started: if the worker is lost, no other worker runs
that host again.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from provisioner.engine.batch import Batch
from provisioner.engine.effects import Barrier, Publish, Released
from provisioner.engine.interrupt import Interrupt
from provisioner.engine.scheduler import HostBlocked, HostCrashed, HostDone, Message
from provisioner.errors import UsageError
from provisioner.events import Event, HostFinished, Status, TaskFinished, TaskStarted
from provisioner.fleet import protocol
from provisioner.fleet.machines import Machines
from provisioner.fleet.worker_handle import WorkerConnection, WorkerHandle, WorkerLost
from provisioner.fleet.worker_throttles import WorkerThrottles
from provisioner.result import Outcome

LOST = "the worker that ran this host is lost"
HINT = "find out why the worker ended; then run again for this host"

Inbox = queue.SimpleQueue[tuple[WorkerConnection | None, Any]]
"""Messages with the connection that they came from; None for messages of the controller itself."""


class WorkerCrashed(Exception):
    """A bug on a worker, with its traceback."""


class WorkerExecutor:
    """Runs hosts on workers, and keeps everything that the workers share."""

    def __init__(
        self,
        workers: Sequence[WorkerHandle],
        inbox: Inbox,
        interrupt: Interrupt,
        machines: Machines | None = None,
    ) -> None:
        self._workers = {id(worker.connection): worker for worker in workers}
        self._inbox = inbox
        self._worker_of: dict[str, WorkerHandle] = {}
        """The worker of each host that is running or blocked."""
        self._last_worker_of: dict[str, WorkerHandle] = {}
        self._ready: deque[Message] = deque()
        """Messages that `next_message` returns before those of the workers."""
        self._current_task: dict[str, TaskStarted] = {}
        self._uncounted: dict[str, list[TaskFinished]] = {}
        """Finished tasks of each host that are not counted in its last received state."""
        self._frames: dict[str, int] = {}
        self._facts_sent: dict[str, list[protocol.LearnFacts]] = {}
        """Facts that were sent to each host's worker since the host started the play."""
        self._barrier_of: dict[str, Barrier] = {}
        self._leaders: dict[str, Barrier] = {}
        """Hosts that run a run_once task for the others, until they publish its result."""
        self._throttles = WorkerThrottles()
        self._machines = machines or Machines()
        self._epoch = 0
        self._batch: Batch | None = None
        self._interrupt = interrupt
        interrupt.on_set(lambda: inbox.put((None, protocol.Interrupted(interrupt.signal))))

    # -- The interface of an Executor

    def begin_batch(self, batch: Batch) -> None:
        self._batch = batch
        hosts = batch.play_world.hosts
        self._send_all(protocol.BeginBatch(batch.number, hosts, batch.hosts, batch.needed))

    def take_slot(self) -> bool:
        """Return whether a worker has a free slot. Without workers, hosts fail at once."""
        workers = self._remaining_workers()
        return not workers or any(worker.free_slots > 0 for worker in workers)

    def advance(self, host: str, reply: Any) -> None:
        if reply is None:
            self._start(host)
        else:
            self._resume(host, reply)

    def next_message(self, slot_wanted: bool) -> Message | None:
        if self._ready:
            return self._ready.popleft()
        connection, message = self._inbox.get()
        if connection is None:
            self._send_all(message)
            return None
        return self._receive(self._workers[id(connection)], message)

    def close_others(self, needed: frozenset[str]) -> None:
        self._send_all(protocol.CloseOthers(needed))

    def kill(self) -> None:
        self._send_all(protocol.KillTasks())

    def close(self) -> None:
        for worker in self._workers.values():
            worker.connection.close()

    def frames(self) -> Mapping[str, int]:
        return self._frames

    # -- Running hosts on workers

    @property
    def _world(self) -> Any:
        assert self._batch is not None
        return self._batch.play_world.world

    def _remaining_workers(self) -> list[WorkerHandle]:
        return [worker for worker in self._workers.values() if not worker.lost]

    def _start(self, host: str) -> None:
        """Start the host on a worker.

        This is its last worker, which may still be connected to it, or the worker with the most
        free slots.
        """
        if self._interrupt:
            self._world.states[host].stop()
            self._ready.append(HostDone(host))
            return
        workers = self._remaining_workers()
        if not workers:
            self._finish_host(host, Status.UNREACHABLE, "all workers are lost")
            self._ready.append(HostDone(host))
            return
        last = self._last_worker_of.get(host)
        worker = last if last in workers else max(workers, key=lambda each: each.free_slots)
        self._worker_of[host] = self._last_worker_of[host] = worker
        worker.busy.add(host)
        self._facts_sent[host] = []
        state = self._world.states[host]
        worker.connection.send(protocol.Advance(host, None, state, self._epoch))

    def _resume(self, host: str, reply: Any) -> None:
        """Let the host pass its barrier."""
        worker = self._worker_of[host]
        if worker.lost:
            self._ready.append(HostDone(host))
            return
        barrier = self._barrier_of.pop(host)
        if barrier.once and reply == Released():
            self._leaders[host] = barrier
        worker.busy.add(host)
        worker.connection.send(protocol.Advance(host, reply, None, self._epoch))

    def _send_all(self, message: Any, but: WorkerHandle | None = None) -> None:
        for worker in self._remaining_workers():
            if worker is not but:
                worker.connection.send(message)

    # -- Messages of workers

    def _receive(self, worker: WorkerHandle, message: Any) -> Message | None:
        """Handle a message of a worker. Return it if it is for the scheduler."""
        if worker.lost:
            return None  # the worker's hosts have already left the run
        match message:
            case HostBlocked(host, barrier):
                self._pause(worker, host)
                self._barrier_of[host] = barrier
                return message
            case HostDone(host) | HostCrashed(host, _, _):
                self._pause(worker, host)
                self._worker_of.pop(host, None)
                return message
            case Publish(key):
                self._publish(key)
                return message
            case WorkerLost(reason):
                self._lose(worker, reason)
            case protocol.Crashed(traceback):
                self._crash(worker, traceback)
            case protocol.FilesDiffer(files):
                raise UsageError(_differing_files(worker, files))
            case TaskStarted() | TaskFinished():
                return self._note_task(message)
            case _:
                return self._receive_shared(worker, message)
        return None

    def _receive_shared(self, worker: WorkerHandle, message: Any) -> Message | None:
        """Handle a message about something that the workers share. Return any other message."""
        match message:
            case protocol.HostStateUpdate():
                self._update_state(message)
            case protocol.RosterReport(host, values):
                self._world.roster.report(host, values)
                _ = self._world.inventory  # merges the new hosts, which other workers may request
                self._send_all(message, but=worker)
            case protocol.WorkerRequest(number, question):
                self._respond(worker, number, question)
            case protocol.LeaveThrottle(name):
                self._throttles.leave(name, worker)
            case protocol.HostKeySeen(host, key):
                self._machines.add_key(host, key)
            case protocol.ReleaseLocks():
                self._send_all(message, but=worker)
            case protocol.LentSlots(count):
                worker.lent = count
            case protocol.LearnFacts():
                self._learn(message)
            case protocol.Decrypted(value):
                self._world.inventory.vault.learned(value)
            case event:
                return event  # type: ignore[no-any-return]
        return None

    def _pause(self, worker: WorkerHandle, host: str) -> None:
        """The host does not run any more: it is blocked or done."""
        worker.busy.discard(host)
        self._leaders.pop(host, None)

    def _publish(self, key: tuple[int, ...]) -> None:
        for host in [host for host, barrier in self._leaders.items() if barrier.key == key]:
            del self._leaders[host]

    def _note_task(self, event: TaskStarted | TaskFinished) -> Event:
        """Remember what the host does, in case its worker is lost."""
        if isinstance(event, TaskStarted):
            self._current_task[event.host] = event
        elif not event.is_item:
            self._uncounted.setdefault(event.host, []).append(event)
            current = self._current_task.get(event.host)
            if current is not None and current.task == event.task:
                del self._current_task[event.host]
        return event

    def _update_state(self, message: protocol.HostStateUpdate) -> None:
        """Take over a host's state, and add the facts that its worker had not received yet.

        The state object stays the same, since others refer to it.
        """
        name = message.state.name
        state = self._world.states[name]
        vars(state).update(vars(message.state))
        for facts in self._facts_sent[name][message.facts_received :]:
            state.learn(facts.facts, facts.module)
        self._frames[name] = message.frames
        self._uncounted.pop(name, None)
        self._epoch += 1

    def _learn(self, message: protocol.LearnFacts) -> None:
        """Add facts to a host's state, and send them to the worker that runs the host."""
        host = message.host
        self._world.states[host].learn(message.facts, message.module)
        self._epoch += 1
        worker = None if message.already_known else self._worker_of.get(host)
        if worker is not None and not worker.lost:
            self._facts_sent[host].append(message)
            worker.connection.send(message)

    def _respond(self, worker: WorkerHandle, number: int, question: Any) -> None:
        assert self._batch is not None
        match question:
            case protocol.GetHostState(host):
                state = replace(self._world.states[host])
                worker.connection.send(protocol.ControllerResponse(number, state))
            case protocol.GetActiveHosts():
                worker.connection.send(
                    protocol.ControllerResponse(number, self._batch.play_world.active())
                )
            case protocol.EnterThrottle(name, limit):
                self._throttles.enter(name, limit, worker, number)
            case protocol.JoinMachines(host, other, key):
                is_new = self._machines.join(host, other, key)
                if is_new:
                    self._send_all(protocol.MachinesJoined(host, other))
                worker.connection.send(protocol.ControllerResponse(number, is_new))

    # -- Losing workers

    def _crash(self, worker: WorkerHandle, traceback: str) -> None:
        """End a worker that has found a bug. Its hosts are out, the others continue.

        Raises WorkerCrashed if no host can report the bug.
        """
        if worker not in self._worker_of.values():
            raise WorkerCrashed(f"{worker.connection.name}:\n{traceback}")
        last_line = traceback.rstrip().rpartition("\n")[2]
        self._lose(worker, f"a bug in provision: {last_line}", traceback)
        worker.connection.close()

    def _lose(self, worker: WorkerHandle, reason: str, traceback: str = "") -> None:
        """Take the worker's hosts out of the run.

        A running host is unknown, a blocked host is unreachable. `traceback` is that of a bug.
        """
        worker.lost = reason or "the reason is unknown"
        self._throttles.remove(worker)
        for host in [host for host, other in self._worker_of.items() if other is worker]:
            self._count_finished_tasks(host)
            if host not in worker.busy:
                reason = f"{LOST}; no task was running"
                self._finish_host(host, Status.UNREACHABLE, reason, traceback)
                continue
            self._finish_current_task(host)
            # The same consequence as losing the connection to the host.
            if self._leaders.pop(host, None) is not None:
                self._world.states[host].fatal = "run_once"
            self._finish_host(host, Status.UNKNOWN, f"{LOST}: {worker.lost}", traceback)
            self._ready.append(HostDone(host))

    def _count_finished_tasks(self, host: str) -> None:
        """Count the tasks that the host has finished since its last state update."""
        state = self._world.states[host]
        for event in self._uncounted.pop(host, ()):
            if event.module != "meta":
                state.count(event.outcome, ignored=event.ignored, rescued=event.rescued)

    def _finish_current_task(self, host: str) -> None:
        """Report the running task with an unknown outcome."""
        task = self._current_task.pop(host, None)
        if task is None:
            return
        self._world.states[host].count(Outcome.UNKNOWN, ignored=False, rescued=False)
        self._ready.append(
            TaskFinished(
                task.play,
                task.task,
                task.module,
                host,
                Outcome.UNKNOWN,
                task.where,
                message=LOST,
                hint=HINT,
            )
        )

    def _finish_host(self, host: str, status: Status, reason: str, traceback: str = "") -> None:
        state = self._world.states[host]
        state.touched = True
        state.leave(status, reason, HINT)
        self._ready.append(HostFinished(host, state.summary(), reason, HINT, traceback))


def _differing_files(worker: WorkerHandle, files: Sequence[str]) -> str:
    return (
        f"--workers: on {worker.connection.name}, these files are missing or different: "
        f"{', '.join(files)}; playbooks, inventories and keys must be the same there, at the same "
        "paths"
    )
