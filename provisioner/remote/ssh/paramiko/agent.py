"""A connection to an ssh-agent.

The private names are the same in paramiko 3.5.1 to 5.1 (tested with 3.5.1 and 5.1.0).
"""

from __future__ import annotations

import socket
import threading

from provisioner.remote.ssh.paramiko.names import AgentSSH

TIMEOUT = 10.0
"""Seconds to wait for an answer. An agent may ask its user to confirm the use of a key."""


class Agent(AgentSSH):
    """The ssh-agent at a socket's path, which several threads may use.

    Overridden: `_send_message`, to answer one thread at a time. `_connect` is called because
    paramiko's own Agent finds its socket by SSH_AUTH_SOCK only, and waits for it without end.
    """

    def __init__(self, path: str) -> None:
        """Connect and read the list of keys. Raises OSError or paramiko's SSHException."""
        super().__init__()
        self._turn = threading.Lock()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(TIMEOUT)
        connection.connect(path)
        self._connect(connection)  # type: ignore[attr-defined]

    def _send_message(self, message: object) -> object:
        with self._turn:
            return super()._send_message(message)  # type: ignore[misc]
