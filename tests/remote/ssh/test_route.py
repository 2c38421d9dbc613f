"""One connection to a jump host for all the hosts behind it."""

from __future__ import annotations

from typing import Any

from provisioner.remote.ssh.route import _Shared
from provisioner.remote.target import Target

HOP = Target("jump", "192.0.2.1", 22, "ops")


class Connection:
    """One that is closed, or breaks."""

    def __init__(self) -> None:
        self.alive, self.closed = True, False

    def close(self) -> None:
        self.alive, self.closed = False, True


def connect(hop: Target) -> Any:
    return Connection()


def test_the_connection_is_closed_with_the_last_host_behind_it() -> None:
    shared = _Shared()
    first, second = shared.take(HOP, connect), shared.take(HOP, connect)
    connection: Any = first.connection.result()
    assert second.connection is first.connection
    shared.give_back(first)
    assert not connection.closed
    shared.give_back(second)
    assert connection.closed


def test_hosts_that_leave_a_broken_connection_do_not_close_the_one_in_its_place() -> None:
    shared = _Shared()
    broken = [shared.take(HOP, connect) for _ in range(2)]
    lost: Any = broken[0].connection.result()
    lost.alive = False
    shared.give_back(broken[0])
    again = shared.take(HOP, connect)
    connection: Any = again.connection.result()
    assert connection is not lost
    shared.give_back(broken[1])
    assert not connection.closed
    shared.give_back(again)
    assert connection.closed
