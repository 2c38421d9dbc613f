"""Import paramiko and export the names of it that this package uses.

Its log is switched off: its threads log tracebacks, and logging prints them to standard error where
no handler is set.
"""

from __future__ import annotations

import logging
import sys

# paramiko needs invoke for `Match exec` in its own ssh_config reader only, which is not used here,
# and works without it. Importing it takes 60 ms.
sys.modules.setdefault("invoke", None)  # type: ignore[arg-type]

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
