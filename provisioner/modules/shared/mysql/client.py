"""What the mysql modules share: signing in, asking the server, and quoting for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.sql import quoted

SESSION = "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES';\n"
"""First in every SQL text: `quoted` is right whatever the server's own mode is."""

ASK = load_body("shared/mysql/client.sh")


class MysqlModule(Module):
    """A module that works through the host's `mysql` command."""

    admin: ClassVar[str] = '[client]\nuser="root"\npassword=""\n'

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
            raise ValueError("config_file: it can't have a newline in it")
        return config_file

    def asking(self) -> dict[str, Any]:
        """The variables that ASK reads."""
        return {
            "config_file": self.config_file,
            "options": "".join(self._options()),
            "implicit": "".join(self._options(self.admin)),
            "check_implicit_admin": self.check_implicit_admin,
            "restrict": False,
        }

    def _options(self, account: str | None = None) -> Iterator[str]:
        """What the client reads as its settings; the last ones count."""
        # mysqldump refuses what it does not know in a group that is not the mysql command's own.
        yield f"[mysql]\nconnect_timeout={self.connect_timeout}\n[client]\n"
        place: dict[str, object] = {"host": self.login_host, "port": self.login_port}
        if self.login_unix_socket:
            place = {"host": "localhost", "socket": self.login_unix_socket}
        elif self.config_overrides_defaults:
            place = {}
        given = {
            **place,
            "ssl-cert": self.client_cert,
            "ssl-key": self.client_key,
            "ssl-ca": self.ca_cert,
            "user": self.login_user,
            "password": self.login_password,
        }
        for name, value in given.items():
            if value is not None:
                yield f"{name}={_setting(value)}\n"
        if self.check_hostname is not None:
            yield "ssl-verify-server-cert\n" if self.check_hostname else ""
        yield account or ""


_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


def _setting(value: object) -> str:
    """A value in the client's settings."""
    return f'"{str(value).translate(_ESCAPES)}"'


def identifier(name: str) -> str:
    """A name in SQL."""
    return quoted(name, "`")


_CODES = {"n": "\n", "t": "\t", "0": "\0", "\\": "\\"}


def rows(text: str) -> list[dict[str, str]]:
    """The rows of an answer, by the names of its columns, in small letters."""
    lines = text.split("\n") if text else []
    names = [name.lower() for name in lines[0].split("\t")] if lines else []
    return [
        dict(zip(names, map(_cell, line.split("\t")), strict=False)) for line in lines[1:] if line
    ]


def _cell(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _CODES.get(found[1], found[1]), text)
