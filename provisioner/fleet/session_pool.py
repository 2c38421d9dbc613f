"""The open connections and shells of a run: made when a host's walk first needs them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from provisioner.engine.effects import Answer, Exchange, SessionKey
from provisioner.errors import (
    BecomeFailed,
    ConnectionFailed,
    ConnectionLost,
    NeedsTerminal,
    SessionRefused,
)
from provisioner.language.templating.template import TemplateError
from provisioner.records import dataclass
from provisioner.remote.channel import Connection
from provisioner.remote.session import Session
from provisioner.remote.shell import Report
from provisioner.remote.streams import Progress
from provisioner.remote.target import Defaults, target_for


@dataclass(frozen=True)
class Login:
    """A connection and the user that it is logged in as ("" where that is not known)."""

    connection: Connection
    user: str = ""
    notices: tuple[str, ...] = ()


CLOSING_SECONDS = 10.0
"""How long sshd may take to notice that a session was closed."""

KEEP_ALIVE_SECONDS = 120.0
"""How often a host that waits for others is sent a word."""

ENDED = "the session was ended from outside while the host waited, and was opened anew"

Connect = Callable[[str, Mapping[str, Any]], Login]
"""Connect to the host of that inventory name, whose variables are given."""


@dataclass(frozen=True)
class Ssh:
    """A `Connect` over SSH: Ansible's variables, and what the operator set for every host. Can be
    sent to another process."""

    defaults: Defaults

    def __call__(self, host: str, variables: Mapping[str, Any]) -> Login:
        from provisioner.remote.ssh.connection import connect

        target = target_for(host, variables, self.defaults)
        return Login(connect(target), target.user, target.notices)


def _here(folder: str | None) -> Login:
    """The way to this machine."""
    import getpass

    from provisioner.remote.local import LocalConnection

    return Login(LocalConnection(folder=folder), getpass.getuser())


class Sessions:
    """What one host's walk has open. Used by one thread at a time, closed by any. `connecting` is
    held, and `before` called, while a connection is made."""

    def __init__(
        self,
        connect: Connect,
        connecting: Callable[[], AbstractContextManager[None]] = nullcontext,
        before: Callable[[Sessions], None] = lambda sessions: None,
    ) -> None:
        self._connect, self._connecting, self._before = connect, connecting, before
        self._logins: dict[SessionKey, Login] = {}
        self._sessions: dict[SessionKey, Session] = {}
        self._notices: tuple[str, ...] = ()
        self._on_terminals = False
        self._noticed: set[SessionKey] = set()
        self._lock = threading.Lock()
        self._in_use = threading.Lock()
        self.frames = 0

    def exchange(self, request: Exchange, tell: Progress | None = None) -> Answer:
        """Send the frame and collect the reports. Never raises for what a host does."""
        with self._in_use:
            return self._exchange(request, tell)

    def _exchange(self, request: Exchange, tell: Progress | None) -> Answer:
        reports: list[Report] = []
        ended: list[float] = []
        sent = False
        lost: ConnectionFailed | BecomeFailed | None = None
        try:
            self._session(request.session_key, request.variables)
            sent = True
            self.frames += 1
            for report in self._reports(request, tell):
                reports.append(report)
                ended.append(time.monotonic())
        except OSError as error:  # out of files, out of memory
            lost = ConnectionFailed(f"this machine: {error.strerror or error}", "lower --forks")
        except TemplateError as error:
            place = f" ({error.where.full})" if error.where else ""
            lost = ConnectionFailed(f"a connection variable: {error.reason}{place}")
        except (ConnectionFailed, BecomeFailed) as error:
            sent = isinstance(error, ConnectionLost)
            lost = error
        if isinstance(lost, ConnectionFailed):
            self.close()
        elif lost is not None:  # a later task may be let in: it begins with a shell of its own
            self._sessions.pop(request.session_key, None)
        notices, self._notices = self._notices, ()
        return Answer(tuple(reports), lost, sent, tuple(ended), notices)

    def _reports(self, request: Exchange, tell: Progress | None) -> Iterator[Report]:
        """What the shell of the seat answers. Where sshd allows no further one (MaxSessions), the
        host's others are closed for it: none of them holds anything that another has not."""
        deadline = None
        while True:
            session = self._session(request.session_key, request.variables)
            try:
                yield from session.exchange(request.steps, tell)
                return
            except NeedsTerminal:
                del self._sessions[request.session_key]
                self._on_terminals = True
            except SessionRefused:
                del self._sessions[
                    request.session_key
                ]  # it takes what it sent for known over there
                if deadline is None and self._sessions:
                    deadline = time.monotonic() + CLOSING_SECONDS
                if deadline is None or time.monotonic() > deadline:
                    raise
                while self._sessions:
                    self._sessions.popitem()[1].close()
                time.sleep(0.02)

    def _session(self, session_key: SessionKey, variables: Mapping[str, Any]) -> Session:
        """That of the seat. One that the host or the network ended while nothing was under way is
        made anew: it held nothing."""
        there = self._sessions.get(session_key)
        if there is not None and there.alive:
            return there
        if there is not None:
            self._sessions.pop(session_key, None)
            there.close()
        login = self._login(session_key, variables)
        self._notices += (ENDED,) if there is not None else ()
        become = session_key.become
        if become is not None and become.user == login.user:
            become = None  # as Ansible: nobody needs sudo to become who they are
        elif become is not None and become.method == "sudo" and self._on_terminals:
            become = replace(become, terminal=True)
        self._sessions[session_key] = new = Session(login.connection, become)
        return new

    def _login(self, session_key: SessionKey, variables: Mapping[str, Any]) -> Login:
        key = replace(session_key, become=None)
        there = self._logins.get(key)
        if there is not None and not there.connection.alive:
            self._logins.pop(key, None)
            there.connection.close()
            for other in [
                session_key
                for session_key in self._sessions
                if replace(session_key, become=None) == key
            ]:
                self._sessions.pop(other).close()  # or each would tell of it
        if key not in self._logins:
            if session_key.connection == "local":
                self._logins[key] = _here(session_key.folder)
            else:
                self._before(self)
                with self._connecting():
                    self._logins[key] = self._connect(session_key.host, variables)
                self._notices += self._logins[key].notices if key not in self._noticed else ()
                self._noticed.add(key)
        return self._logins[key]

    def keep_alive(self) -> None:
        """Send a word over what is silent."""
        for login in list(self._logins.values()):
            login.connection.keep_alive()

    def __bool__(self) -> bool:
        """Whether anything is open."""
        return bool(self._logins)

    def kill(self) -> None:
        """End whatever runs on the host; then nothing is left to wait for."""
        for session in list(self._sessions.values()):
            with contextlib.suppress(Exception):
                session.kill()

    def close_idle(self) -> bool:
        """Close everything, but not under an exchange: false then."""
        if not self._in_use.acquire(blocking=False):
            return False
        try:
            self.close()
        finally:
            self._in_use.release()
        return True

    def close(self) -> None:
        """Close everything; the next exchange connects anew."""
        with self._lock:
            sessions, self._sessions = self._sessions, {}
            logins, self._logins = self._logins, {}
        for login in logins.values():
            with contextlib.suppress(Exception):
                login.connection.close()
        for session in sessions.values():
            with contextlib.suppress(Exception):
                session.close()


