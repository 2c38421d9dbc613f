"""Connects to hosts, by the command line's options and each host's variables."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from provisioner.errors import ConnectionFailed

if TYPE_CHECKING:
    from provisioner.fleet.login import Login, SshConnector
    from provisioner.plan import Plan
    from provisioner.remote.target import Target


class Connector:
    """Makes connections for the engine: variables of a host and command line options ▶ a login."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        from provisioner.fleet.preconnect import Preconnector
        from provisioner.remote.target import Defaults

        self._defaults = Defaults(
            user=options["user"],
            key_files=(options["private_key"],) if options["private_key"] else (),
            passphrase=_passphrase,
            timeout=options["timeout"],
            host_key_policy="accept-new" if options["accept_new_host_keys"] else None,
            ssh_args=options["ssh_common_args"],
        )
        self._preconnector = Preconnector(_dial)

    def preconnect(self, plan: Plan) -> None:
        """Start in the background the connections that the run certainly needs."""
        from provisioner.fleet.preconnect import certain_connections
        from provisioner.remote.target import connection_values, target_for

        hosts = list(certain_connections(plan))
        for host, variables in hosts:
            # The error is reported when the host runs its first task.
            with suppress(ConnectionFailed):
                target = target_for(host, variables, self._defaults)
                self._preconnector.start((host, connection_values(variables)), target)
        if hosts:  # the import takes as long as connecting, so both run at the same time
            import provisioner.remote.ssh.connection  # noqa: F401

    def close(self) -> None:
        """Close the connections that nothing has used."""
        self._preconnector.close()

    def connect(self, host: str, variables: Mapping[str, Any]) -> Login:
        """Return a connection to the host; `variables` are rendered. Raises ConnectionFailed."""
        from provisioner.remote.target import connection_values, target_for

        login = self._preconnector.take((host, connection_values(variables)))
        return login or _dial(target_for(host, variables, self._defaults))

    def picklable(self) -> SshConnector:
        """Return a connector with the same options for another process."""
        from provisioner.fleet.login import SshConnector

        return SshConnector(self._defaults)


def _dial(target: Target) -> Login:
    """Connect to a target. Raises ConnectionFailed.

    The TCP connection is opened first: sshd starts its session while paramiko is imported.
    """
    from provisioner.remote.ssh.dial import dial

    stream = None if target.proxy_command or target.proxy_jump else dial(target)
    from provisioner.remote.ssh.connection import connect

    connection = connect(target, stream=stream)
    from provisioner.fleet.login import Login

    return Login(connection, target.user, target.notices, connection.host_key)


def _passphrase(file: str, failed_attempts: int) -> str | None:
    """Ask for the passphrase of a key file. None if standard input is not a terminal."""
    if not sys.stdin.isatty():
        return None
    from provisioner.reporters.screen import SCREEN

    prefix = "Wrong passphrase. " if failed_attempts else ""
    return SCREEN.ask(f"{prefix}Passphrase for {file}: ", hidden=True) or None
