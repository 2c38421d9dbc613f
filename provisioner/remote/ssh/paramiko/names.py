"""The names of paramiko that this package uses; the only file that imports it.

`import paramiko` is half of what a short run costs. 60 of its 160 ms go to `invoke`, which it needs
for `Match exec` in its own ssh_config reader alone (we have ours): it does without when `invoke`
isn't installed, so for paramiko it isn't. 5 more go to importlib.metadata, which finds out
paramiko's version: nobody asks for it here. Its log is silenced: its threads log tracebacks, which
logging prints to stderr when nobody listens.
"""

from __future__ import annotations

import builtins
import importlib
import logging
import sys
from types import SimpleNamespace
from typing import Any

_DEAR: dict[str, Any] = {
    "invoke": None,
    "cryptography.hazmat.primitives.asymmetric.mlkem": None,  # keys are made, to see whether it can
    "importlib.metadata": SimpleNamespace(version=lambda name: "unknown"),
    "subprocess": SimpleNamespace(PIPE=-1, Popen=None),  # for its ProxyCommand; ours is sshproxy
    "tempfile": SimpleNamespace(),  # for forwarding an agent
}
"""What paramiko imports for things that are not used here, and what it gets instead: None is not
installed."""


def _import_paramiko() -> None:
    """Only paramiko itself gets something else: other threads import meanwhile, too."""
    if "paramiko" in sys.modules:
        return
    real = builtins.__import__

    def dear(
        name: str,
        names: Any = None,
        local: Any = None,
        wanted: Any = (),
        level: int = 0,
    ) -> Any:
        if level == 0 and str((names or {}).get("__name__")).startswith("paramiko"):
            full = ".".join((name, *(wanted or ())))
            if full in _DEAR and full not in sys.modules:
                instead = _DEAR[full]
                if instead is None:
                    raise ImportError(f"{full} is not needed here")
                return SimpleNamespace(**{wanted[0]: instead}) if wanted else instead
        return real(name, names, local, wanted, level)

    builtins.__import__ = dear  # type: ignore[assignment]
    try:
        importlib.import_module("paramiko")
    finally:
        builtins.__import__ = real


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
