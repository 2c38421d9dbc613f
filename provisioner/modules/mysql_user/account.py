"""An account of MariaDB or MySQL as its server tells it, and the statements that change it."""

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
"""What may be limited ▶ the column of mysql.user that holds it."""

CLOSER = {"CIPHER": "ssl_cipher", "ISSUER": "x509_issuer", "SUBJECT": "x509_subject"}
"""What a certificate may have to say ▶ the column that holds it."""

Requirement = Mapping[str, str]
"""What a connection must have: {"SSL": ""}, {"X509": ""}, or CIPHER, ISSUER and SUBJECT."""


@dataclass(frozen=True)
class Server:
    """Which statements a server takes."""

    version: str

    @property
    def number(self) -> tuple[int, ...]:
        return tuple(int(part) for part in re.findall(r"\d+", self.version)[:3])

    @property
    def is_mariadb(self) -> bool:
        return "mariadb" in self.version.lower()

    @property
    def alters(self) -> bool:
        """Whether it has ALTER USER: MariaDB 5.5, which is EL7's, has not."""
        return self.number >= ((10, 2) if self.is_mariadb else (5, 7))

    def identified(self, plugin: str, secret: str) -> str:
        """The end of CREATE USER and ALTER USER."""
        if plugin == NATIVE and (self.is_mariadb or not self.alters):
            return f"IDENTIFIED BY PASSWORD {quoted(secret)}"
        return f"IDENTIFIED WITH {plugin}" + (f" AS {quoted(secret)}" if secret else "")


@dataclass(frozen=True)
class Account:
    """One user at one host: its row of mysql.user."""

    user: str
    host: str
    row: Mapping[str, str]

    def __str__(self) -> str:
        return named(self.user, self.host)

    @property
    def plugin(self) -> str:
        return self.row.get("plugin") or NATIVE

    @property
    def secret(self) -> str:
        """The hash of its password, or whatever its plugin keeps."""
        return self.row.get("password") or self.row.get("authentication_string") or ""

    @property
    def requirement(self) -> Requirement:
        match self.row.get("ssl_type"):
            case "ANY":
                return {"SSL": ""}
            case "X509":
                return {"X509": ""}
            case "SPECIFIED":
                return {key: self.row[col] for key, col in CLOSER.items() if self.row.get(col)}
        return {}

    def limited(self, limits: Mapping[str, Any]) -> bool:
        """Whether it has these limits."""
        return all(
            float(self.row.get(LIMITS[name]) or 0) == float(value) for name, value in limits.items()
        )

    def privileges(self, told: Privileges) -> Privileges:
        """Those that SHOW GRANTS told; MySQL 8 tells all of them one by one."""
        columns = [v for name, v in self.row.items() if name.endswith("_priv")]
        if columns and all(value == "Y" for value in columns):
            return {**told, GLOBAL: frozenset({"ALL", "GRANT"})}
        return told

    def with_secret(self, server: Server, plugin: str, secret: str) -> str:
        """The statement that sets its password, or what its plugin keeps."""
        if server.alters:
            return f"ALTER USER {self} {server.identified(plugin, secret)}"
        return f"SET PASSWORD FOR {self} = {quoted(secret)}"

    def with_more(self, server: Server, more: str) -> str:
        """The statement that sets requirements or limits."""
        if server.alters:
            return f"ALTER USER {self} {more}"
        return f"GRANT USAGE ON *.* TO {self} {more}"


def named(user: str, host: str) -> str:
    """An account in SQL."""
    return f"{quoted(user)}@{quoted(host)}"


def accounts(found: Iterable[Mapping[str, str]]) -> Iterator[Account]:
    for row in found:
        if row.get("found") == "1":
            yield Account(row["user"], row["host"], row)


def hashed(password: str) -> str:
    """The password as mysql_native_password keeps it: what leaves the controller."""
    first = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return "*" + hashlib.sha1(first, usedforsecurity=False).hexdigest().upper()


def required(tls: Mapping[str, Any] | None) -> Requirement:
    """What `tls_requires` says; SSL and X509 count where nothing closer is said."""
    given = {key.upper(): "" if v is None else str(v) for key, v in (tls or {}).items()}
    if closer := {key: given[key] for key in CLOSER if key in given}:
        return closer
    return {"X509": ""} if "X509" in given else {"SSL": ""} if given else {}


def requiring(requirement: Requirement) -> str:
    parts = [f"{key} {quoted(value)}" if value else key for key, value in requirement.items()]
    return f"REQUIRE {' AND '.join(parts) or 'NONE'}"
