"""The connection to a jump host that all hosts behind it share."""

from __future__ import annotations

from typing import Any

from provisioner.remote.ssh.route import _JumpConnections
from provisioner.remote.target import Target

HOP = Target("jump", "192.0.2.1", 22, "ops")


class Connection:
    """A connection that records whether it was closed."""

    def __init__(self) -> None:
        self.alive, self.closed = True, False

    def close(self) -> None:
        self.alive, self.closed = False, True


def connect(hop: Target) -> Any:
    return Connection()


def test_the_connection_is_closed_when_the_last_host_releases_it() -> None:
    shared = _JumpConnections()
    first, second = shared.acquire(HOP, connect), shared.acquire(HOP, connect)
    connection: Any = first.connection.result()
    assert second.connection is first.connection
    shared.release(first)
    assert not connection.closed
    shared.release(second)
    assert connection.closed


def test_the_release_of_a_broken_connection_does_not_close_the_one_that_replaced_it() -> None:
    shared = _JumpConnections()
    broken = [shared.acquire(HOP, connect) for _ in range(2)]
    lost: Any = broken[0].connection.result()
    lost.alive = False
    shared.release(broken[0])
    again = shared.acquire(HOP, connect)
    connection: Any = again.connection.result()
    assert connection is not lost
    shared.release(broken[1])
    assert not connection.closed
    shared.release(again)
    assert connection.closed
