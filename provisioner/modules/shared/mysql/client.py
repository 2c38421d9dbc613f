"""The parameters of the login, and the answers of the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.sql import quoted

SESSION = "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES';\n"
"""The start of every SQL text. It makes `quoted` correct, whatever SQL mode the server has."""


CLIENT = load_body("shared/mysql/client.sh")


class MysqlModule(Module):
    """A module that works through the host's `mysql` command."""

    implicit_admin: ClassVar[str] = '[client]\nuser="root"\npassword=""\n'

    login_user: str | None = None
    """The user to log in as; by default the one in `config_file`, else the name of the account that
    the task runs as."""
    login_password: str | None = None
    """The password to log in with. It is in no command line and no file on the host."""
    login_host: str = "localhost"
    """The server's host name or address. localhost is connected to by its socket."""
    login_port: int = 3306
    """The server's port."""
    login_unix_socket: str | None = None
    """The server's socket; by default the one in /etc/my.cnf."""
    config_file: str = "~/.my.cnf"
    """The client's option file on the host. The parameters of the task have priority."""
    config_overrides_defaults: bool = False
    """Take host and port from `config_file`."""
    connect_timeout: int = 30
    """Seconds to wait for a connection."""
    client_cert: str | None = parameter(None, aliases=("ssl_cert",))
    """The client certificate to present to the server: a PEM file on the host."""
    client_key: str | None = parameter(None, aliases=("ssl_key",))
    """The private key of `client_cert`: a PEM file on the host."""
    ca_cert: str | None = parameter(None, aliases=("ssl_ca",))
    """The CA certificate that the server's certificate is checked with: a PEM file on the host."""
    check_hostname: bool | None = None
    """Whether the server's certificate must be issued for `login_host`."""
    check_implicit_admin: bool = False
    """Try to log in as root without a password first."""

    @classmethod
    def validate_config_file(cls, config_file: str) -> str:
        if "\n" in config_file:
            raise ValueError("config_file can't contain a newline")
        return config_file

    def client_variables(self) -> dict[str, Any]:
        """Return the variables that the body CLIENT reads."""
        return {
            "config_file": self.config_file,
            "options": "".join(self._options()),
            "implicit": "".join(self._options(self.implicit_admin)),
            "check_implicit_admin": self.check_implicit_admin,
            "restrict_config_file": False,
        }

    def _options(self, account: str | None = None) -> Iterator[str]:
        """Yield the option file that the client reads; a later option replaces an earlier one."""
        # connect_timeout is in the group [mysql], because mysqldump refuses it in [client].
        yield f"[mysql]\nconnect_timeout={self.connect_timeout}\n[client]\n"
        address: dict[str, object] = {"host": self.login_host, "port": self.login_port}
        if self.login_unix_socket:
            address = {"host": "localhost", "socket": self.login_unix_socket}
        elif self.config_overrides_defaults:
            address = {}
        options = {
            **address,
            "ssl-cert": self.client_cert,
            "ssl-key": self.client_key,
            "ssl-ca": self.ca_cert,
            "user": self.login_user,
            "password": self.login_password,
        }
        for name, value in options.items():
            if value is not None:
                yield f"{name}={_option_value(value)}\n"
        if self.check_hostname is not None:
            yield "ssl-verify-server-cert\n" if self.check_hostname else ""
        yield account or ""


_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


def _option_value(value: object) -> str:
    """Return a value in the notation of an option file."""
    return f'"{str(value).translate(_ESCAPES)}"'


def identifier(name: str) -> str:
    """Return a name, quoted for SQL."""
    return quoted(name, "`")


_CODES = {"n": "\n", "t": "\t", "0": "\0", "\\": "\\"}


def rows(text: str) -> list[dict[str, str]]:
    """Return the rows of an answer as mappings; the names of the columns are in lower case."""
    lines = text.split("\n") if text else []
    names = [name.lower() for name in lines[0].split("\t")] if lines else []
    return [
        dict(zip(names, map(_cell, line.split("\t")), strict=False)) for line in lines[1:] if line
    ]


def _cell(text: str) -> str:
    """Return a value without the escapes of `mysql --batch`."""
    return re.sub(r"\\(.)", lambda match: _CODES.get(match[1], match[1]), text)
