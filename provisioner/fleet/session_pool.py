"""The open connections of all hosts of a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

from provisioner.fleet.host_sessions import HostSessions
from provisioner.fleet.login import Connect
from provisioner.fleet.machines import Machines

KEEP_ALIVE_SECONDS = 120.0
"""Interval of keep-alive messages to hosts that wait for others."""

KILL_SECONDS = 4.5
"""Time limit for killing the tasks on all hosts."""

TOO_SLOW = f"the host did not answer within {KILL_SECONDS:g} s"


class SessionPool:
    """The `HostSessions` of each host.

    Closes idle connections, so that at most `connections` hosts are connected if possible.
    """

    def __init__(
        self,
        connect: Connect,
        connections: int,
        connecting: Callable[[], AbstractContextManager[None]],
        machines: Machines | None = None,
    ) -> None:
        self._connect, self._connecting, self._connections = connect, connecting, connections
        self._machines = machines or Machines()
        self._hosts: dict[str, HostSessions] = {}
        self._connected: dict[HostSessions, None] = {}
        """In the order in which they were connected."""
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._keep_alive_thread: threading.Thread | None = None

    def sessions_of(self, host: str) -> HostSessions:
        """Return the sessions of a host."""
        sessions = self._hosts.get(host)
        if sessions is None:
            new = HostSessions(self._connect, self._connecting, self._make_room, self._machines)
            sessions = self._hosts.setdefault(host, new)
        return sessions

    def close_host(self, host: str) -> None:
        """Close the host's connections."""
        sessions = self.sessions_of(host)
        sessions.close()
        with self._lock:
            self._connected.pop(sessions, None)

    def release_locks(self) -> None:
        """Close the connections of idle hosts whose lock this run holds."""
        for sessions in list(self._hosts.values()):
            if sessions.release_lock():
                with self._lock:
                    self._connected.pop(sessions, None)

    def _make_room(self, sessions: HostSessions) -> None:
        """Close idle connections, oldest first, so that `sessions` can connect within the limit."""
        with self._lock:
            if self._keep_alive_thread is None:
                self._keep_alive_thread = threading.Thread(target=self._keep_alive, daemon=True)
                self._keep_alive_thread.start()
            self._connected.pop(sessions, None)
            excess = len(self._connected) + 1 - self._connections
            for other in list(self._connected) if excess > 0 else ():
                if excess > 0 and other.close_idle():
                    del self._connected[other]
                    excess -= 1
            self._connected[sessions] = None

    def frames(self) -> Mapping[str, int]:
        """Return the number of frames that were sent to each host."""
        return {host: sessions.frames for host, sessions in list(self._hosts.items())}

    def kill(self) -> None:
        """Kill the tasks on all hosts. After the time limit, close the connections of the rest."""
        deadline = time.monotonic() + KILL_SECONDS
        threads = {
            sessions: threading.Thread(target=sessions.kill, daemon=True)
            for sessions in list(self._hosts.values())
            if sessions.is_open
        }
        for thread in threads.values():
            thread.start()
        for sessions, thread in threads.items():
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                sessions.give_up(TOO_SLOW)

    def abandon_connecting(self) -> tuple[str, ...]:
        """Give up all connection attempts. Return the hosts that are connecting."""
        hosts = list(self._hosts.items())
        for _, sessions in hosts:
            sessions.forbid_connecting()
        return tuple(host for host, sessions in hosts if sessions.is_connecting)

    def _keep_alive(self) -> None:
        while not self._closed.wait(KEEP_ALIVE_SECONDS):
            for sessions in list(self._hosts.values()):
                sessions.keep_alive()

    def close(self) -> None:
        """Close the connections of all hosts."""
        self._closed.set()
        for sessions in list(self._hosts.values()):
            sessions.close()

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._hosts))
