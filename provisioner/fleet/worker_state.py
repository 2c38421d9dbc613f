"""How hosts stand, as a worker sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from provisioner.engine.host_state import HostState
from provisioner.fleet import protocol
from provisioner.records import dataclass

Tell = Callable[[Any], None]
Ask = Callable[[Any], Any]


class States(Mapping[str, HostState]):
    """How hosts stand: those that walk here as they are, of others what the controller knows."""

    def __init__(self, hosts: Iterable[str], tell: Tell, ask: Ask) -> None:
        self._names = dict.fromkeys(hosts)
        self._tell, self._ask = tell, ask
        self._own: dict[str, OwnState] = {}
        self._others: dict[str, HostState] = {}
        self._epoch = 0

    def expect(self, advance: protocol.Advance) -> None:
        """A host is to walk here once there is room: what comes for it now is for its walk."""
        if advance.state is not None:
            own = OwnState(**vars(advance.state))
            own.begin(self._tell)
            self._own[advance.host] = own

    def take(self, advance: protocol.Advance) -> None:
        """It walks on now."""
        if advance.epoch != self._epoch:
            self._epoch, self._others = advance.epoch, {}
        self._own[advance.host].go_on()

    def forget(self, host: str) -> None:
        del self._own[host]

    def learn(self, said: protocol.LearnFacts) -> None:
        """Take in what the controller has sent for a host that walks here."""
        own = self._own.get(said.host)
        if own is not None:
            own.hear(said)

    def sync(self, host: str, frames: int) -> None:
        """Tell how a host stands that walks here, and now waits."""
        self._own[host].sync(frames)

    def __getitem__(self, host: str) -> HostState:
        own = self._own.get(host)
        if own is not None:
            return own
        if host not in self._names:
            raise KeyError(host)
        others = self._others
        if host not in others:
            state: HostState = self._ask(protocol.StateOf(host))
            others[host] = OthersState(**vars(state))
            others[host].tell = self._tell  # type: ignore[attr-defined]
        return others[host]

    def setdefault(self, name: str, state: HostState, /) -> HostState:
        """A host was added; how it stands is known to the controller."""
        self._names.setdefault(name)
        return state

    def __contains__(self, host: object) -> bool:
        return host in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass
class OwnState(HostState):
    """The state of a host that walks here. What it learns from others while it waits goes to the
    controller, which has heard how it stands already."""

    def begin(self, tell: Tell) -> None:
        self._tell, self._lock = tell, threading.Lock()
        self._waits, self._heard = False, 0

    def go_on(self) -> None:
        with self._lock:
            self._waits = False

    def learn(self, facts: Mapping[str, Any], module: str) -> None:
        with self._lock:
            super().learn(facts, module)
            if self._waits:
                self._tell(protocol.LearnFacts(self.name, facts, module, known=True))

    def hear(self, said: protocol.LearnFacts) -> None:
        with self._lock:
            super().learn(said.facts, said.module)
            self._heard += 1

    def sync(self, frames: int) -> None:
        with self._lock:
            self._waits = True
            self._tell(protocol.Synced(self.copied(), frames, self._heard))


@dataclass
class OthersState(HostState):
    """The state of a host that does not walk here: what it is to learn goes to the controller."""

    def learn(self, facts: Mapping[str, Any], module: str) -> None:
        super().learn(facts, module)
        tell: Tell = self.tell  # type: ignore[attr-defined]
        tell(protocol.LearnFacts(self.name, facts, module))
