"""Connects to a host and logs in: over SSH, or on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from provisioner.records import dataclass
from provisioner.remote.channel import Connection
from provisioner.remote.target import Defaults, target_for


@dataclass(frozen=True)
class Login:
    """A connection with its login user ("" if unknown) and notices for the operator."""

    connection: Connection
    user: str = ""
    notices: tuple[str, ...] = ()
    host_key: str = ""
    """The hash of the ssh host key; "" without ssh."""


Connect = Callable[[str, Mapping[str, Any]], Login]
"""Connects to a host, by its inventory name and its rendered variables. Raises ConnectionFailed."""


@dataclass(frozen=True)
class SshConnector:
    """A `Connect` over SSH with the operator's options. It can be pickled, for other processes."""

    defaults: Defaults

    def __call__(self, host: str, variables: Mapping[str, Any]) -> Login:
        from provisioner.remote.ssh.connection import connect

        target = target_for(host, variables, self.defaults)
        connection = connect(target)
        return Login(connection, target.user, target.notices, connection.host_key)


def local_login(folder: str | None) -> Login:
    """Return a connection to this machine. Its shells start in `folder`."""
    import getpass

    from provisioner.remote.local import LocalConnection

    return Login(LocalConnection(folder=folder), getpass.getuser())
