"""An account of MariaDB or MySQL, from its row of mysql.user, and statements that change it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from provisioner.modules.mysql_user.privileges import GLOBAL, Privileges
from provisioner.modules.shared.sql import quoted
from provisioner.records import dataclass

NATIVE = "mysql_native_password"
LIMITS = {
    "MAX_QUERIES_PER_HOUR": "max_questions",
    "MAX_UPDATES_PER_HOUR": "max_updates",
    "MAX_CONNECTIONS_PER_HOUR": "max_connections",
    "MAX_USER_CONNECTIONS": "max_user_connections",
    "MAX_STATEMENT_TIME": "max_statement_time",
}
"""The limits of an account, with their columns of mysql.user."""

CERTIFICATE = {"CIPHER": "ssl_cipher", "ISSUER": "x509_issuer", "SUBJECT": "x509_subject"}
"""What may be required of a certificate, with the columns of mysql.user."""

Requirement = Mapping[str, str]
"""What a connection must use: {"SSL": ""}, {"X509": ""}, or CIPHER, ISSUER and SUBJECT."""


@dataclass(frozen=True)
class Server:
    """The version of a server, and the statements that it accepts."""

    version: str

    @property
    def number(self) -> tuple[int, ...]:
        return tuple(int(part) for part in re.findall(r"\d+", self.version)[:3])

    @property
    def is_mariadb(self) -> bool:
        return "mariadb" in self.version.lower()

    @property
    def has_alter_user(self) -> bool:
        """Whether it accepts ALTER USER. The MariaDB 5.5 of CentOS 7 does not."""
        return self.number >= ((10, 2) if self.is_mariadb else (5, 7))

    def identified(self, plugin: str, secret: str) -> str:
        """Return the clause of CREATE USER and ALTER USER that sets plugin and secret."""
        if plugin == NATIVE and (self.is_mariadb or not self.has_alter_user):
            return f"IDENTIFIED BY PASSWORD {quoted(secret)}"
        return f"IDENTIFIED WITH {plugin}" + (f" AS {quoted(secret)}" if secret else "")


@dataclass(frozen=True)
class Account:
    """A user at one host, with its row of mysql.user."""

    user: str
    host: str
    row: Mapping[str, str]

    def __str__(self) -> str:
        return account_name(self.user, self.host)

    @property
    def plugin(self) -> str:
        return self.row.get("plugin") or NATIVE

    @property
    def secret(self) -> str:
        """The hash of the password, or what the plugin stores."""
        return self.row.get("password") or self.row.get("authentication_string") or ""

    @property
    def requirement(self) -> Requirement:
        match self.row.get("ssl_type"):
            case "ANY":
                return {"SSL": ""}
            case "X509":
                return {"X509": ""}
            case "SPECIFIED":
                return {key: self.row[col] for key, col in CERTIFICATE.items() if self.row.get(col)}
        return {}

    def has_limits(self, limits: Mapping[str, Any]) -> bool:
        """Whether the account has these limits."""
        return all(
            float(self.row.get(LIMITS[name]) or 0) == float(value) for name, value in limits.items()
        )

    def privileges(self, granted: Privileges) -> Privileges:
        """Return the privileges of SHOW GRANTS, with ALL for the full list that MySQL 8 shows."""
        columns = [v for name, v in self.row.items() if name.endswith("_priv")]
        if columns and all(value == "Y" for value in columns):
            return {**granted, GLOBAL: frozenset({"ALL", "GRANT"})}
        return granted

    def set_secret(self, server: Server, plugin: str, secret: str) -> str:
        """Return the statement that sets the password, or what the plugin stores."""
        if server.has_alter_user:
            return f"ALTER USER {self} {server.identified(plugin, secret)}"
        return f"SET PASSWORD FOR {self} = {quoted(secret)}"

    def set_options(self, server: Server, options: str) -> str:
        """Return the statement that sets requirements or limits."""
        if server.has_alter_user:
            return f"ALTER USER {self} {options}"
        return f"GRANT USAGE ON *.* TO {self} {options}"


def account_name(user: str, host: str) -> str:
    """Return an account, quoted for SQL."""
    return f"{quoted(user)}@{quoted(host)}"


def accounts(rows: Iterable[Mapping[str, str]]) -> Iterator[Account]:
    """Yield the accounts in the rows of the query ROWS (programs.py)."""
    for row in rows:
        if row.get("found") == "1":
            yield Account(row["user"], row["host"], row)


def hashed(password: str) -> str:
    """Return the hash of mysql_native_password; only this leaves the controller."""
    first = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return "*" + hashlib.sha1(first, usedforsecurity=False).hexdigest().upper()


def parse_tls_requires(tls: Mapping[str, Any] | None) -> Requirement:
    """Return the requirement that `tls_requires` means.

    SSL and X509 are included in requirements on the certificate.
    """
    values = {key.upper(): "" if v is None else str(v) for key, v in (tls or {}).items()}
    if certificate := {key: values[key] for key in CERTIFICATE if key in values}:
        return certificate
    if "X509" in values:
        return {"X509": ""}
    return {"SSL": ""} if values else {}


def require_clause(requirement: Requirement) -> str:
    """Return the REQUIRE clause of a statement."""
    parts = [f"{key} {quoted(value)}" if value else key for key, value in requirement.items()]
    return f"REQUIRE {' AND '.join(parts) or 'NONE'}"
