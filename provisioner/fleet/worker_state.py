"""The states of a play's hosts on a worker, synchronized with the controller."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from provisioner.engine.host_state import HostState
from provisioner.fleet import protocol
from provisioner.records import dataclass

Send = Callable[[Any], None]
"""Sends a message to the controller."""

SendRequest = Callable[[Any], Any]
"""Sends a question to the controller and returns the response."""


class WorkerHostStates(Mapping[str, HostState]):
    """The states of all hosts. The states of hosts on other workers are requested when needed."""

    def __init__(self, hosts: Iterable[str], send: Send, request: SendRequest) -> None:
        self._names = dict.fromkeys(hosts)
        self._send, self._request = send, request
        self._local: dict[str, LocalHostState] = {}
        self._remote: dict[str, RemoteHostState] = {}
        self._epoch = 0

    def add(self, advance: protocol.Advance) -> None:
        """Keep the state of a host that will run here. Its facts arrive here from now on."""
        if advance.state is not None:
            state = LocalHostState(**vars(advance.state))
            state.set_sender(self._send)
            self._local[advance.host] = state

    def resume(self, advance: protocol.Advance) -> None:
        """The host runs from now on."""
        if advance.epoch != self._epoch:
            self._epoch, self._remote = advance.epoch, {}
        self._local[advance.host].resume()

    def remove(self, host: str) -> None:
        """The host is done."""
        del self._local[host]

    def learn(self, message: protocol.LearnFacts) -> None:
        """Add facts that the controller has sent for a host that runs here."""
        state = self._local.get(message.host)
        if state is not None:
            state.receive(message)

    def suspend(self, host: str, frames: int) -> None:
        """The host is blocked or done: send its state to the controller."""
        self._local[host].suspend(frames)

    def __getitem__(self, host: str) -> HostState:
        local = self._local.get(host)
        if local is not None:
            return local
        if host not in self._names:
            raise KeyError(host)
        if host not in self._remote:
            state: HostState = self._request(protocol.GetHostState(host))
            self._remote[host] = RemoteHostState(**vars(state))
            self._remote[host].send = self._send  # type: ignore[attr-defined]
        return self._remote[host]

    def setdefault(self, name: str, state: HostState, /) -> HostState:
        """Add the name of a new host. The controller has its state."""
        self._names.setdefault(name)
        return state

    def __contains__(self, host: object) -> bool:
        return host in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass
class LocalHostState(HostState):
    """The state of a host that runs here.

    While the host is suspended, the controller has a copy of the state. Facts that it learns from
    other hosts in that time are sent to the controller too.
    """

    def set_sender(self, send: Send) -> None:
        self._send, self._lock = send, threading.Lock()
        self._suspended, self._facts_received = False, 0

    def resume(self) -> None:
        with self._lock:
            self._suspended = False

    def learn(self, facts: Mapping[str, Any], module: str) -> None:
        """Add facts that a host on this worker has found."""
        with self._lock:
            super().learn(facts, module)
            if self._suspended:
                message = protocol.LearnFacts(self.name, facts, module, already_known=True)
                self._send(message)

    def receive(self, message: protocol.LearnFacts) -> None:
        """Add facts that the controller has sent."""
        with self._lock:
            super().learn(message.facts, message.module)
            self._facts_received += 1

    def suspend(self, frames: int) -> None:
        with self._lock:
            self._suspended = True
            self._send(protocol.HostStateUpdate(self.copied(), frames, self._facts_received))


@dataclass
class RemoteHostState(HostState):
    """A copy of the state of a host on another worker. New facts are sent to the controller."""

    def learn(self, facts: Mapping[str, Any], module: str) -> None:
        super().learn(facts, module)
        send: Send = self.send  # type: ignore[attr-defined]
        send(protocol.LearnFacts(self.name, facts, module))
