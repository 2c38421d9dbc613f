"""postgresql_db: a database of PostgreSQL is there with its owner, or is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from provisioner.modules.framework.base import ModuleError
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.postgresql.client import PostgresqlModule, Step, identifier
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

ENDING = """\
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = {name} AND pid <> pg_backend_pid()"""

FIXED = {"encoding": "encoding", "lc_collate": "LC_COLLATE", "lc_ctype": "LC_CTYPE"}
"""What a database keeps as it was made ▶ what it is called in messages."""


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
            raise ValueError(f"conn_limit: {self.conn_limit!r} is no number")

    def connected_to(self) -> str:
        return self.maintenance_db

    def question(self) -> str:
        return QUESTION.format(name=quoted(self.name), encoding=quoted(self.encoding or "UTF8"))

    def what(self) -> str:
        return f"{'drop' if self.state == 'absent' else 'create'} database {self.name}"

    def steps(self, found: list[dict[str, Any]]) -> Iterator[Step]:
        name = identifier(self.name)
        if self.state == "absent":
            if found:
                yield Step(self._dropping(found[0]["version"]), f"drop database {self.name}")
            return
        if not found:
            with_ = "".join(f" {option}" for option in self._options())
            yield Step(f"CREATE DATABASE {name}{with_}", f"create database {self.name}")
        row = found[0] if found else {}
        if found:
            self._check(row)
            yield from self._changing(name, row)
        if self.comment is not None and self.comment != (row.get("comment") or ""):
            statement = f"COMMENT ON DATABASE {name} IS {quoted(self.comment)}"
            yield Step(statement, f"set the comment of database {self.name}")

    def _dropping(self, version: int) -> str:
        drop = f"DROP DATABASE {identifier(self.name)}"
        if not self.force:
            return drop
        if version >= 130000:
            return f"{drop} WITH (FORCE)"
        return f"{ENDING.format(name=quoted(self.name))};\n{drop}"

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
        """A database's characters and their order are for good."""
        for key, called in FIXED.items():
            wanted = row["wanted_encoding"] if key == "encoding" else getattr(self, key)
            if getattr(self, key) and wanted != row[key]:
                raise ModuleError(
                    f"Changing {called} is not supported. Current {called}: {row[key]}"
                )

    def _changing(self, name: str, row: dict[str, Any]) -> Iterator[Step]:
        said = f"of database {self.name}"
        if self.owner and self.owner != row["owner"]:
            statement = f"ALTER DATABASE {name} OWNER TO {identifier(self.owner)}"
            yield Step(statement, f"set the owner {said}: {self.owner}")
        if self.conn_limit and int(self.conn_limit) != row["conn_limit"]:
            statement = f"ALTER DATABASE {name} CONNECTION LIMIT {int(self.conn_limit)}"
            yield Step(statement, f"set the connection limit {said}: {self.conn_limit}")
        if self.tablespace and self.tablespace != row["tablespace"]:
            statement = f"ALTER DATABASE {name} SET TABLESPACE {identifier(self.tablespace)}"
            yield Step(statement, f"set the tablespace {said}: {self.tablespace}")

    def returns(self, report: Report) -> dict[str, Any]:
        return {"db": self.name}
