"""The process exits without waiting for open connections."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Command

TIMEOUT = 60
"""Seconds that a step may take on a busy machine."""

PLAY = "- {hosts: all, gather_facts: false, tasks: [{ping: }]}\n"


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """A server that accepts TCP connections and never sends a byte."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(TIMEOUT)
        yield server


def test_a_second_ctrl_c_ends_the_process_while_a_host_does_not_respond(
    provision: Command, silent_server: socket.socket
) -> None:
    port = silent_server.getsockname()[1]
    play = provision.write("play.yml", PLAY)
    command = [sys.executable, "-m", "provisioner", "127.0.0.1,", str(play)]
    command += ["-e", f"ansible_port={port}", "--timeout", "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        connection, _ = silent_server.accept()
        with connection:
            connection.recv(100)
            assert process.stdout is not None
            assert process.stderr is not None
            while not process.stdout.readline().startswith(b"Play all"):
                pass
            process.send_signal(signal.SIGINT)
            assert b"stopping" in process.stderr.readline()
            interrupted = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=TIMEOUT)
            seconds = time.monotonic() - interrupted
    assert process.returncode == 130, err.decode()
    assert not re.search(rb"Traceback|Exception|Fatal", err), err.decode()
    assert seconds < TIMEOUT / 2


def test_the_process_exits_after_an_unreachable_host(provision: Command) -> None:
    play = provision.write("play.yml", PLAY)
    command = [sys.executable, "-m", "provisioner", "127.0.0.1,", str(play), "-e", "ansible_port=1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    assert (done.returncode, done.stderr) == (4, "")
