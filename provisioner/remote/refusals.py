"""Why a session never answered: the login shell, or sudo and su behind it."""

from __future__ import annotations

import contextlib
import time
from os import urandom

from provisioner.errors import BecomeFailed, ConnectionFailed, NeedsTerminal
from provisioner.remote.become import Become, explain
from provisioner.remote.channel import Connection

NO_SHELL = "account is currently not available"
"""What nologin says: the login shell of the user who logs in, for sudo and su are given one."""

NO_TERMINAL = "you must have a tty"
"""What sudo says under requiretty, which the sudoers file of the first EL7 releases has."""

_SIGNS = (
    (
        "integer expression expected",  # the session's loop, of a line that is not a frame's head
        "the login shell's profile takes what is meant for the session's shell",
        "let nothing in ~/.bashrc read from stdin where there is no terminal",
    ),
    (
        "assword change required",
        "the user's password on the host has expired",
        "log in once to change it, or let it never expire there: chage -M -1 USER",
    ),
)

PROBE_SECONDS = 10.0
"""How long a login shell may take to say one word, when sudo behind it has failed."""


def refusal(said: str, become: Become | None, connection: Connection) -> Exception:
    """The exception for a remote end that has said this and ended."""
    for sign, reason, hint in _SIGNS:
        if sign in said:
            return ConnectionFailed(reason, hint)
    if become is not None and NO_SHELL not in said:
        known = explain(become, said)
        if known is not None:
            wants = become.method == "sudo" and NO_TERMINAL in said and not become.terminal
            return NeedsTerminal(*known) if wants else BecomeFailed(*known)
        probed = _probe(connection)
        if probed is None:
            failed = f"{become.method} to {become.user} failed: {_last(said)}"
            return BecomeFailed(failed, "log in and try it by hand")
        said = probed or said
    return ConnectionFailed(
        f"the login shell ended before it ran anything: {_last(said)}",
        "the user needs a login shell that can run `exec /bin/sh -c …`: see `getent passwd`, what"
        " its ~/.bashrc does, and ForceCommand in sshd_config",
    )


def _last(said: str) -> str:
    return said.strip().splitlines()[-1] if said.strip() else "without a word"


def _probe(connection: Connection) -> str | None:
    """What the login shell says when it is to run one echo, or None where that works or where
    nothing is to be learnt."""
    word = urandom(8).hex()
    said, deadline = b"", time.monotonic() + PROBE_SECONDS
    with contextlib.suppress(ConnectionFailed, TimeoutError):
        channel = connection.open(f"exec /bin/sh -c 'echo {word}'")
        try:
            while data := channel.receive(deadline - time.monotonic()):
                said = (said + data)[-4096:]
        finally:
            channel.close()
        if word.encode() not in said:
            return said.decode("utf-8", "replace")
    return None
