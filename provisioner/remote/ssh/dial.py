"""The byte stream beneath SSH: a TCP connection (a ProxyCommand is `sshproxy`).

Our banner is sent as soon as there is one: sshd gets to work, and answers with its part of the key
exchange, while the rest of what speaks with it is still being imported.

Each failure of the network has its own sentence, since each has its own remedy.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from typing import Protocol

from provisioner.errors import ConnectionFailed
from provisioner.remote.target import Target

NAME = "provision"
BANNER = f"SSH-2.0-{NAME}\r\n".encode()
USER_TIMEOUT = 15.0  # seconds that sent data may stay unacknowledged (man 7 tcp)
BRIEFEST = 1.0  # seconds for one address of several


class Greetable(Protocol):
    """What a banner can be sent to."""

    def send(self, data: bytes, /) -> int: ...


class OutOfFiles(ConnectionFailed):
    """This process has no file descriptor left (EMFILE): fewer hosts at once would do."""


def dial(target: Target) -> socket.socket:
    """A TCP connection to the target's first address that answers, within `target.timeout`; our
    banner is sent.

    Several addresses are tried in the resolver's order (RFC 6724); a dead one may use up no more
    than its share of the time. Raises ConnectionFailed.
    """
    addresses = _resolve(target)
    deadline = time.monotonic() + target.timeout
    problem: OSError | None = None
    for place, (family, address) in enumerate(addresses):
        share = (deadline - time.monotonic()) / (len(addresses) - place)
        try:
            connection = _connect(family, address, max(share, BRIEFEST))
        except OSError as error:
            problem = error
        else:
            greet(connection)
            return connection
    assert problem is not None
    raise explain(target, problem) from problem


def greet(wire: Greetable) -> None:
    """Send our banner. Who reads finds out what is wrong, if anything is."""
    with contextlib.suppress(Exception):
        wire.send(BANNER)


def _resolve(target: Target) -> list[tuple[int, tuple[object, ...]]]:
    name = target.address
    plain = name.encode() if name.isascii() else name  # Python imports its IDNA codec for any str
    try:
        found = socket.getaddrinfo(plain, target.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConnectionFailed(
            f"the name {target.address!r} can't be resolved: {reason}",
            "check the inventory's ansible_host, /etc/hosts and DNS",
        ) from error
    except OSError as error:
        raise explain(target, error) from error
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _connect(family: int, address: tuple[object, ...], seconds: float) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(address)
        # Without it the first command waits 44 ms for a delayed acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            milliseconds = int(USER_TIMEOUT * 1000)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
    except BaseException:
        connection.close()
        raise
    return connection


def explain(target: Target, error: OSError) -> ConnectionFailed:
    """Why a connection to the target could not be made."""
    where = f"port {target.port} of {target.address}"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return OutOfFiles("too many open files", "lower --forks or raise `ulimit -n`")
    if isinstance(error, ConnectionRefusedError):
        return ConnectionFailed(f"{where} is closed (connection refused)", "is sshd running there?")
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN):
        return ConnectionFailed(
            f"no route to {target.address}: {error.strerror}", "is the host up, is the network?"
        )
    if isinstance(error, TimeoutError):
        return ConnectionFailed(
            f"{where} doesn't answer within {target.timeout:g} s",
            "is the host up, does a firewall drop the packets? (--timeout waits longer)",
        )
    return ConnectionFailed(f"can't connect to {where}: {error.strerror or error}")
