"""Processes of this machine as a connection."""

from __future__ import annotations

import os

from provisioner.remote.local import LocalConnection


def test_ctrl_c_in_the_terminal_does_not_reach_a_task_under_way() -> None:
    connection = LocalConnection()
    channel = connection.open("ps -o pgid= -p $$")
    said = b""
    while data := channel.receive(20):
        said += data
    connection.close()
    assert int(said) != os.getpgrp()
