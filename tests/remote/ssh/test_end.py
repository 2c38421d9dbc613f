"""The end of a channel is distinguished from the end of its connection."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from provisioner.errors import ConnectionFailed, ConnectionLost
from provisioner.remote.ssh.connection import SshChannel


def ended_channel(*, eof_sent: bool, alive: bool) -> SshChannel:
    """A channel without further output, for which the server sent neither an EOF nor a status."""
    connection: Any = SimpleNamespace(
        alive=alive,
        target=SimpleNamespace(user="ops"),
        check_heartbeat=lambda: 1.0,
        lost=lambda error=None: ConnectionLost("the connection broke"),
    )
    channel: Any = SimpleNamespace(
        eof_sent=eof_sent,
        eof_received=False,
        exit_status=-1,
        settimeout=lambda seconds: None,
        recv=lambda size: b"",
    )
    return SshChannel(connection, channel)


def test_a_channel_that_the_server_closes_at_once_means_that_it_runs_no_commands() -> None:
    with pytest.raises(ConnectionFailed, match="refuses to run commands for ops") as caught:
        ended_channel(eof_sent=True, alive=True).receive(None)
    assert not isinstance(caught.value, ConnectionLost)


@pytest.mark.parametrize("alive", [True, False])
def test_a_broken_connection_is_lost_even_while_it_still_seems_alive(alive: bool) -> None:
    with pytest.raises(ConnectionLost):
        ended_channel(eof_sent=False, alive=alive).receive(None)
