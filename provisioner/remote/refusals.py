"""Explain why a session did not start: by the output of the login shell, sudo or su."""

from __future__ import annotations

import contextlib
import time
from os import urandom

from provisioner.errors import BecomeFailed, ConnectionFailed, NeedsTerminal
from provisioner.remote.become import Become, explain
from provisioner.remote.channel import Connection

NO_SHELL = "account is currently not available"
"""The message of nologin as the login shell. sudo and su are called with another shell."""

NO_TERMINAL = "you must have a tty"
"""The message of sudo with requiretty, as in the sudoers file of the first EL7 releases."""

_MESSAGES = (
    (
        # Printed by the remote loop for a line without a frame's length.
        "integer expression expected",
        "the login shell's profile reads the input that is meant for the session's shell",
        "change ~/.bashrc: without a terminal, its commands must not read standard input",
    ),
    (
        "assword change required",
        "the user's password on the host has expired",
        "log in once to change it, or turn its expiry off: chage -M -1 USER",
    ),
)

PROBE_SECONDS = 10.0
"""Seconds for a login shell to run echo, after sudo has failed."""


def refusal(output: str, become: Become | None, connection: Connection) -> Exception:
    """Return the exception for a remote end that wrote `output` and ended."""
    for message, reason, hint in _MESSAGES:
        if message in output:
            return ConnectionFailed(reason, hint)
    if become is not None and NO_SHELL not in output:
        reason_and_hint = explain(become, output)
        if reason_and_hint is not None:
            needs_terminal = NO_TERMINAL in output and become.method == "sudo"
            if needs_terminal and not become.terminal:
                return NeedsTerminal(*reason_and_hint)
            return BecomeFailed(*reason_and_hint)
        shell_output = _probe(connection)
        if shell_output is None:
            failed = f"{become.method} to {become.user} failed: {_last_line(output)}"
            return BecomeFailed(failed, f"log in to the host and run {become.method} there")
        output = shell_output or output
    return ConnectionFailed(
        f"the login shell ended before it ran a command: {_last_line(output)}",
        "the user needs a login shell that can run `exec /bin/sh -c …`: check `getent passwd`, the"
        " user's ~/.bashrc, and ForceCommand in sshd_config",
    )


def _last_line(output: str) -> str:
    return output.strip().splitlines()[-1] if output.strip() else "it wrote nothing"


def _probe(connection: Connection) -> str | None:
    """Run echo with the login shell and return the output if it is wrong.

    Returns None where echo works, or where its connection fails.
    """
    word = urandom(8).hex()
    output, deadline = b"", time.monotonic() + PROBE_SECONDS
    with contextlib.suppress(ConnectionFailed, TimeoutError):
        channel = connection.open(f"exec /bin/sh -c 'echo {word}'")
        try:
            while data := channel.receive(max(0.0, deadline - time.monotonic())):
                output = (output + data)[-4096:]
                if time.monotonic() > deadline:
                    break
        finally:
            channel.close()
        if word.encode() not in output:
            return output.decode("utf-8", "replace")
    return None
