"""Import paramiko and export the names of it that this package uses.

Its log is switched off: its threads log tracebacks, and logging prints them to standard error where
no handler is set.
"""

from __future__ import annotations

import importlib
import logging
import sys
from types import SimpleNamespace

# paramiko 5 asks importlib.metadata for nothing but its own version. That module imports 40 others,
# which takes 10 ms of the 250 of a run on one host, so paramiko gets a substitute for it.
_METADATA = SimpleNamespace(version=lambda name: "unknown")
if "importlib.metadata" not in sys.modules:
    importlib.metadata = _METADATA  # type: ignore[assignment]

# paramiko needs invoke for `Match exec` in its own ssh_config reader only, which is not used here,
# and works without it. Importing it takes 60 ms.
sys.modules.setdefault("invoke", None)  # type: ignore[arg-type]

from paramiko import Channel, ChannelException, Message, PKey, SSHException, Transport  # noqa: E402
from paramiko.agent import AgentKey, AgentSSH  # noqa: E402
from paramiko.auth_handler import AuthHandler  # noqa: E402
from paramiko.buffered_pipe import PipeTimeout  # noqa: E402
from paramiko.kex_gex import KexGexSHA256  # noqa: E402
from paramiko.packet import NeedRekeyException, Packetizer  # noqa: E402
from paramiko.ssh_exception import IncompatiblePeer  # noqa: E402
from paramiko.transport import ChannelMap  # noqa: E402

if getattr(importlib, "metadata", None) is _METADATA:
    del importlib.metadata

__all__ = [
    "AgentKey",
    "AgentSSH",
    "AuthHandler",
    "Channel",
    "ChannelException",
    "ChannelMap",
    "IncompatiblePeer",
    "KexGexSHA256",
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
