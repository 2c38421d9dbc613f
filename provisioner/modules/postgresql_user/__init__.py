"""postgresql_user: create, change or drop a user of PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from provisioner.modules.framework.base import Words
from provisioner.modules.framework.fields import parameter
from provisioner.modules.postgresql_user import password as passwords
from provisioner.modules.postgresql_user.privileges import parse_priv
from provisioner.modules.shared.postgresql.client import PostgresqlModule, Statement, identifier
from provisioner.modules.shared.sql import quoted
from provisioner.remote.shell import Report

COLUMNS = {
    "SUPERUSER": "rolsuper",
    "CREATEROLE": "rolcreaterole",
    "CREATEDB": "rolcreatedb",
    "INHERIT": "rolinherit",
    "LOGIN": "rolcanlogin",
    "REPLICATION": "rolreplication",
    "BYPASSRLS": "rolbypassrls",
}
"""The role attributes, with their columns of pg_authid."""

QUESTION = """\
SELECT row_to_json(r) FROM (
    SELECT current_setting('server_version_num')::int AS version,
        current_setting('password_encryption') AS kind, a.*,
        a.rolvaliduntil = {expires}::timestamptz AS expires,
        ARRAY(SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
            WHERE m.member = a.oid) AS groups,
        shobj_description(a.oid, 'pg_authid') AS comment, ARRAY[{held}]::boolean[] AS held
    FROM (SELECT 1) one LEFT JOIN pg_authid a ON a.rolname = {name}) r;
"""


class PostgresqlUser(PostgresqlModule):
    """Create, change or drop a user (a role that can log in) of PostgreSQL."""

    name: str = parameter(aliases=("user",))
    """The user name."""
    db: str = parameter("", aliases=("login_db",))
    """The database to connect to, and the one that `priv` is about; by default postgres."""
    state: Literal["present", "absent"] = "present"
    """Whether the user exists."""
    password: str | None = None
    """The password, or its hash. Only a hash reaches the server. An empty string removes the
    password."""
    no_password_changes: bool = False
    """Set the password of a new user only."""
    encrypted: bool = True
    """Ignored: the server always stores a hash."""
    role_attr_flags: Words = ()
    """Role attributes: SUPERUSER, CREATEROLE, CREATEDB, INHERIT, LOGIN, REPLICATION, BYPASSRLS. NO
    before an attribute removes it, such as NOLOGIN."""
    expires: str | None = None
    """When the password expires, as a timestamp, or `infinity`."""
    conn_limit: int | None = None
    """The maximum number of connections of the user at the same time; -1 is no limit."""
    groups: Words = ()
    """Roles that the user becomes a member of."""
    priv: str = ""
    """Privileges on `db` and on tables in it, as `CONNECT/products:ALL`. They are granted, and
    others are kept. With `state: absent` they are revoked before the user is dropped."""
    comment: str | None = None
    """The comment on the user."""
    fail_on_user: bool = parameter(True, aliases=("fail_on_role",))
    """Ignored: a user that can't be dropped is always a failure."""

    def validate(self) -> None:
        super().validate()
        for flag in self._flags:
            if flag not in COLUMNS:
                raise ValueError(f"role_attr_flags: {flag} is none of {', '.join(COLUMNS)}")
        if parse_priv(self.priv) and not self.db:
            raise ValueError("priv needs db: the database that the privileges are in")

    @property
    def _flags(self) -> dict[str, bool]:
        words = [word.upper() for item in self.role_attr_flags for word in item.split()]
        return {word.removeprefix("NO"): not word.startswith("NO") for word in words}

    def connected_to(self) -> str:
        return self.db or self.database

    def question(self) -> str:
        join = " OR " if self.state == "absent" else " AND "
        return QUESTION.format(
            name=quoted(self.name),
            expires=quoted(self.expires or "infinity"),
            held=", ".join(
                privileges.is_held(self.db, join) for privileges in parse_priv(self.priv)
            ),
        )

    def what(self) -> str:
        return f"{'drop' if self.state == 'absent' else 'set'} user {self.name}"

    def needed(self, rows: list[dict[str, Any]]) -> Iterator[Statement]:
        row = rows[0] if rows else {}
        exists = row.get("rolname") is not None
        user = identifier(self.name)
        if self.state == "absent":
            if exists:
                pairs = zip(parse_priv(self.priv), row.get("held") or (), strict=False)
                revoked = [privileges.revoke(self.db, user) for privileges, held in pairs if held]
                drop = ";\n".join([*revoked, f"DROP USER {user}"])
                yield Statement(drop, f"drop user {self.name}")
            return
        options = list(self._options(row, exists))
        if not exists:
            clauses = " ".join(["", *(option for option, _ in options)])
            yield Statement(f"CREATE USER {user}{clauses}", f"create user {self.name}")
        elif options:
            changed = ", ".join(dict.fromkeys(change for _, change in options))
            clauses = " ".join(option for option, _ in options)
            yield Statement(f"ALTER USER {user} {clauses}", f"set {changed} of {self.name}")
        for group in self.groups:
            if group not in (row.get("groups") or ()):
                statement = f"GRANT {identifier(group)} TO {user}"
                yield Statement(statement, f"make {self.name} a member of {group}")
        for index, privileges in enumerate(parse_priv(self.priv)):
            if not row["held"][index]:
                yield Statement(privileges.grant(self.db, user), f"grant {self.name} {privileges}")
        if self.comment is not None and self.comment != (row.get("comment") or ""):
            statement = f"COMMENT ON ROLE {user} IS {quoted(self.comment)}"
            yield Statement(statement, f"set the comment of {self.name}")

    def _options(self, row: dict[str, Any], exists: bool) -> Iterator[tuple[str, str]]:
        """Yield the options of CREATE or ALTER USER that are needed, each with what it sets."""
        for flag, on in self._flags.items():
            if not exists or row.get(COLUMNS[flag]) is not on:
                yield ("" if on else "NO") + flag, "role attributes"
        if self._sets_password(row, exists):
            yield f"PASSWORD {self._hash(row)}", "password"
        if self.expires is not None and not row.get("expires"):
            yield f"VALID UNTIL {quoted(self.expires)}", "expiry"
        if self.conn_limit is not None and row.get("rolconnlimit") != self.conn_limit:
            yield f"CONNECTION LIMIT {self.conn_limit}", "connection limit"

    def _sets_password(self, row: dict[str, Any], exists: bool) -> bool:
        if self.password is None or (exists and self.no_password_changes):
            return False
        stored = row.get("rolpassword")
        if self.password == "":
            return stored is not None
        return not passwords.same(self.password, self.name, stored or "")

    def _hash(self, row: dict[str, Any]) -> str:
        """Return the hash to store, as SQL."""
        if not self.password:
            return "NULL"
        by_scram = row.get("kind") == "scram-sha-256"
        return quoted(passwords.hashed(self.password, self.name, by_scram))

    def returns(self, report: Report) -> dict[str, Any]:
        removed = {"user_removed": True} if self.state == "absent" and self._statements else {}
        return {"user": self.name, **removed}
