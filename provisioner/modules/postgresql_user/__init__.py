"""postgresql_user: a user of PostgreSQL is there with its password and rights, or is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from provisioner.modules.framework.base import Words
from provisioner.modules.framework.fields import parameter
from provisioner.modules.postgresql_user import password as passwords
from provisioner.modules.postgresql_user.rights import rights
from provisioner.modules.shared.postgresql.client import PostgresqlModule, Step, identifier
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
"""What a user may ▶ the column of pg_authid that says so."""

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
        if rights(self.priv) and not self.db:
            raise ValueError("priv: db must say in which database")

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
            held=", ".join(right.held(self.db, join) for right in rights(self.priv)),
        )

    def what(self) -> str:
        return f"{'drop' if self.state == 'absent' else 'set'} user {self.name}"

    def steps(self, found: list[dict[str, Any]]) -> Iterator[Step]:
        row = found[0] if found else {}
        there = row.get("rolname") is not None
        user = identifier(self.name)
        if self.state == "absent":
            if there:
                named = zip(rights(self.priv), row.get("held") or (), strict=False)
                lost = [right.revoked(self.db, user) for right, held in named if held]
                drop = ";\n".join([*lost, f"DROP USER {user}"])
                yield Step(drop, f"drop user {self.name}")
            return
        options = list(self._options(row, there))
        if not there:
            with_ = " ".join(["", *(option for option, _ in options)])
            yield Step(f"CREATE USER {user}{with_}", f"create user {self.name}")
        elif options:
            said = ", ".join(dict.fromkeys(change for _, change in options))
            with_ = " ".join(option for option, _ in options)
            yield Step(f"ALTER USER {user} {with_}", f"set {said} of {self.name}")
        for group in self.groups:
            if group not in (row.get("groups") or ()):
                statement = f"GRANT {identifier(group)} TO {user}"
                yield Step(statement, f"make {self.name} a member of {group}")
        for place, right in enumerate(rights(self.priv)):
            if not row["held"][place]:
                yield Step(right.granted(self.db, user), f"grant {self.name} {right}")
        if self.comment is not None and self.comment != (row.get("comment") or ""):
            statement = f"COMMENT ON ROLE {user} IS {quoted(self.comment)}"
            yield Step(statement, f"set the comment of {self.name}")

    def _options(self, row: dict[str, Any], there: bool) -> Iterator[tuple[str, str]]:
        """Each option of CREATE and ALTER USER that is needed, and what it sets."""
        for flag, on in self._flags.items():
            if not there or row.get(COLUMNS[flag]) is not on:
                yield ("" if on else "NO") + flag, "role attributes"
        if self._sets_password(row, there):
            yield f"PASSWORD {self._kept(row)}", "password"
        if self.expires is not None and not row.get("expires"):
            yield f"VALID UNTIL {quoted(self.expires)}", "expiry"
        if self.conn_limit is not None and row.get("rolconnlimit") != self.conn_limit:
            yield f"CONNECTION LIMIT {self.conn_limit}", "connection limit"

    def _sets_password(self, row: dict[str, Any], there: bool) -> bool:
        if self.password is None or (there and self.no_password_changes):
            return False
        kept = row.get("rolpassword")
        if self.password == "":
            return kept is not None
        return not passwords.same(self.password, self.name, kept or "")

    def _kept(self, row: dict[str, Any]) -> str:
        if not self.password:
            return "NULL"
        by_scram = row.get("kind") == "scram-sha-256"
        return quoted(passwords.hashed(self.password, self.name, by_scram))

    def returns(self, report: Report) -> dict[str, Any]:
        removed = {"user_removed": True} if self.state == "absent" and self._done else {}
        return {"user": self.name, **removed}
