"""What `priv` of postgresql_user says: rights on the database, and on tables in it."""

from __future__ import annotations

import re

from provisioner.modules.shared.postgresql.client import identifier
from provisioner.modules.shared.sql import quoted
from provisioner.records import dataclass

DATABASE = ("CREATE", "CONNECT", "TEMPORARY")
TABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")

_HELD = """\
COALESCE((
    SELECT a.oid IS NOT NULL AND {tests}
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = {table} AND {place} LIMIT 1
), false)"""


@dataclass(frozen=True)
class Right:
    """What may be done with a table, or with the database where `table` is ""."""

    table: str
    names: tuple[str, ...]

    def held(self, database: str, join: str = " AND ") -> str:
        """SQL for whether the user `a` has it, by whichever way; false for a new user. With
        `join` " OR " some of it will do."""
        if not self.table:
            tests = (
                f"has_database_privilege(a.oid, {quoted(database)}, {quoted(name)})"
                for name in self.names
            )
            return f"a.oid IS NOT NULL AND ({join.join(tests)})"
        tests = (f"has_table_privilege(a.oid, c.oid, {quoted(name)})" for name in self.names)
        schema, _, table = self.table.rpartition(".")
        place = f"n.nspname = {quoted(schema)}" if schema else "pg_table_is_visible(c.oid)"
        return _HELD.format(tests=f"({join.join(tests)})", table=quoted(table), place=place)

    def granted(self, database: str, user: str) -> str:
        """The statement that grants it."""
        return f"GRANT {self._on(database)} TO {user}"

    def revoked(self, database: str, user: str) -> str:
        """The statement that takes it away."""
        return f"REVOKE {self._on(database)} FROM {user}"

    def _on(self, database: str) -> str:
        what = f"DATABASE {identifier(database)}"
        if self.table:
            what = "TABLE " + ".".join(map(identifier, self.table.split(".")))
        return f"{', '.join(self.names)} ON {what}"

    def __str__(self) -> str:
        return f"{','.join(self.names)} on {self.table or 'the database'}"


def rights(priv: str) -> list[Right]:
    """`CONNECT/products:ALL` ▶ rights on the database and on the table products."""
    return [_right(part.strip()) for part in priv.split("/") if part.strip()]


def _right(part: str) -> Right:
    table, _, names = part.rpartition(":")
    known = TABLE if table else DATABASE
    given = [name.strip().upper() for name in names.split(",") if name.strip()]
    given = ["TEMPORARY" if name == "TEMP" else name for name in given]
    for name in given:
        if name not in (*known, "ALL"):
            raise ValueError(f"priv: {name} is none of ALL, {', '.join(known)}")
    if not given or re.search(r"[\n\0]", table):
        raise ValueError(f"priv: {part!r} is not of the form table:RIGHT,RIGHT")
    return Right(table, known if "ALL" in given else tuple(given))
