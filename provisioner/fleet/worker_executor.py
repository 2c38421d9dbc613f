"""The controller's side of a run whose hosts are walked by workers: an `Executor` of them.

What the play means stays here: whose turn it is, barriers, run_once, failure limits, throttles and
how each host stands. A host that is handed to a worker counts as begun: when the worker is lost,
nobody else walks that host again.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Protocol

from provisioner.engine.batch import Batch
from provisioner.engine.effects import Barrier, Publish, Released
from provisioner.engine.interrupt import Interrupt
from provisioner.engine.scheduler import HostBlocked, HostDone, Message
from provisioner.errors import UsageError
from provisioner.events import Event, HostFinished, Status, TaskFinished, TaskStarted
from provisioner.fleet import protocol
from provisioner.fleet.worker_throttles import WorkerThrottles
from provisioner.records import dataclass
from provisioner.result import Outcome

GONE = "the worker that walked this host is gone"
REMEDY = "see what became of the worker; then run again for this host: what is done stays done"


class WorkerCrashed(Exception):
    """A bug that a worker met, with its traceback."""


class Line(Protocol):
    """The way to one worker. What it says is put into the crew's inbox as (line, message), at
    its end `Gone`."""

    name: str

    def send(self, message: Any) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Gone:
    """The worker can't be reached any more."""

    reason: str


@dataclass
class Worker:
    """One worker: `share` hosts at once, and one more for each that lends its slot."""

    line: Line
    share: int
    busy: set[str] = field(default_factory=set)
    lent: int = 0
    gone: str = ""

    @property
    def room(self) -> int:
        return 0 if self.gone else self.share + self.lent - len(self.busy)


