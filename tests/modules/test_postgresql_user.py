"""postgresql_user with a real PostgreSQL on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.base import ModuleError
from provisioner.modules.postgresql_user import password as passwords
from provisioner.remote.shell import Report
from tests.modules.conftest import Host
from tests.modules.postgresql_server import PostgresqlServer, settled

PASSWORD = "p'ä \\ \"x:y"


@pytest.mark.parametrize("kind", ["md5", "scram-sha-256"])
def test_a_user_is_created_once_with_a_hash_like_the_servers(
    host: Host, postgresql: PostgresqlServer, kind: str
) -> None:
    postgresql.sql(f"ALTER ROLE postgres SET password_encryption = '{kind}'")
    given: dict[str, Any] = {"name": "app's", "password": PASSWORD}
    assert settled(host, postgresql, "postgresql_user", **given) == ("create user app's",)
    kept = postgresql.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'app''s'")
    assert kept.startswith(kind.partition("-")[0] if kind == "md5" else "SCRAM-SHA-256$4096:")
    postgresql.sql(f"ALTER USER \"app's\" PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
    assert settled(host, postgresql, "postgresql_user", **given) == ()
    changed = settled(host, postgresql, "postgresql_user", name="app's", password="other")
    assert changed == ("set password of app's",)
    left = {"name": "app's", "password": "third", "no_password_changes": True}
    assert settled(host, postgresql, "postgresql_user", **left) == ()
    assert settled(host, postgresql, "postgresql_user", name="app's", password="") == changed
    assert (
        postgresql.sql("SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = 'app''s'") == "t"
    )
    postgresql.sql("ALTER ROLE postgres RESET password_encryption")


def test_a_password_that_is_a_hash_is_stored_unchanged(
    host: Host, postgresql: PostgresqlServer
) -> None:
    kept = passwords.hashed("x", "app", by_scram=False)
    settled(host, postgresql, "postgresql_user", name="app", password=kept)
    assert postgresql.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'app'") == kept


def test_attributes_limits_groups_and_comment_are_set_once(
    host: Host, postgresql: PostgresqlServer
) -> None:
    postgresql.sql("CREATE ROLE staff; CREATE USER app")
    given = {
        "name": "app",
        "role_attr_flags": "CREATEDB,NOINHERIT NOSUPERUSER",
        "expires": "Jan 31 2030",
        "conn_limit": 3,
        "groups": "staff",
        "comment": "it's",
    }
    assert settled(host, postgresql, "postgresql_user", **given) == (
        "set role attributes, expiry, connection limit of app",
        "make app a member of staff",
        "set the comment of app",
    )
    assert settled(
        host, postgresql, "postgresql_user", **{**given, "role_attr_flags": "NOCREATEDB"}
    ) == ("set role attributes of app",)
    assert settled(host, postgresql, "postgresql_user", name="app", state="absent") == (
        "drop user app",
    )


def test_privileges_on_the_database_and_its_tables_are_granted_once(
    host: Host, postgresql: PostgresqlServer
) -> None:
    postgresql.sql("CREATE DATABASE acme")
    postgresql.sql(
        "CREATE TABLE products (a int); CREATE SCHEMA s; CREATE TABLE s.t (a int)", database="acme"
    )
    given = {"db": "acme", "name": "django", "priv": "CONNECT,CREATE/products:ALL/s.t:SELECT"}
    assert len(settled(host, postgresql, "postgresql_user", **given)) == 4
    postgresql.sql("INSERT INTO products VALUES (1)", user="django", database="acme")
    narrow = {"db": "acme", "name": "reader", "priv": "products:SELECT"}
    settled(host, postgresql, "postgresql_user", **narrow)
    gone: dict[str, Any] = {"db": "acme", "priv": "ALL/products:ALL/s.t:ALL", "state": "absent"}
    for name in ("django", "reader"):
        given = {**gone, "name": name}
        assert settled(host, postgresql, "postgresql_user", **given) == (f"drop user {name}",)


def test_no_secret_is_in_a_command_line_or_environment(
    host: Host, postgresql: PostgresqlServer
) -> None:
    host.fake("psql", f'env >>"$(dirname "$0")/../env"; exec {shutil.which("psql")} "$@"')
    given = {"login_unix_socket": postgresql.socket, "login_password": "boss-secret"}
    report = host.run("postgresql_user", **given, name="app", password="app-secret")
    assert report.changes == ("create user app",)
    seen = " ".join(host.calls()) + Path(host.fakes.parent, "env").read_text()
    assert "PGSERVICE=provision" in seen
    assert "boss-secret" not in seen
    assert "app-secret" not in seen


def test_a_login_by_password_reaches_the_server(host: Host, postgresql: PostgresqlServer) -> None:
    word = "a 'b=\\#\"c"
    postgresql.sql("SET password_encryption = 'scram-sha-256'; CREATE USER boss SUPERUSER")
    kept = passwords.hashed(word, "boss", by_scram=True)
    postgresql.sql(f"ALTER USER boss PASSWORD '{kept}'")
    given = {"login_unix_socket": postgresql.socket, "login_user": "boss", "name": "app"}
    assert host.run("postgresql_user", **given, login_password=word).changes
    report = host.run("postgresql_user", **given, login_password="wrong")
    assert "password authentication failed" in (report.failed or "")


@pytest.mark.parametrize("kind", ["md5", "scram-sha-256"])
def test_the_error_for_a_refused_statement_has_its_hash_masked(
    host: Host, postgresql: PostgresqlServer, kind: str
) -> None:
    postgresql.sql(f"ALTER ROLE postgres SET password_encryption = '{kind}'")
    host.fake("psql", f"sed 's/NOLOGIN/NOTHING/' | {shutil.which('psql')} \"$@\"")
    given = {"name": "a", "password": "x", "role_attr_flags": "NOLOGIN"}
    report = host.run("postgresql_user", login_unix_socket=postgresql.socket, **given)
    postgresql.sql("ALTER ROLE postgres RESET password_encryption")
    assert report.failed == "set user a: exit 3"
    assert "NOTHING PASSWORD '********" in report.get("stderr")


def test_a_change_that_is_not_visible_afterwards_is_a_failure() -> None:
    model = find_module("postgresql_user").from_arguments({"name": "app", "state": "absent"})
    report = Report({"state_after": ('{"rolname": "app"}',)}, status=80)
    with pytest.raises(ModuleError, match="drop user app: the change had no effect"):
        model.finish(report)
