"""Processes of this machine as a connection."""

from __future__ import annotations

import os

import pytest

from provisioner.errors import ConnectionLost
from provisioner.remote.local import LocalConnection


def test_ctrl_c_in_the_terminal_does_not_reach_a_task_under_way() -> None:
    connection = LocalConnection()
    channel = connection.open("ps -o pgid= -p $$")
    output = b""
    while data := channel.receive(20):
        output += data
    connection.close()
    assert int(output) != os.getpgrp()


def test_the_output_of_a_shell_that_ends_at_once_is_received() -> None:
    channel = LocalConnection(("/bin/sh",)).open("echo no; exit 1")
    channel._process.wait()
    channel.send(b"true\n")
    assert channel.receive(5) == b"no\n"
    assert channel.receive(5) == b""
    with pytest.raises(ConnectionLost):
        channel.send(b"true\n")
