"""How hosts are reached, by the command line's options and each host's variables."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from provisioner.errors import ConnectionFailed

if TYPE_CHECKING:
    from provisioner.fleet.session_pool import Login, Ssh
    from provisioner.plan import Plan
    from provisioner.remote.target import Target


class Connector:
    """The engine's way to a host: Ansible's variables and the operator's options ▶ a login."""

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
        self.early = Preconnector(_dial)

    def begin(self, planned: Plan) -> None:
        """Begin the connections that the run needs in any case."""
        from provisioner.fleet.preconnect import certain
        from provisioner.remote.target import said, target_for

        found = list(certain(planned))
        for host, variables in found:
            with suppress(ConnectionFailed):  # told when the host's turn comes
                target = target_for(host, variables, self._defaults)
                self.early.begin((host, said(variables)), target)
        if found:
            import provisioner.remote.ssh.connection  # noqa: F401 - imported while they are made

    def connect(self, host: str, variables: Mapping[str, Any]) -> Login:
        from provisioner.remote.target import said, target_for

        begun = self.early.take((host, said(variables)))
        return begun or _dial(target_for(host, variables, self._defaults))

    def sendable(self) -> Ssh:
        """The same way, for another process."""
        from provisioner.fleet.session_pool import Ssh

        return Ssh(self._defaults)


def _dial(target: Target) -> Login:
    """Connect. The first time, sshd starts while the rest of what speaks with it is imported."""
    from provisioner.remote.ssh.dial import dial

    wire = None if target.proxy_command or target.proxy_jump else dial(target)
    from provisioner.remote.ssh.connection import connect

    connection = connect(target, wire=wire)
    from provisioner.fleet.session_pool import Login

    return Login(connection, target.user, target.notices)


def _passphrase(file: str, wrong: int) -> str | None:
    """Ask for a key's passphrase, where somebody is there to answer."""
    if not sys.stdin.isatty():
        return None
    from provisioner.reporters.screen import SCREEN

    again = "That is not it. " if wrong else ""
    return SCREEN.ask(f"{again}Passphrase for {file}: ", hidden=True) or None
