"""The names of paramiko that this package uses; the only file that imports it.

`import paramiko` is half of what a short run costs, and 60 of its 160 ms go to `invoke`, which it
needs for `Match exec` in its own ssh_config reader alone (we have ours). It does without when
`invoke` isn't installed, so here it isn't, for as long as the import lasts. Its log is silenced:
its threads log tracebacks, which logging prints to stderr when nobody listens.
"""

from __future__ import annotations

import importlib
import logging
import sys


def _import_paramiko() -> None:
    if "invoke" in sys.modules or "paramiko" in sys.modules:
        return
    sys.modules["invoke"] = None  # type: ignore[assignment]  # an import of it now fails
    try:
        importlib.import_module("paramiko")
    finally:
        del sys.modules["invoke"]


_import_paramiko()

from paramiko import Channel, ChannelException, Message, PKey, SSHException, Transport  # noqa: E402
from paramiko.agent import AgentKey, AgentSSH  # noqa: E402
from paramiko.auth_handler import AuthHandler  # noqa: E402
from paramiko.buffered_pipe import PipeTimeout  # noqa: E402
from paramiko.packet import NeedRekeyException, Packetizer  # noqa: E402
from paramiko.ssh_exception import IncompatiblePeer  # noqa: E402

__all__ = [
    "AgentKey",
    "AgentSSH",
    "AuthHandler",
    "Channel",
    "ChannelException",
    "IncompatiblePeer",
    "Message",
    "NeedRekeyException",
    "PKey",
    "Packetizer",
    "PipeTimeout",
    "SSHException",
    "Transport",
]

_log = logging.getLogger("paramiko")
_log.addHandler(logging.NullHandler())
_log.propagate = False
