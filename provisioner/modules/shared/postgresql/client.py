"""The base of the postgresql modules: log in, ask psql for JSON, change what differs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, ModuleError, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter, private
from provisioner.modules.shared.sql import quoted
from provisioner.records import dataclass
from provisioner.remote.shell import Program, Report

SESSION = "SET standard_conforming_strings = on;\nSET client_min_messages = warning;\n"
"""The start of every SQL text. It makes `quoted` correct, whatever settings the server has."""

CLIENT = load_body("shared/postgresql/client.sh")

READ = (
    CLIENT
    + r"""
if [ -n "$error" ]; then
    if [ "$look" = no ]; then
        report hint 'set become_user: postgres to log in by the socket, or set login_password'
        fail "$error"
    fi
    # In check mode an earlier task may install or start the server before this one runs.
    assume "$error"
    changed "$what"
    return 0
fi
report state "$answer"
"""
)

CHANGE = (
    CLIENT
    + r"""
[ -z "$error" ] || fail "$error"
if [ "$look" = no ]; then
    run submit || broken "$what" "exit $status"
    ask "$question" || fail "$error"
    report state_after "$answer"
fi
eval "set -- $changes"
for change; do changed "$change"; done
"""
)

REFUSE = r"""
fail "$reason"
"""


@dataclass(frozen=True)
class Statement:
    """An SQL statement, and the change that is reported for it."""

    sql: str
    change: str


class PostgresqlModule(Module):
    """A module that works through the host's `psql` command."""

    body: ClassVar[str] = CHANGE

    login_user: str = parameter("postgres", aliases=("login",))
    """The user to log in as."""
    login_password: str = ""
    """The password to log in with. It is in no command line, no file and no environment on the
    host."""
    login_host: str = parameter("", aliases=("host",))
    """The server's host name or address; by default the socket on the host is used."""
    login_port: int = parameter(5432, aliases=("port",))
    """The server's port."""
    login_unix_socket: str = parameter("", aliases=("unix_socket",))
    """The directory of the server's socket."""
    ssl_mode: Literal["allow", "disable", "prefer", "require", "verify-ca", "verify-full"] = (
        "prefer"
    )
    """Whether to use TLS, and what to check: see sslmode in the manual of libpq. Used with
    `login_host` only."""
    ca_cert: str | None = parameter(None, aliases=("ssl_rootcert",))
    """The CA certificate that the server's certificate is checked with: a PEM file on the host."""
    ssl_cert: str | None = None
    """The client certificate to present to the server: a PEM file on the host."""
    ssl_key: str | None = None
    """The private key of `ssl_cert`: a PEM file on the host."""
    connect_params: Mapping[str, Any] = parameter({})
    """Additional connection parameters of libpq, by name."""
    session_role: str | None = None
    """The role to switch to after login (SET ROLE)."""
    trust_input: bool = True
    """Ignored: names and values are always quoted."""

    _statements: list[Statement] = private(list)

    @classmethod
    def validate_login_password(cls, text: str) -> str:
        if text != text.strip() or re.search(r"[\n\r\0]", text):
            raise ValueError("it can't begin or end with a space, or contain a newline")
        return text

    validate_login_user = validate_login_host = validate_login_password
    validate_login_unix_socket = validate_login_password

    def validate(self) -> None:
        for line in self._service():
            if set("\n\r\0") & set(line.rstrip("\n")) or line.count("\n") > 1:
                raise ValueError(f"{line.partition('=')[0]}: it can't contain a newline")

    database: ClassVar[str] = "postgres"

    def connected_to(self) -> str:
        """Return the name of the database to connect to."""
        return self.database

    def question(self) -> str:
        """Return the SQL that reads the current state, as rows of JSON."""
        raise NotImplementedError

    def what(self) -> str:
        """Return the change to report in check mode if the server can't be asked yet."""
        raise NotImplementedError

    def needed(self, rows: list[dict[str, Any]]) -> Iterable[Statement]:
        """Return the statements that the state `rows` needs; `ModuleError` if there are none."""
        raise NotImplementedError

    def program(self, context: TaskContext) -> Program:
        return Program("postgresql_read", READ, self._variables())

    def _variables(self) -> dict[str, Any]:
        role = f"SET ROLE {identifier(self.session_role)};\n" if self.session_role else ""
        return {
            "service": "".join(self._service()),
            "session": SESSION + role,
            "question": SESSION + role + self.question(),
            "what": self.what(),
        }

    def _service(self) -> Iterator[str]:
        """Yield the lines of the service file with the login, see PGSERVICEFILE of libpq."""
        options = {
            "host": self.login_host or self.login_unix_socket,
            "port": self.login_port,
            "user": self.login_user,
            "password": self.login_password,
            "dbname": self.connected_to(),
            "sslmode": self.ssl_mode if self.login_host else "",
            "sslrootcert": self.ca_cert,
            "sslcert": self.ssl_cert,
            "sslkey": self.ssl_key,
            **self.connect_params,
        }
        yield "[provision]\n"
        yield from (f"{key}={value}\n" for key, value in options.items() if value not in (None, ""))

    def edit(self, report: Report) -> Program | None:
        if "state" not in report.records:
            return None
        try:
            self._statements = list(self.needed(_rows(report.get("state"))))
        except ModuleError as error:
            return Program("postgresql_refused", REFUSE, {"reason": str(error)})
        if not self._statements:
            return None
        variables = self._variables()
        text = "".join(f"{statement.sql};\n" for statement in self._statements)
        changes = [statement.change for statement in self._statements]
        variables |= {"changes": changes, "statements": f"{variables['session']}{text}"}
        return Program("postgresql", CHANGE, variables)

    def finish(self, report: Report) -> dict[str, Any]:
        """Check the state that the server shows after the change: nothing may be left to do."""
        if "state_after" in report.records:
            for statement in self.needed(_rows(report.get("state_after"))):
                raise ModuleError(f"{statement.change}: the change had no effect")
        return {}


def _rows(text: str) -> list[dict[str, Any]]:
    """Return the JSON objects in an answer, one on each line."""
    return [json.loads(line) for line in text.split("\n") if line.startswith("{")]


def identifier(name: str) -> str:
    """Return a name, quoted for SQL."""
    return quoted(name, '"')