def shares(forks: int, workers: int) -> list[int]:
    """`forks` divided among so many workers; fewer of them where there is less than one each."""
    most = min(forks, workers)
    return [forks // most + (number < forks % most) for number in range(most)]


class WorkerExecutor:
    """An `Executor` of workers."""

    def __init__(
        self,
        workers: Sequence[Worker],
        inbox: queue.SimpleQueue[tuple[Line | None, Any]],
        interrupt: Interrupt,
    ) -> None:
        self._workers, self._inbox = {id(w.line): w for w in workers}, inbox
        self._at: dict[str, Worker] = {}
        self._ready: deque[Message] = deque()
        self._doing: dict[str, TaskStarted] = {}
        self._done: dict[str, list[TaskFinished]] = {}
        self._frames: dict[str, int] = {}
        self._learned: dict[str, list[protocol.LearnFacts]] = {}
        """What was sent to the walk of each host."""
        self._waiting: dict[str, Barrier] = {}
        self._leading: dict[str, Barrier] = {}
        """Hosts that do what is done once for all, until they publish it."""
        self._gates = WorkerThrottles()
        self._epoch = 0
        self._batch: Batch | None = None
        self._home: dict[str, Worker] = {}
        self._interrupt = interrupt
        interrupt.on_set(lambda: inbox.put((None, protocol.Interrupted(interrupt.signal))))

    # -- what the scheduler asks for

    def begin_batch(self, batch: Batch) -> None:
        self._batch = batch
        begun = protocol.BeginBatch(batch.number, batch.play_world.hosts, batch.hosts, batch.needed)
        self._send_all(begun)

    def take_slot(self) -> bool:
        alive = [worker for worker in self._workers.values() if not worker.gone]
        return not alive or any(worker.room > 0 for worker in alive)

    def advance(self, host: str, reply: Any) -> None:
        if reply is None:
            if self._interrupt:
                self._world.states[host].stop()
                self._ready.append(HostDone(host))
            else:
                self._begin(host)
            return
        worker = self._at[host]
        if worker.gone:
            self._ready.append(HostDone(host))
            return
        barrier = self._waiting.pop(host)
        if barrier.once and reply == Released():
            self._leading[host] = barrier
        worker.busy.add(host)
        worker.line.send(protocol.Advance(host, reply, None, self._epoch))

    def next_message(self, slot_wanted: bool) -> Message | None:
        if self._ready:
            return self._ready.popleft()
        line, said = self._inbox.get()
        if line is None:
            self._send_all(said)
            return None
        return self._heard(self._workers[id(line)], said)

    def close_others(self, needed: frozenset[str]) -> None:
        self._send_all(protocol.ReleaseOthers(needed))

    def kill(self) -> None:
        self._send_all(protocol.Kill())

    def close(self) -> None:
        for worker in self._workers.values():
            worker.line.close()

    def frames(self) -> Mapping[str, int]:
        return self._frames

    # -- what workers say

    def _heard(self, worker: Worker, said: Any) -> Message | None:
        if worker.gone:
            return None  # its hosts are out already
        match said:
            case HostBlocked(host, barrier):
                worker.busy.discard(host)
                self._leading.pop(host, None)
                self._waiting[host] = barrier
                return said
            case HostDone(host):
                worker.busy.discard(host)
                self._leading.pop(host, None)
                self._at.pop(host, None)
                return said
            case protocol.Synced():
                self._sync(said)
            case protocol.Enlisted(host, said_there):
                self._world.roster.report(host, said_there)
                _ = self._world.inventory  # looked at, it has grown: others ask for its hosts
                self._send_all(said, but=worker)
            case protocol.Asked(number, question):
                self._answer(worker, number, question)
            case protocol.HasLeft(name):
                self._gates.leave(name, worker)
            case protocol.Lent(count):
                worker.lent = count
            case protocol.LearnFacts(host):
                self._learn(said)
            case protocol.Opened(value):
                self._world.inventory.vault.learned(value)
            case _:
                return self._told(worker, said)
        return None

    def _told(self, worker: Worker, said: Any) -> Message | None:
        match said:
            case Gone(reason):
                self._lose(worker, reason)
            case protocol.Crashed(traceback):
                raise WorkerCrashed(f"{worker.line.name}:\n{traceback}")
            case protocol.Misplaced(files):
                raise UsageError(
                    f"--workers: {worker.line.name} doesn't see {', '.join(files)} as this machine "
                    "does: playbooks, inventories and keys must be at the same paths there"
                )
            case Publish(key):
                done = [host for host, at in self._leading.items() if at.key == key]
                for host in done:
                    del self._leading[host]
                return said
            case _:
                return self._note(said)
        return None

    def _note(self, event: Event) -> Event:
        if isinstance(event, TaskStarted):
            self._doing[event.host] = event
        elif isinstance(event, TaskFinished) and not event.is_item:
            self._done.setdefault(event.host, []).append(event)
            begun = self._doing.get(event.host)
            if begun is not None and begun.task == event.task:
                del self._doing[event.host]
        return event

    def _sync(self, said: protocol.Synced) -> None:
        """Take over how a host stands, and what is still on its way there. The object stays: others
        hold it."""
        state = said.state
        vars(self._world.states[state.name]).update(vars(state))
        for late in self._learned[state.name][said.learned :]:
            self._world.states[state.name].learn(late.facts, late.module)
        self._frames[state.name] = said.frames
        self._done.pop(state.name, None)
        self._epoch += 1

    def _learn(self, said: protocol.LearnFacts) -> None:
        self._world.states[said.host].learn(said.facts, said.module)
        self._epoch += 1
        home = None if said.known else self._at.get(said.host)
        if home is not None and not home.gone:
            self._learned[said.host].append(said)
            home.line.send(said)

    def _answer(self, worker: Worker, number: int, question: Any) -> None:
        assert self._batch is not None
        match question:
            case protocol.StateOf(host):
                worker.line.send(protocol.Answered(number, replace(self._world.states[host])))
            case protocol.ActiveHosts():
                worker.line.send(protocol.Answered(number, self._batch.play_world.active()))
            case protocol.MayEnter(name, limit):
                self._gates.enter(name, limit, worker, number)

    # -- handing out, and losing

    @property
    def _world(self) -> Any:
        assert self._batch is not None
        return self._batch.play_world.world

    def _begin(self, host: str) -> None:
        alive = [worker for worker in self._workers.values() if not worker.gone]
        if not alive:
            self._leave(host, Status.UNREACHABLE, "no worker is left to walk this host")
            self._ready.append(HostDone(host))
            return
        home = self._home.get(host)  # it may be connected there still
        worker = home if home in alive else max(alive, key=lambda worker: worker.room)
        self._at[host] = self._home[host] = worker
        worker.busy.add(host)
        self._learned[host] = []
        state = self._world.states[host]
        worker.line.send(protocol.Advance(host, None, state, self._epoch))

    def _lose(self, worker: Worker, reason: str) -> None:
        """Its hosts are out: those in a task with an unknown fate, those that wait unreachable."""
        if worker.gone:
            return
        worker.gone = reason or "gone"
        self._gates.lose(worker)
        for host in [host for host, at in self._at.items() if at is worker]:
            self._recount(host)
            if host not in worker.busy:
                self._leave(host, Status.UNREACHABLE, f"{GONE}; no task was under way")
                continue
            self._tell_unknown(host)
            if self._leading.pop(host, None) is not None:  # as for a host that is lost here
                self._world.states[host].fatal = "run_once"
            self._leave(host, Status.UNKNOWN, f"{GONE}: {worker.gone}")
            self._ready.append(HostDone(host))

    def _recount(self, host: str) -> None:
        """Count what the host has finished since it was last heard of as a whole."""
        state = self._world.states[host]
        for event in self._done.pop(host, ()):
            if event.module != "meta":
                state.count(event.outcome, ignored=event.ignored, rescued=event.rescued)

    def _tell_unknown(self, host: str) -> None:
        begun = self._doing.pop(host, None)
        if begun is None:
            return
        self._world.states[host].count(Outcome.UNKNOWN, ignored=False, rescued=False)
        play, task, module, where = begun.play, begun.task, begun.module, begun.where
        self._ready.append(
            TaskFinished(
                play, task, module, host, Outcome.UNKNOWN, where, message=GONE, hint=REMEDY
            )
        )

    def _leave(self, host: str, status: Status, reason: str) -> None:
        state = self._world.states[host]
        state.touched = True
        state.leave(status, reason, REMEDY)
        self._ready.append(HostFinished(host, state.summary(), reason, REMEDY))

    def _send_all(self, message: Any, but: Worker | None = None) -> None:
        for worker in self._workers.values():
            if not worker.gone and worker is not but:
                worker.line.send(message)
