"""The byte stream to a host: over TCP, a ProxyCommand, or a jump host that other hosts share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import field, replace
from typing import TYPE_CHECKING

from provisioner.errors import ConnectionFailed
from provisioner.records import dataclass
from provisioner.remote.ssh.dial import dial, greet
from provisioner.remote.ssh.paramiko.packetizer import Stream
from provisioner.remote.target import Target

if TYPE_CHECKING:
    from concurrent.futures import Future

    from provisioner.remote.ssh.connection import SshConnection
    from provisioner.remote.ssh.proxy import Proxy

Connect = Callable[[Target], "SshConnection"]


@dataclass
class Route:
    """The stream of a connection, with the ProxyCommand or the jump host that it uses."""

    stream: Stream
    proxy: Proxy | None = None
    jump: JumpConnection | None = None

    def proxy_error(self) -> str:
        """Return the last line that the ProxyCommand wrote to its standard error."""
        return self.proxy.last_error_line() if self.proxy else ""

    def close(self) -> None:
        if self.proxy:
            self.proxy.close()
        if self.jump:
            _jump_connections.release(self.jump)


def open_route(target: Target, connect: Connect) -> Route:
    """Open the stream to the target and send our banner. Raises ConnectionFailed."""
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
        jump = _jump_connections.acquire(hop, connect)
    except ConnectionFailed as error:
        raise ConnectionFailed(f"jump host {hop}: {error.reason}", error.hint) from error
    try:
        stream = jump.connection.result().forward(target)
        greet(stream)
        return Route(stream, jump=jump)
    except BaseException:
        _jump_connections.release(jump)
        raise


def _future() -> Future[SshConnection]:
    from concurrent.futures import Future  # imported only where there is a jump host

    return Future()


@dataclass
class JumpConnection:
    """A connection to a jump host, and the number of hosts that use it."""

    hop: Target
    connection: Future[SshConnection] = field(default_factory=_future)
    users: int = 0

    def usable(self) -> bool:
        """Whether it is connected, or still connecting."""
        if not self.connection.done():
            return True
        return self.connection.exception() is None and self.connection.result().alive


class _JumpConnections:
    """One connection to each jump host, shared by all hosts behind it.

    A connection for each would exceed the jump host's MaxStartups. The connection is closed when
    the last host releases it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_hop: dict[Target, JumpConnection] = {}

    def acquire(self, hop: Target, connect: Connect) -> JumpConnection:
        """Return the connection when it is up. Raises the exception of `connect`."""
        with self._lock:
            jump = self._by_hop.get(hop)
            is_new = jump is None or not jump.usable()
            if jump is None or is_new:
                jump = self._by_hop[hop] = JumpConnection(hop)
            jump.users += 1
        if is_new:
            self._connect(hop, jump, connect)
        jump.connection.result()
        return jump

    def _connect(self, hop: Target, jump: JumpConnection, connect: Connect) -> None:
        try:
            jump.connection.set_result(connect(hop))
        except BaseException as error:  # all waiting hosts raise it; later ones connect again
            with self._lock:
                if self._by_hop.get(hop) is jump:
                    del self._by_hop[hop]
            jump.connection.set_exception(error)

    def release(self, jump: JumpConnection) -> None:
        """Count one host less; close the connection after the last one.

        A new connection may have replaced a broken one meanwhile.
        """
        with self._lock:
            jump.users -= 1
            if jump.users > 0:
                return
            if self._by_hop.get(jump.hop) is jump:
                del self._by_hop[jump.hop]
        if jump.connection.done() and jump.connection.exception() is None:
            jump.connection.result().close()


_jump_connections = _JumpConnections()