class Pool:
    """The `Sessions` of every host of a run; at most `connections` of them are connected, as long
    as any is idle."""

    def __init__(
        self,
        connect: Connect,
        connections: int,
        connecting: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._connect, self._connecting, self._connections = connect, connecting, connections
        self._hosts: dict[str, Sessions] = {}
        self._connected: dict[Sessions, None] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._keeper: threading.Thread | None = None

    def of(self, host: str) -> Sessions:
        found = self._hosts.get(host)
        if found is None:
            new = Sessions(self._connect, self._connecting, self._make_room)
            found = self._hosts.setdefault(host, new)
        return found

    def drop(self, host: str) -> None:
        """Close what the host has open."""
        sessions = self.of(host)
        sessions.close()
        with self._lock:
            self._connected.pop(sessions, None)

    def _make_room(self, sessions: Sessions) -> None:
        """Have no more connected than may be, once `sessions` is: idle ones are closed, that was
        connected first before others."""
        with self._lock:
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep_alive, daemon=True)
                self._keeper.start()
            self._connected.pop(sessions, None)
            excess = len(self._connected) + 1 - self._connections
            for other in list(self._connected) if excess > 0 else ():
                if excess > 0 and other.close_idle():
                    del self._connected[other]
                    excess -= 1
            self._connected[sessions] = None

    def frames(self) -> Mapping[str, int]:
        """How many frames each host was sent."""
        return {host: sessions.frames for host, sessions in list(self._hosts.items())}

    def kill(self) -> None:
        """End what runs on every host, all at once; returns when that is done, or after 20 s."""
        connected = [sessions for sessions in list(self._hosts.values()) if sessions]
        threads = [threading.Thread(target=s.kill, daemon=True) for s in connected]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

    def _keep_alive(self) -> None:
        while not self._closed.wait(KEEP_ALIVE_SECONDS):
            for sessions in list(self._hosts.values()):
                sessions.keep_alive()

    def close(self) -> None:
        self._closed.set()
        for sessions in list(self._hosts.values()):
            sessions.close()

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._hosts))
