"""TCP connections to hosts, and the error messages for the failures of the network.

Our SSH banner is sent as soon as the connection is made. sshd answers with its part of the key
exchange while this process still imports the rest of its SSH code.
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
SHORTEST_TIMEOUT = 1.0  # seconds for one address of several


class Greetable(Protocol):
    """A stream to send a banner to."""

    def send(self, data: bytes, /) -> int: ...


class OutOfFiles(ConnectionFailed):
    """This process has no file descriptor left (EMFILE). Fewer hosts at once would work."""


def dial(target: Target) -> socket.socket:
    """Connect to the target within `target.timeout` seconds and send our banner.

    Its addresses are tried in the resolver's order (RFC 6724), each for its share of the time.
    Raises ConnectionFailed.
    """
    addresses = _resolve(target)
    deadline = time.monotonic() + target.timeout
    problem: OSError | None = None
    for index, (family, address) in enumerate(addresses):
        share = (deadline - time.monotonic()) / (len(addresses) - index)
        try:
            connection = _connect(family, address, max(share, SHORTEST_TIMEOUT))
        except OSError as error:
            problem = error
        else:
            greet(connection)
            return connection
    assert problem is not None
    raise explain(target, problem) from problem


def greet(stream: Greetable) -> None:
    """Send our banner. An error is not raised: the later reads meet it too."""
    with contextlib.suppress(Exception):
        stream.send(BANNER)


def _resolve(target: Target) -> list[tuple[int, tuple[object, ...]]]:
    """Return the family and socket address of each of the target's addresses, without doubles."""
    name = target.address
    host = name.encode() if name.isascii() else name  # Python would import its IDNA codec for a str
    try:
        entries = socket.getaddrinfo(host, target.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConnectionFailed(
            f"the name {target.address!r} can't be resolved: {reason}",
            "check the inventory's ansible_host, /etc/hosts and DNS",
        ) from error
    except OSError as error:
        raise explain(target, error) from error
    return list(dict.fromkeys((family, address) for family, _, _, _, address in entries))


def _connect(family: int, address: tuple[object, ...], seconds: float) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(address)
        # Without TCP_NODELAY the first command waits 44 ms for a delayed acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            milliseconds = int(USER_TIMEOUT * 1000)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
    except BaseException:
        connection.close()
        raise
    return connection


def explain(target: Target, error: OSError) -> ConnectionFailed:
    """Return the error for a connection that could not be made."""
    where = f"port {target.port} of {target.address}"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return OutOfFiles("too many open files", "lower --forks or raise `ulimit -n`")
    if isinstance(error, ConnectionRefusedError):
        return ConnectionFailed(f"{where} is closed (connection refused)", "is sshd running there?")
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN):
        return ConnectionFailed(
            f"no route to {target.address}: {error.strerror}",
            "is the host up, and is its network reachable from here?",
        )
    if isinstance(error, TimeoutError):
        return ConnectionFailed(
            f"{where} did not answer within {target.timeout:g} s",
            "is the host up, or does a firewall drop the packets? (--timeout waits longer)",
        )
    return ConnectionFailed(f"can't connect to {where}: {error.strerror or error}")
