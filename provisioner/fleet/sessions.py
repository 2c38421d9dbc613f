"""The open connections and shells of a run: made when a host's walk first needs them."""

from __future__ import annotations

import contextlib
import getpass
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.engine.effects import Answer, Exchange, Seat
from provisioner.errors import BecomeFailed, ConnectionFailed, Lost
from provisioner.language.template import TemplateError
from provisioner.remote.channel import Connection
from provisioner.remote.local import LocalConnection
from provisioner.remote.session import Session
from provisioner.remote.shell import Report


@dataclass(frozen=True)
class Login:
    """A connection and the user that it is logged in as ("" where that is not known)."""

    connection: Connection
    user: str = ""
    notices: tuple[str, ...] = ()


Connect = Callable[[str, Mapping[str, Any]], Login]
"""Connect to the host of that inventory name, whose variables are given."""


class Sessions:
    """What one host's walk has open. Used by one thread at a time, closed by any."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._logins: dict[tuple[str, str], Login] = {}
        self._sessions: dict[Seat, Session] = {}
        self._notices: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self.frames = 0

    def exchange(self, request: Exchange) -> Answer:
        """Send the frame and collect the reports. Never raises for what a host does."""
        reports: list[Report] = []
        ended: list[float] = []
        sent = False
        lost: ConnectionFailed | BecomeFailed | None = None
        try:
            session = self._session(request.seat, request.variables)
            sent = True
            self.frames += 1
            for report in session.exchange(request.steps):
                reports.append(report)
                ended.append(time.monotonic())
        except OSError as error:  # out of files, out of memory
            lost = ConnectionFailed(f"this machine: {error.strerror or error}", "lower --forks")
        except TemplateError as error:
            lost = ConnectionFailed(f"a connection variable: {error.reason}")
        except (ConnectionFailed, BecomeFailed) as error:
            sent = isinstance(error, Lost)
            lost = error
        if isinstance(lost, ConnectionFailed):
            self.close()
        notices, self._notices = self._notices, ()
        return Answer(tuple(reports), lost, sent, tuple(ended), notices)

    def _session(self, seat: Seat, variables: Mapping[str, Any]) -> Session:
        if seat not in self._sessions:
            login = self._login(seat, variables)
            become = seat.become
            if become is not None and become.user == login.user:
                become = None  # as Ansible: nobody needs sudo to become who they are
            self._sessions[seat] = Session(login.connection, become)
        return self._sessions[seat]

    def _login(self, seat: Seat, variables: Mapping[str, Any]) -> Login:
        key = (seat.host, seat.connection)
        if key not in self._logins:
            if seat.connection == "local":
                self._logins[key] = Login(LocalConnection(), getpass.getuser())
            else:
                self._logins[key] = self._connect(seat.host, variables)
                self._notices += self._logins[key].notices
        return self._logins[key]

    def kill(self) -> None:
        """End whatever runs on the host; then nothing is left to wait for."""
        for session in list(self._sessions.values()):
            with contextlib.suppress(Exception):
                session.kill()

    def close(self) -> None:
        """Close everything; the next exchange connects anew."""
        with self._lock:
            sessions, self._sessions = self._sessions, {}
            logins, self._logins = self._logins, {}
        for session in sessions.values():
            with contextlib.suppress(Exception):
                session.close()
        for login in logins.values():
            with contextlib.suppress(Exception):
                login.connection.close()


class Pool:
    """The `Sessions` of every host of a run."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._hosts: dict[str, Sessions] = {}

    def of(self, host: str) -> Sessions:
        return self._hosts.setdefault(host, Sessions(self._connect))

    def frames(self) -> Mapping[str, int]:
        """How many frames each host was sent."""
        return {host: sessions.frames for host, sessions in self._hosts.items()}

    def kill(self) -> None:
        """End what runs on every host, all at once; returns when that is done, or after 20 s."""
        threads = [threading.Thread(target=s.kill, daemon=True) for s in self._hosts.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

    def close(self) -> None:
        for sessions in self._hosts.values():
            sessions.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self._hosts)
