"""A run on a worker: runs hosts with threads, and asks the controller for everything shared."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from provisioner.engine.batch import Batch
from provisioner.engine.interrupt import Interrupt
from provisioner.engine.roster import Roster
from provisioner.engine.run import world_of
from provisioner.engine.scheduler import HostBlocked, HostCrashed, HostDone, Message
from provisioner.engine.world import PlayWorld
from provisioner.fleet import protocol
from provisioner.fleet.machines import Machines
from provisioner.fleet.slots import Throttle, Throttles
from provisioner.fleet.thread_executor import ThreadExecutor
from provisioner.fleet.worker_state import Send, SendRequest, WorkerHostStates
from provisioner.plan.tasks import select_nodes


class WorkerRun:
    """Runs the hosts that the controller assigns to this worker.

    `send` sends a message to the controller, `request` also returns the response. One thread
    executes the controller's messages in their order (`_run`).
    """

    def __init__(self, start: protocol.Start, send: Send, request: SendRequest) -> None:
        self._start, self._send, self._request = start, send, request
        self._interrupt = Interrupt()
        plan = start.plan
        self._states = WorkerHostStates(plan.addressable, send, request)
        self._roster = SharedRoster(
            plan.inventory, plan.inventory_vars, plan.basedirs, self._states
        )
        self._roster.send = send
        self._world = world_of(plan, self._states, self._roster)
        throttles = SharedThrottles(send, request)
        self._machines = SharedMachines(plan.same_machines, send, request)
        connections = start.max_connections()
        forks = min(start.forks, connections)
        self._executor = ThreadExecutor(
            start.connector,
            forks,
            self._interrupt,
            connections,
            throttles,
            machines=self._machines,
            release_elsewhere=lambda: send(protocol.ReleaseLocks()),
        )
        self._pending: deque[Any] = deque()
        self._lent = 0
        self._ended = False
        threading.Thread(target=self._run, name="worker run", daemon=True).start()

    def receive(self, message: Any) -> None:
        """Execute a message of the controller, or queue it. Does not block."""
        match message:
            case protocol.Interrupted(signal):
                self._interrupt.set(signal)
            case protocol.KillTasks():
                threading.Thread(target=self._executor.kill, daemon=True).start()
            case protocol.LearnFacts():
                self._states.learn(message)
            case protocol.MachinesJoined(host, other):
                self._machines.add_joined(host, other)
            case protocol.ReleaseLocks():
                threading.Thread(target=self._executor.release_locks, daemon=True).start()
            case protocol.RosterReport(host, values):
                Roster.report(self._roster, host, values)
            case _:
                if isinstance(message, protocol.Advance):
                    self._states.add(message)
                self._pending.append(message)
                self._executor.wake()

    def end(self) -> None:
        """Stop each host after its task, and close all connections."""
        self._ended = True
        self._interrupt.set(0)
        self._executor.close()
        self._executor.wake()

    def _run(self) -> None:
        try:
            while not self._ended:
                self._execute_pending()
                self._forward(self._executor.next_message(slot_wanted=True))
        except BaseException:  # a bug, which the controller reports
            self._send(protocol.Crashed(traceback.format_exc()))

    def _execute_pending(self) -> None:
        """Execute the queued messages, as far as there are free slots."""
        while self._pending:
            match self._pending[0]:
                case protocol.Advance() as advance:
                    if not self._executor.take_slot():
                        break
                    self._states.resume(advance)
                    self._executor.advance(advance.host, advance.reply)
                case protocol.BeginBatch() as message:
                    self._executor.begin_batch(self._batch(message))
                case protocol.CloseOthers(needed):
                    self._executor.close_others(needed)
            self._pending.popleft()
        lent = self._executor.lend_slots()
        if lent != self._lent:
            self._lent = lent
            self._send(protocol.LentSlots(lent))

    def _batch(self, message: protocol.BeginBatch) -> Batch:
        play = self._start.plan.plays[message.number].play
        play_world = PlayWorld(
            self._world,
            play,
            message.hosts,
            message.batch,
            active=lambda: self._request(protocol.GetActiveHosts()),
            select=lambda nodes: select_nodes(nodes, play, self._start.plan.options),
            stepping=self._start.stepping,
        )
        return Batch(play_world, message.number, message.needed)

    def _forward(self, message: Message | None) -> None:
        """Send a message of the executor to the controller."""
        match message:
            case None:
                return
            case HostBlocked(host, _) | HostDone(host) | HostCrashed(host, _, _):
                self._states.suspend(host, self._executor.frames().get(host, 0))
                if not isinstance(message, HostBlocked):
                    self._states.remove(host)
                self._send(message)
            case _:
                self._send(message)


class SharedRoster(Roster):
    """A roster that sends its reports to the controller, which sends them to all workers."""

    send: Send

    def report(self, host: str, values: Mapping[str, Any]) -> None:
        super().report(host, values)
        self.send(protocol.RosterReport(host, values))


class SharedThrottles(Throttles):
    """Throttles that the controller keeps, since they count the hosts of all workers."""

    def __init__(self, send: Send, request: SendRequest) -> None:
        super().__init__()
        self._send, self._request = send, request

    @contextmanager
    def of(self, throttle: Throttle) -> Iterator[None]:
        name, limit = throttle
        self._request(protocol.EnterThrottle(name, limit))
        try:
            yield
        finally:
            self._send(protocol.LeaveThrottle(name))


class SharedMachines(Machines):
    """The machines of a run with workers. The controller knows the host keys of all hosts."""

    def __init__(self, groups: Iterable[Sequence[str]], send: Send, request: SendRequest) -> None:
        super().__init__(groups)
        self._send, self._request = send, request

    def add_key(self, host: str, key: str) -> None:
        if (host, key) not in self._keys:
            super().add_key(host, key)
            self._send(protocol.HostKeySeen(host, key))

    def join(self, host: str, other: str, key: str) -> bool | None:
        is_new: bool | None = self._request(protocol.JoinMachines(host, other, key))
        return is_new

    def throttle(self, host: str) -> Throttle | None:
        """Return None for a machine without other known names: a throttle costs a request."""
        return super().throttle(host) if self.has_other_names(host) else None
