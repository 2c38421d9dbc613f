"""How the end of a channel is told from the end of its connection."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from provisioner.errors import ConnectionFailed, Lost
from provisioner.remote.ssh.connection import SshChannel


def ended(*, eof_sent: bool, alive: bool) -> SshChannel:
    """A channel that has given all, of which the server said neither its end nor a status."""
    connection: Any = SimpleNamespace(
        alive=alive,
        target=SimpleNamespace(user="ops"),
        beat=lambda: 1.0,
        lost=lambda error=None: Lost("the connection broke"),
    )
    channel: Any = SimpleNamespace(
        eof_sent=eof_sent,
        eof_received=False,
        exit_status=-1,
        settimeout=lambda seconds: None,
        recv=lambda size: b"",
    )
    return SshChannel(connection, channel)


def test_a_server_that_closes_a_channel_without_a_word_runs_no_commands() -> None:
    with pytest.raises(ConnectionFailed, match="refuses to run commands for ops") as caught:
        ended(eof_sent=True, alive=True).receive(None)
    assert not isinstance(caught.value, Lost)


@pytest.mark.parametrize("alive", [True, False])
def test_a_connection_that_broke_is_lost_be_it_not_known_as_that_yet(alive: bool) -> None:
    with pytest.raises(Lost):
        ended(eof_sent=False, alive=alive).receive(None)
