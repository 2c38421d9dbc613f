"""The privileges of `priv` of postgresql_user: on the database, and on tables in it."""

from __future__ import annotations

import re

from provisioner.modules.shared.postgresql.client import identifier
from provisioner.modules.shared.sql import quoted
from provisioner.records import dataclass

DATABASE = ("CREATE", "CONNECT", "TEMPORARY")
TABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")

_HAS_TABLE_PRIVILEGES = """\
COALESCE((
    SELECT a.oid IS NOT NULL AND {tests}
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = {table} AND {place} LIMIT 1
), false)"""


@dataclass(frozen=True)
class PrivilegeSet:
    """Privileges on a table, or on the database if `table` is empty."""

    table: str
    names: tuple[str, ...]

    def is_held(self, database: str, join: str = " AND ") -> str:
        """Return SQL that is true if the user `a` has the privileges, perhaps by a role.

        It is false for a new user. With " OR " as `join`, one of the privileges is enough.
        """
        if not self.table:
            tests = (
                f"has_database_privilege(a.oid, {quoted(database)}, {quoted(name)})"
                for name in self.names
            )
            return f"a.oid IS NOT NULL AND ({join.join(tests)})"
        tests = (f"has_table_privilege(a.oid, c.oid, {quoted(name)})" for name in self.names)
        schema, _, table = self.table.rpartition(".")
        place = f"n.nspname = {quoted(schema)}" if schema else "pg_table_is_visible(c.oid)"
        return _HAS_TABLE_PRIVILEGES.format(
            tests=f"({join.join(tests)})", table=quoted(table), place=place
        )

    def grant(self, database: str, user: str) -> str:
        """Return the statement that grants the privileges."""
        return f"GRANT {self._on(database)} TO {user}"

    def revoke(self, database: str, user: str) -> str:
        """Return the statement that revokes the privileges."""
        return f"REVOKE {self._on(database)} FROM {user}"

    def _on(self, database: str) -> str:
        what = f"DATABASE {identifier(database)}"
        if self.table:
            what = "TABLE " + ".".join(map(identifier, self.table.split(".")))
        return f"{', '.join(self.names)} ON {what}"

    def __str__(self) -> str:
        return f"{','.join(self.names)} on {self.table or 'the database'}"


def parse_priv(priv: str) -> list[PrivilegeSet]:
    """Parse `priv`, such as `CONNECT/products:ALL`; ValueError if it can't be read."""
    return [_parse_part(part.strip()) for part in priv.split("/") if part.strip()]


def _parse_part(part: str) -> PrivilegeSet:
    table, _, names = part.rpartition(":")
    valid = TABLE if table else DATABASE
    privileges = [name.strip().upper() for name in names.split(",") if name.strip()]
    privileges = ["TEMPORARY" if name == "TEMP" else name for name in privileges]
    for name in privileges:
        if name not in (*valid, "ALL"):
            raise ValueError(f"priv: {name} is none of ALL, {', '.join(valid)}")
    if not privileges or re.search(r"[\n\0]", table):
        raise ValueError(f"priv: {part!r} is not of the form table:PRIVILEGE,PRIVILEGE")
    return PrivilegeSet(table, valid if "ALL" in privileges else tuple(privileges))
