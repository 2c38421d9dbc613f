"""postgresql_db: create, change or drop a database of PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from provisioner.modules.framework.base import ModuleError
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.postgresql.client import PostgresqlModule, Statement, identifier
from provisioner.modules.shared.sql import quoted
from provisioner.remote.shell import Report

QUESTION = """\
SELECT row_to_json(r) FROM (
    SELECT pg_get_userbyid(d.datdba) AS owner, pg_encoding_to_char(d.encoding) AS encoding,
        d.datcollate AS lc_collate, d.datctype AS lc_ctype, d.datconnlimit AS conn_limit,
        t.spcname AS tablespace, shobj_description(d.oid, 'pg_database') AS comment,
        pg_encoding_to_char(pg_char_to_encoding({encoding})) AS wanted_encoding,
        current_setting('server_version_num')::int AS version
    FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace
    WHERE d.datname = {name}) r;
"""

DISCONNECT = """\
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = {name} AND pid <> pg_backend_pid()"""

FIXED = {"encoding": "encoding", "lc_collate": "LC_COLLATE", "lc_ctype": "LC_CTYPE"}
"""The settings that a database keeps from its creation, with their names in messages."""


class PostgresqlDb(PostgresqlModule):
    """Create, change or drop a database of PostgreSQL."""

    name: str = parameter(aliases=("db",))
    """The database's name."""
    state: Literal["present", "absent"] = "present"
    """Whether the database exists. Use `shell` with pg_dump to make dumps."""
    owner: str = ""
    """The role that owns the database; by default an existing owner is kept."""
    template: str = ""
    """The template that a new database is copied from."""
    encoding: str = ""
    """The character encoding of a new database. That of an existing one can't be changed."""
    lc_collate: str = ""
    """The collation order of a new database. That of an existing one can't be changed."""
    lc_ctype: str = ""
    """The character classification of a new database. That of an existing one can't be changed."""
    conn_limit: str = ""
    """The maximum number of connections at the same time; -1 is no limit."""
    tablespace: str = ""
    """The tablespace of the database."""
    maintenance_db: str = "postgres"
    """The database to connect to."""
    force: bool = False
    """With `state: absent`, close open connections to the database, so that it can be dropped."""
    comment: str | None = None
    """The comment on the database."""

    def validate(self) -> None:
        super().validate()
        if not re.fullmatch(r"(-?\d+)?", self.conn_limit):
            raise ValueError(f"conn_limit: {self.conn_limit!r} is not a number")

    def connected_to(self) -> str:
        return self.maintenance_db

    def question(self) -> str:
        return QUESTION.format(name=quoted(self.name), encoding=quoted(self.encoding or "UTF8"))

    def what(self) -> str:
        return f"{'drop' if self.state == 'absent' else 'create'} database {self.name}"

    def needed(self, rows: list[dict[str, Any]]) -> Iterator[Statement]:
        name = identifier(self.name)
        if self.state == "absent":
            if rows:
                yield Statement(self._drop(rows[0]["version"]), f"drop database {self.name}")
            return
        if not rows:
            options = "".join(f" {option}" for option in self._options())
            yield Statement(f"CREATE DATABASE {name}{options}", f"create database {self.name}")
        row = rows[0] if rows else {}
        if rows:
            self._check(row)
            yield from self._change(name, row)
        if self.comment is not None and self.comment != (row.get("comment") or ""):
            statement = f"COMMENT ON DATABASE {name} IS {quoted(self.comment)}"
            yield Statement(statement, f"set the comment of database {self.name}")

    def _drop(self, version: int) -> str:
        drop = f"DROP DATABASE {identifier(self.name)}"
        if not self.force:
            return drop
        if version >= 130000:
            return f"{drop} WITH (FORCE)"
        return f"{DISCONNECT.format(name=quoted(self.name))};\n{drop}"

    def _options(self) -> Iterator[str]:
        names = {"OWNER": self.owner, "TEMPLATE": self.template}
        yield from (f"{key} {identifier(name)}" for key, name in names.items() if name)
        texts = {"ENCODING": self.encoding, "LC_COLLATE": self.lc_collate}
        texts["LC_CTYPE"] = self.lc_ctype
        yield from (f"{key} {quoted(text)}" for key, text in texts.items() if text)
        if self.tablespace:
            yield f"TABLESPACE {identifier(self.tablespace)}"
        if self.conn_limit:
            yield f"CONNECTION LIMIT {int(self.conn_limit)}"

    def _check(self, row: dict[str, Any]) -> None:
        """Raise ModuleError if a setting differs that can't be changed."""
        for key, title in FIXED.items():
            desired = row["wanted_encoding"] if key == "encoding" else getattr(self, key)
            if getattr(self, key) and desired != row[key]:
                raise ModuleError(f"Changing {title} is not supported. Current {title}: {row[key]}")

    def _change(self, name: str, row: dict[str, Any]) -> Iterator[Statement]:
        suffix = f"of database {self.name}"
        if self.owner and self.owner != row["owner"]:
            statement = f"ALTER DATABASE {name} OWNER TO {identifier(self.owner)}"
            yield Statement(statement, f"set the owner {suffix}: {self.owner}")
        if self.conn_limit and int(self.conn_limit) != row["conn_limit"]:
            statement = f"ALTER DATABASE {name} CONNECTION LIMIT {int(self.conn_limit)}"
            yield Statement(statement, f"set the connection limit {suffix}: {self.conn_limit}")
        if self.tablespace and self.tablespace != row["tablespace"]:
            statement = f"ALTER DATABASE {name} SET TABLESPACE {identifier(self.tablespace)}"
            yield Statement(statement, f"set the tablespace {suffix}: {self.tablespace}")

    def returns(self, report: Report) -> dict[str, Any]:
        return {"db": self.name}
