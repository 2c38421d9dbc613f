"""The connections and shells of one host: opened when its run first needs them."""

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
    unexpected,
)
from provisioner.fleet.login import Connect, Login, local_login
from provisioner.fleet.machines import Machines
from provisioner.language.templating.template import TemplateError
from provisioner.remote import lock
from provisioner.remote.become import Become
from provisioner.remote.session import NOT_ENDED_HINT, Session, no_way_to_end, still_running
from provisioner.remote.shell import Report
from provisioner.remote.streams import Progress

CLOSING_SECONDS = 10.0
"""Seconds that sshd may take to notice that a session was closed."""

REOPENED = "the session ended while the host waited for others, and was opened again"


RELEASED = (
    "its lock was released between two tasks, because a run that began earlier waited for it;"
    " that run may have changed the host since"
)

NO_LOCK = "the host cannot be locked, so other runs may change it at the same time: {}"

KILL_PAUSE = 0.1
"""Seconds from killing a task until the next task of its frame is killed."""

NOT_KILLED = "it was interrupted and could not be killed: {}"

MAX_JOINS = 100
"""Number of times that a host may say that it is the machine of another name. This ends a loop."""

FALSE_NAME = "the host says that it is {}, but its host key does not confirm it"

FALSE_NAME_HINT = "the answer may be forged: check what the login shell of the host is"


