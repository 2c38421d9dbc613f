"""The way to a host: a TCP connection, a ProxyCommand, or a jump host that others share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import field, replace
from typing import TYPE_CHECKING

from provisioner.errors import ConnectionFailed
from provisioner.records import dataclass
from provisioner.remote.ssh.dial import dial, greet
from provisioner.remote.ssh.paramiko.transport import Stream
from provisioner.remote.target import Target

if TYPE_CHECKING:
    from concurrent.futures import Future

    from provisioner.remote.ssh.connection import SshConnection
    from provisioner.remote.ssh.proxy import Proxy

Connect = Callable[[Target], "SshConnection"]


@dataclass
class Route:
    """What carries a connection, and what must end with it."""

    wire: Stream
    proxy: Proxy | None = None
    jump: Entry | None = None

    def complaint(self) -> str:
        return self.proxy.complaint() if self.proxy else ""

    def close(self) -> None:
        if self.proxy:
            self.proxy.close()
        if self.jump:
            _shared.give_back(self.jump)


def open_route(target: Target, connect: Connect) -> Route:
    """The way to the target, on which our banner is sent."""
    if target.proxy_command:
        from provisioner.remote.ssh.proxy import start_proxy

        proxy = start_proxy(target)
        greet(proxy.socket)
        return Route(proxy.socket, proxy=proxy)
    if target.proxy_jump:
        return _open_jump(target, connect)
    return Route(dial(target))


def _open_jump(target: Target, connect: Connect) -> Route:
    *before, last = target.proxy_jump
    hop = replace(last, proxy_jump=tuple(before)) if before else last
    try:
        entry = _shared.take(hop, connect)
    except ConnectionFailed as error:
        raise ConnectionFailed(f"jump host {hop}: {error.reason}", error.hint) from error
    try:
        stream = entry.connection.result().forward(target)
        greet(stream)
        return Route(stream, jump=entry)
    except BaseException:
        _shared.give_back(entry)
        raise


def _future() -> Future[SshConnection]:
    from concurrent.futures import Future  # not where there is no jump host

    return Future()


@dataclass
class Entry:
    """One connection to a jump host, and how many hosts are reached through it."""

    hop: Target
    connection: Future[SshConnection] = field(default_factory=_future)
    users: int = 0

    def usable(self) -> bool:
        if not self.connection.done():
            return True
        return self.connection.exception() is None and self.connection.result().alive


class _Shared:
    """One connection per jump host for all the hosts behind it, so that a fleet doesn't run into
    the jump host's MaxStartups; closed when the last host behind it is.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[Target, Entry] = {}

    def take(self, hop: Target, connect: Connect) -> Entry:
        """Waits for the connection; raises what connecting does."""
        with self._lock:
            entry = self._entries.get(hop)
            first = entry is None or not entry.usable()
            if entry is None or first:
                entry = self._entries[hop] = Entry(hop)
            entry.users += 1
        if first:
            self._connect(hop, entry, connect)
        entry.connection.result()
        return entry

    def _connect(self, hop: Target, entry: Entry, connect: Connect) -> None:
        try:
            entry.connection.set_result(connect(hop))
        except BaseException as error:  # those who wait for it fail with it; the next tries anew
            with self._lock:
                if self._entries.get(hop) is entry:
                    del self._entries[hop]
            entry.connection.set_exception(error)

    def give_back(self, entry: Entry) -> None:
        """One host less. Another connection may have taken the place of one that broke."""
        with self._lock:
            entry.users -= 1
            if entry.users > 0:
                return
            if self._entries.get(entry.hop) is entry:
                del self._entries[entry.hop]
        if entry.connection.done() and entry.connection.exception() is None:
            entry.connection.result().close()


_shared = _Shared()
