"""A worker's part of a run: walks hosts with threads, and asks the controller for the rest."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from provisioner.engine.batch import Batch
from provisioner.engine.interrupt import Interrupt
from provisioner.engine.roster import Roster
from provisioner.engine.run import world_of
from provisioner.engine.scheduler import HostBlocked, HostCrashed, HostDone, Message
from provisioner.engine.world import PlayWorld
from provisioner.fleet import protocol
from provisioner.fleet.slots import Throttle, Throttles
from provisioner.fleet.thread_executor import ThreadExecutor
from provisioner.fleet.worker_state import Ask, States, Tell
from provisioner.plan.tasks import select_nodes


class WorkerRun:
    """Walks the hosts that it is given. `tell` sends a message to the controller, `ask` also waits
    for its answer."""

    def __init__(self, start: protocol.Start, tell: Tell, ask: Ask) -> None:
        self._start, self._tell, self._ask = start, tell, ask
        self._interrupt = Interrupt()
        plan = start.plan
        self._states = States(plan.addressable, tell, ask)
        self._roster = RemoteRoster(
            plan.inventory, plan.inventory_vars, plan.basedirs, self._states
        )
        self._roster.tell = tell
        self._world = world_of(plan, self._states, self._roster)
        throttles = RemoteThrottles(tell, ask)
        connections = start.connections()
        forks = min(start.forks, connections)
        self._crew = ThreadExecutor(start.connect, forks, self._interrupt, connections, throttles)
        self._todo: deque[Any] = deque()
        self._lent = 0
        self._ended = False
        threading.Thread(target=self._run, name="walker", daemon=True).start()

    def take(self, message: Any) -> None:
        """Do what the controller says; returns at once."""
        match message:
            case protocol.Interrupted(signal):
                self._interrupt.set(signal)
            case protocol.Kill():
                threading.Thread(target=self._crew.kill, daemon=True).start()
            case protocol.LearnFacts():
                self._states.learn(message)
            case protocol.Enlisted(host, said):
                Roster.report(self._roster, host, said)
            case _:
                if isinstance(message, protocol.Advance):
                    self._states.expect(message)
                self._todo.append(message)
                self._crew.nudge()

    def end(self) -> None:
        """Stop at the next task boundary, and close all connections."""
        self._ended = True
        self._interrupt.set(0)
        self._crew.close()
        self._crew.nudge()

    def _run(self) -> None:
        try:
            while not self._ended:
                self._begin()
                self._pass_on(self._crew.next_message(slot_wanted=True))
        except BaseException:  # a bug: the controller has to know of it
            self._tell(protocol.Crashed(traceback.format_exc()))

    def _begin(self) -> None:
        """Begin what there is room for."""
        while self._todo:
            match self._todo[0]:
                case protocol.Advance() as advance:
                    if not self._crew.take_slot():
                        break
                    self._states.take(advance)
                    self._crew.advance(advance.host, advance.reply)
                case protocol.BeginBatch() as begun:
                    self._crew.begin_batch(self._batch(begun))
                case protocol.ReleaseOthers(needed):
                    self._crew.close_others(needed)
            self._todo.popleft()
        lent = self._crew.lend()
        if lent != self._lent:
            self._lent = lent
            self._tell(protocol.Lent(lent))

    def _batch(self, begun: protocol.BeginBatch) -> Batch:
        play = self._start.plan.plays[begun.number].play
        play_world = PlayWorld(
            self._world,
            play,
            begun.hosts,
            begun.batch,
            active=lambda: self._ask(protocol.ActiveHosts()),
            select=lambda nodes: select_nodes(nodes, play, self._start.plan.options),
            stepping=self._start.stepping,
        )
        return Batch(play_world, begun.number, begun.needed)

    def _pass_on(self, message: Message | None) -> None:
        match message:
            case None:
                return
            case HostBlocked(host, _) | HostDone(host):
                self._states.sync(host, self._crew.frames().get(host, 0))
                if isinstance(message, HostDone):
                    self._states.forget(host)
                self._tell(message)
            case HostCrashed(error):
                self._tell(protocol.Crashed("".join(traceback.format_exception(error))))
            case _:
                self._tell(message)


class RemoteRoster(Roster):
    """What is added here is added everywhere."""

    tell: Tell

    def report(self, host: str, said: Mapping[str, Any]) -> None:
        super().report(host, said)
        self.tell(protocol.Enlisted(host, said))


class RemoteThrottles(Throttles):
    """Throttles count the hosts of all workers, so the controller keeps them."""

    def __init__(self, tell: Tell, ask: Ask) -> None:
        super().__init__()
        self._tell, self._ask = tell, ask

    @contextmanager
    def of(self, throttle: Throttle) -> Iterator[None]:
        name, limit = throttle
        self._ask(protocol.MayEnter(name, limit))
        try:
            yield
        finally:
            self._tell(protocol.HasLeft(name))