class HostSessions:
    """The connections and shells of one host's run.

    Used by one thread at a time; any thread may close it. While a connection is made, the context
    `connecting` is held; `before_connect` is called before that.
    """

    def __init__(
        self,
        connect: Connect,
        connecting: Callable[[], AbstractContextManager[None]] = nullcontext,
        before_connect: Callable[[HostSessions], None] = lambda sessions: None,
        machines: Machines | None = None,
    ) -> None:
        self._connect, self._connecting = connect, connecting
        self._before_connect = before_connect
        self._machines = machines or Machines()
        self._lock_names: dict[SessionKey, str] = {}
        """Other names under which the lock was found to be held by this run."""
        self._joins = 0
        self._logins: dict[SessionKey, Login] = {}
        self._sessions: dict[SessionKey, Session] = {}
        self._notices: tuple[str, ...] = ()
        """Notices for the next answer."""
        self._sudo_needs_terminal = False
        self._keys_with_notices: set[SessionKey] = set()
        self._lock = threading.Lock()
        self._in_use = threading.Lock()
        self._running: Session | None = None
        """The session whose frame the host executes."""
        self._kill_is_over = threading.Event()
        self._kill_is_over.set()
        self._not_ended = ""
        """What could not be killed, or why not."""
        self._connecting_forbidden = False
        self.is_connecting = False
        """Whether a connection is being made."""
        self.frames = 0
        """Number of frames that were sent."""

    @property
    def is_open(self) -> bool:
        """Whether there is an open connection."""
        return bool(self._logins)

    def exchange(self, request: Exchange, progress: Progress | None = None) -> Answer:
        """Send the frame and collect the reports. Errors of the host are part of the answer."""
        with self._in_use:
            return self._exchange(request, progress)

    def _exchange(self, request: Exchange, progress: Progress | None) -> Answer:
        reports: list[Report] = []
        ended: list[float] = []
        sent = False
        error: ConnectionFailed | BecomeFailed | None = None
        try:
            self._end_hindering_sessions(request)
            self._session(request.session_key, request.variables)
            sent = True
            self.frames += 1
            for report in self._reports(request, progress):
                reports.append(report)
                ended.append(time.monotonic())
        except OSError as failure:  # this process has no more files or memory
            reason = f"this machine: {failure.strerror or failure}"
            error = ConnectionFailed(reason, "lower --forks")
        except TemplateError as failure:
            place = f" ({failure.where.full})" if failure.where else ""
            error = ConnectionFailed(f"a connection variable: {failure.reason}{place}")
        except (ConnectionFailed, BecomeFailed) as failure:
            sent = isinstance(failure, ConnectionLost)
            error = failure
        except Exception as failure:
            # Whatever goes wrong while this process talks to a host concerns this host only.
            error = unexpected(failure, f"the exchange with {request.session_key.host}")
        if isinstance(error, ConnectionFailed):
            self.close()
        elif error is not None:  # sudo may accept a later task, which starts a new shell
            self._sessions.pop(request.session_key, None)
        self._kill_is_over.wait()
        if self._not_ended and (error is not None or (reports and reports[-1].status)):
            error, sent = ConnectionLost(NOT_KILLED.format(self._not_ended), NOT_ENDED_HINT), True
            if reports and reports[-1].status:  # of a shell whose programs still run
                reports[-1] = Report()
        same_machine: tuple[str, ...] = ()
        if other := lock.twin(reports[-1]) if reports else "":
            try:
                same_machine = self._join(request.session_key, other)
            except ConnectionFailed as failure:
                del reports[-1], ended[-1]
                error, sent = failure, False
        notices, self._notices = self._notices, ()
        return Answer(tuple(reports), error, sent, tuple(ended), notices, same_machine)

    def _reports(self, request: Exchange, progress: Progress | None) -> Iterator[Report]:
        """Yield the reports of the frame.

        If sshd refuses another session (MaxSessions), the host's other shells are closed first.
        They hold nothing that cannot be sent again.
        """
        deadline = None
        while True:
            session = self._session(request.session_key, request.variables)
            words = self._lock_words(request)
            try:
                self._running = session
                for report in session.exchange(request.steps, progress, words):
                    if reason := report.get("lock_off"):
                        self._notices += (NO_LOCK.format(reason[:200]),)
                    yield report
                return
            except NeedsTerminal:
                del self._sessions[request.session_key]
                self._sudo_needs_terminal = True
            except SessionRefused:
                # A new session is needed: this one assumes that its first commands were received.
                del self._sessions[request.session_key]
                if deadline is None and self._sessions:
                    deadline = time.monotonic() + CLOSING_SECONDS
                if deadline is None or time.monotonic() > deadline:
                    raise
                while self._sessions:
                    self._sessions.popitem()[1].close()
                time.sleep(0.02)
            finally:
                self._running = None

    def _end_hindering_sessions(self, request: Exchange) -> None:
        """End the sessions as the users that a change of the frame removes or renumbers."""
        changes = (step.program for step in request.steps if step.mode == "apply")
        users = {program.frees_user for program in changes} - {""}
        own = request.session_key
        for key in list(self._sessions) if users else ():
            is_hindering = key.become is not None and key.become.user in users
            if is_hindering and key.host == own.host and key != own:
                self._sessions.pop(key).end()

    def _lock_words(self, request: Exchange) -> str:
        """Return the words with which a session takes the lock of its host; "" for no lock."""
        if request.lock is None or not request.locks:
            return ""
        key = request.session_key
        host_key = self._host_key(key)
        self._machines.add_key(key.host, host_key)
        name = self._lock_names.get(key) or self._machines.machine_of(key.host)
        return request.lock.words(name, host_key)

    def _host_key(self, key: SessionKey) -> str:
        login = self._logins.get(replace(key, become=None))
        return login.host_key if login is not None else ""

    def _join(self, key: SessionKey, other: str) -> tuple[str, ...]:
        """Note that the host is the machine `other`, as it says. Return both names if it is new.

        Raises ConnectionFailed if that cannot be true.
        """
        self._lock_names[key] = other
        self._joins += 1
        is_new = self._machines.join(key.host, other, self._host_key(key))
        if is_new is None or self._joins > MAX_JOINS:
            raise ConnectionFailed(FALSE_NAME.format(other[:100]), FALSE_NAME_HINT)
        return (other, key.host) if is_new else ()

    def _session(self, session_key: SessionKey, variables: Mapping[str, Any]) -> Session:
        """Return the shell for the key.

        A shell that has ended since the last frame is replaced: it held nothing that cannot be sent
        again.
        """
        old = self._sessions.get(session_key)
        if old is not None and old.alive:
            return old
        if old is not None:
            self._sessions.pop(session_key, None)
            old.close()
        login = self._login(session_key, variables)
        if old is not None:
            self._notices += (REOPENED,)
        session = Session(
            login.connection,
            self._become(session_key, login),
            reconnect=lambda: self._connect(session_key.host, variables).connection,
        )
        self._sessions[session_key] = session
        return session

    def _become(self, session_key: SessionKey, login: Login) -> Become | None:
        become = session_key.become
        if become is None or become.user == login.user:
            return None  # as in Ansible: the login user does not need sudo to become itself
        if become.method == "sudo" and self._sudo_needs_terminal:
            return replace(become, terminal=True)
        return become

    def _login(self, session_key: SessionKey, variables: Mapping[str, Any]) -> Login:
        """Return the connection for the key: the open one, or a new one."""
        key = replace(session_key, become=None)
        login = self._logins.get(key)
        if login is not None and not login.connection.alive:
            self._logins.pop(key, None)
            login.connection.close()
            self._close_shells(key)
            login = None
        if login is None:
            login = self._open_login(key, variables)
            self._logins[key] = login
        return login

    def _close_shells(self, login_key: SessionKey) -> None:
        """Close the shells of a closed connection, or each of them would cause a notice."""
        keys = [key for key in self._sessions if replace(key, become=None) == login_key]
        for key in keys:
            self._sessions.pop(key).close()

    def _open_login(self, key: SessionKey, variables: Mapping[str, Any]) -> Login:
        if key.connection == "local":
            return local_login(key.folder)
        self._before_connect(self)
        self.is_connecting = True
        try:
            with self._connecting():
                login = self._connect(key.host, variables)
        finally:
            self.is_connecting = False
        if self._connecting_forbidden:
            login.connection.close()
            raise ConnectionFailed("the run was interrupted while the host was connecting")
        if key not in self._keys_with_notices:
            self._notices += login.notices
            self._keys_with_notices.add(key)
        return login

    def keep_alive(self) -> None:
        """Send a keep-alive message on each idle connection."""
        for login in list(self._logins.values()):
            login.connection.keep_alive()

    def forbid_connecting(self) -> None:
        """Make the current and all later connection attempts fail, so that no frame is sent."""
        self._connecting_forbidden = True

    def kill(self) -> None:
        """Kill the task on the host, so that its report ends; also later tasks of its frame.

        Where that is not possible, the connections are closed, and the task counts as lost.
        """
        self._kill_is_over.clear()
        try:
            while (session := self._running) is not None:
                if left := session.kill():
                    self.give_up(still_running(left))
                    return
                time.sleep(KILL_PAUSE)
        except Exception as error:
            self.give_up(no_way_to_end(error))
        finally:
            self._kill_is_over.set()

    def give_up(self, reason: str) -> None:
        """Close the connections, because the task that runs on the host could not be killed."""
        if self._running is not None:
            self._not_ended = self._not_ended or reason
        self._kill_is_over.set()
        self.close()

    def close_idle(self) -> bool:
        """Close everything, unless an exchange is running. Return whether it was closed."""
        if not self._in_use.acquire(blocking=False):
            return False
        try:
            self.close()
        finally:
            self._in_use.release()
        return True

    def release_lock(self) -> bool:
        """Close everything if a session holds a lock and is idle. Return whether it was closed."""
        holds_lock = any(session.holds_lock for session in list(self._sessions.values()))
        if not holds_lock or not self.close_idle():
            return False
        self._notices += (RELEASED,)
        return True

    def close(self) -> None:
        """Close everything. The next exchange connects again."""
        with self._lock:
            sessions, self._sessions = self._sessions, {}
            logins, self._logins = self._logins, {}
        for login in logins.values():
            with contextlib.suppress(Exception):
                login.connection.close()
        for session in sessions.values():
            with contextlib.suppress(Exception):
                session.close()
