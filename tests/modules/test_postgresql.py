"""postgresql_user and postgresql_db with a real PostgreSQL on this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.base import ModuleError
from provisioner.modules.postgresql_user import password as passwords
from provisioner.remote.shell import Report
from tests.modules.conftest import Host


@dataclass
class Server:
    """A PostgreSQL for these tests. It has a socket only, and trusts every login by it."""

    socket: str

    def sql(self, text: str, user: str = "postgres", database: str = "postgres") -> str:
        command = ["psql", "-XAtq", "-h", self.socket, "-U", user, "-v", "ON_ERROR_STOP=1"]
        done = subprocess.run([*command, database], input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def as_nobody(*command: str | Path) -> None:
    """Run a command as nobody, because the server refuses to run as root."""
    who = (
        ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        if not os.getuid()
        else []
    )
    subprocess.run([*who, *command], check=True, capture_output=True, cwd="/")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.fail("PostgreSQL is not installed: `make setup` installs it")
    programs = found[-1].parent
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        if not os.getuid():
            os.chown(name, pwd.getpwnam("nobody").pw_uid, -1)
        Path(name).chmod(0o711)
        data = Path(name, "data")
        made: list[str | Path] = [
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=trust",
            "-N",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        as_nobody(programs / "initdb", *made)
        rules = data / "pg_hba.conf"
        rules.write_text(f"local all boss scram-sha-256\n{rules.read_text()}")
        control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w"]
        options = f"-k {name} -c listen_addresses= -F"
        as_nobody(*control, "-o", options, "-l", f"{name}/log", "start")
        yield Server(name)
        as_nobody(*control, "-m", "immediate", "stop")


@pytest.fixture
def db(server: Server) -> Iterator[Server]:
    """The server; users and databases of a test are dropped after it."""
    yield server
    names = server.sql("SELECT quote_ident(datname) FROM pg_database WHERE datallowconn")
    for name in set(names.splitlines()) - {"postgres", "template1"}:
        server.sql(f"DROP DATABASE {name}")
    kept = "rolname !~ '^pg_' AND rolname <> 'postgres'"
    for name in server.sql(f"SELECT quote_ident(rolname) FROM pg_roles WHERE {kept}").splitlines():
        server.sql(f"DROP OWNED BY {name}; DROP ROLE {name}")


def settled(host: Host, db: Server, kind: str, /, **arguments: Any) -> tuple[str, ...]:
    """Run look, check, apply and apply again; return the changes, which apply makes once."""
    given = {"login_unix_socket": db.socket, **arguments}
    everything = "SELECT string_agg(a::text, ' ') FROM pg_authid a"
    before = db.sql(everything)
    looked = host.look(kind, **given).changes
    assert host.run(kind, "check", **given).changes == looked
    assert db.sql(everything) == before
    report = host.run(kind, **given)
    assert (report.failed, report.changes) == (None, looked)
    assert find_module(kind).from_arguments(arguments).finish(report) == {}
    assert host.run(kind, **given).changes == ()
    assert host.look(kind, **given).changes == ()
    return report.changes


PASSWORD = "p'ä \\ \"x:y"


@pytest.mark.parametrize("kind", ["md5", "scram-sha-256"])
def test_a_user_is_created_once_with_a_hash_like_the_servers(
    host: Host, db: Server, kind: str
) -> None:
    db.sql(f"ALTER ROLE postgres SET password_encryption = '{kind}'")
    given: dict[str, Any] = {"name": "app's", "password": PASSWORD}
    assert settled(host, db, "postgresql_user", **given) == ("create user app's",)
    kept = db.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'app''s'")
    assert kept.startswith(kind.partition("-")[0] if kind == "md5" else "SCRAM-SHA-256$4096:")
    db.sql(f"ALTER USER \"app's\" PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
    assert settled(host, db, "postgresql_user", **given) == ()
    changed = settled(host, db, "postgresql_user", name="app's", password="other")
    assert changed == ("set password of app's",)
    left = {"name": "app's", "password": "third", "no_password_changes": True}
    assert settled(host, db, "postgresql_user", **left) == ()
    assert settled(host, db, "postgresql_user", name="app's", password="") == changed
    assert db.sql("SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = 'app''s'") == "t"
    db.sql("ALTER ROLE postgres RESET password_encryption")


WORDS = ["½\u00a0\ufb01\u00ad", "ä\u0007", "\u0627\u0031", "\u0627\u0628", "\u00ad", "A\u030a"]


@pytest.mark.parametrize("word", WORDS)
def test_a_password_is_prepared_like_in_the_server(host: Host, db: Server, word: str) -> None:
    db.sql("SET password_encryption = 'scram-sha-256'; CREATE USER app")
    db.sql(f"SET password_encryption = 'scram-sha-256'; ALTER USER app PASSWORD '{word}'")
    kept = db.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'app'")
    assert passwords.same(word, "app", kept)


def test_a_password_that_is_a_hash_is_stored_unchanged(host: Host, db: Server) -> None:
    kept = passwords.hashed("x", "app", by_scram=False)
    settled(host, db, "postgresql_user", name="app", password=kept)
    assert db.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'app'") == kept


def test_attributes_limits_groups_and_comment_are_set_once(host: Host, db: Server) -> None:
    db.sql("CREATE ROLE staff; CREATE USER app")
    given = {
        "name": "app",
        "role_attr_flags": "CREATEDB,NOINHERIT NOSUPERUSER",
        "expires": "Jan 31 2030",
        "conn_limit": 3,
        "groups": "staff",
        "comment": "it's",
    }
    assert settled(host, db, "postgresql_user", **given) == (
        "set role attributes, expiry, connection limit of app",
        "make app a member of staff",
        "set the comment of app",
    )
    assert settled(host, db, "postgresql_user", **{**given, "role_attr_flags": "NOCREATEDB"}) == (
        "set role attributes of app",
    )
    assert settled(host, db, "postgresql_user", name="app", state="absent") == ("drop user app",)


def test_privileges_on_the_database_and_its_tables_are_granted_once(host: Host, db: Server) -> None:
    db.sql("CREATE DATABASE acme")
    db.sql(
        "CREATE TABLE products (a int); CREATE SCHEMA s; CREATE TABLE s.t (a int)", database="acme"
    )
    given = {"db": "acme", "name": "django", "priv": "CONNECT,CREATE/products:ALL/s.t:SELECT"}
    assert len(settled(host, db, "postgresql_user", **given)) == 4
    db.sql("INSERT INTO products VALUES (1)", user="django", database="acme")
    narrow = {"db": "acme", "name": "reader", "priv": "products:SELECT"}
    settled(host, db, "postgresql_user", **narrow)
    gone: dict[str, Any] = {"db": "acme", "priv": "ALL/products:ALL/s.t:ALL", "state": "absent"}
    for name in ("django", "reader"):
        given = {**gone, "name": name}
        assert settled(host, db, "postgresql_user", **given) == (f"drop user {name}",)


def test_a_database_is_created_changed_and_dropped_once(host: Host, db: Server) -> None:
    db.sql("CREATE ROLE one; CREATE ROLE two")
    name = 'my "db"'
    new = {"name": name, "owner": "one", "encoding": "UTF-8", "template": "template0"}
    new |= {"lc_collate": "C", "lc_ctype": "C", "conn_limit": "5", "comment": "ours"}
    assert settled(host, db, "postgresql_db", **new) == (
        f"create database {name}",
        f"set the comment of database {name}",
    )
    assert settled(host, db, "postgresql_db", name=name, owner="two", conn_limit=-1) == (
        f"set the owner of database {name}: two",
        f"set the connection limit of database {name}: -1",
    )
    report = host.run("postgresql_db", login_unix_socket=db.socket, name=name, encoding="LATIN1")
    assert report.failed == "Changing encoding is not supported. Current encoding: UTF8"
    changes = settled(
        host, db, "postgresql_db", name=name, comment="two\u2028lines\x85\tand\na third"
    )
    assert changes == (f"set the comment of database {name}",)
    assert settled(host, db, "postgresql_db", name=name, state="absent", force=True) == (
        f"drop database {name}",
    )


@pytest.mark.parametrize("version", [90224, 170000])
def test_a_database_in_use_is_dropped_by_force(host: Host, db: Server, version: int) -> None:
    real = shutil.which("psql")
    takes = "cat" if version >= 130000 else "sed 's/(FORCE)/(NONSENSE)/'"
    tells = f'sed \'s/"version":[0-9]*/"version":{version}/\''
    host.fake("psql", f'{takes} | {real} "$@" | {tells}')
    db.sql("CREATE DATABASE busy")
    command = ["psql", "-XAtq", "-h", db.socket, "-U", "postgres", "busy"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdin.write(b"SELECT 1;\n")
        other.stdin.flush()
        assert other.stdout.readline() == b"1\n"
        dropped = settled(host, db, "postgresql_db", name="busy", state="absent", force=True)
        assert dropped == ("drop database busy",)
        other.stdin.close()


def test_no_secret_is_in_a_command_line_or_environment(host: Host, db: Server) -> None:
    host.fake("psql", f'env >>"$(dirname "$0")/../env"; exec {shutil.which("psql")} "$@"')
    given = {"login_unix_socket": db.socket, "login_password": "boss-secret"}
    report = host.run("postgresql_user", **given, name="app", password="app-secret")
    assert report.changes == ("create user app",)
    seen = " ".join(host.calls()) + Path(host.fakes.parent, "env").read_text()
    assert "PGSERVICE=provision" in seen
    assert "boss-secret" not in seen
    assert "app-secret" not in seen


def test_a_login_by_password_reaches_the_server(host: Host, db: Server) -> None:
    word = "a 'b=\\#\"c"
    db.sql("SET password_encryption = 'scram-sha-256'; CREATE USER boss SUPERUSER")
    kept = passwords.hashed(word, "boss", by_scram=True)
    db.sql(f"ALTER USER boss PASSWORD '{kept}'")
    given = {"login_unix_socket": db.socket, "login_user": "boss", "name": "app"}
    assert host.run("postgresql_user", **given, login_password=word).changes
    report = host.run("postgresql_user", **given, login_password="wrong")
    assert "password authentication failed" in (report.failed or "")


def test_check_mode_does_not_fail_without_a_server(host: Host) -> None:
    nowhere = {"login_unix_socket": str(host.root), "name": "app"}
    for kind, change in (("user", "set user app"), ("db", "create database app")):
        report = host.run(f"postgresql_{kind}", "check", **nowhere)
        assert (report.failed, report.changes) == (None, (change,))
        assert "can't be asked: psql" in report.get("assumed")
        failed = host.run(f"postgresql_{kind}", **nowhere)
        assert "can't be asked: psql" in (failed.failed or "")
        assert "become_user: postgres" in failed.get("hint")


@pytest.mark.parametrize("kind", ["md5", "scram-sha-256"])
def test_the_error_for_a_refused_statement_has_its_hash_masked(
    host: Host, db: Server, kind: str
) -> None:
    db.sql(f"ALTER ROLE postgres SET password_encryption = '{kind}'")
    host.fake("psql", f"sed 's/NOLOGIN/NOTHING/' | {shutil.which('psql')} \"$@\"")
    given = {"name": "a", "password": "x", "role_attr_flags": "NOLOGIN"}
    report = host.run("postgresql_user", login_unix_socket=db.socket, **given)
    db.sql("ALTER ROLE postgres RESET password_encryption")
    assert report.failed == "set user a: exit 3"
    assert "NOTHING PASSWORD '********" in report.get("stderr")


def test_a_refused_statement_is_reported_with_the_error_of_the_server(
    host: Host, db: Server
) -> None:
    given = {"login_unix_socket": db.socket, "name": "app", "owner": "nobody-here"}
    report = host.run("postgresql_db", **given)
    assert report.failed == "create database app: exit 3"
    assert 'role "nobody-here" does not exist' in report.get("stderr")


REFUSED: list[tuple[str, Mapping[str, Any], str]] = [
    ("postgresql_user", {"role_attr_flags": "SUPER"}, "SUPER is none of"),
    ("postgresql_user", {"priv": "products:ALL"}, "priv needs db"),
    ("postgresql_user", {"priv": "t:SELECT; DROP", "db": "x"}, "is none of"),
    ("postgresql_user", {"login_password": "x\ny"}, "newline"),
    ("postgresql_user", {"db": "x\nhost=elsewhere"}, "dbname: it can't contain a newline"),
    ("postgresql_user", {"connect_params": {"a": "x\n"}}, "newline"),
    ("postgresql_user", {"role_attr_flags": "CREATEUSER"}, "CREATEUSER is none of"),
    ("postgresql_db", {"conn_limit": "many"}, "conn_limit: 'many' is not a number"),
    ("postgresql_db", {"state": "dump"}, "state"),
]


@pytest.mark.parametrize(("module", "arguments", "reason"), REFUSED)
def test_invalid_parameters_are_refused_before_anything_runs(
    module: str, arguments: Mapping[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        find_module(module).from_arguments({"name": "app", **arguments})


def test_a_change_that_is_not_visible_afterwards_is_a_failure() -> None:
    model = find_module("postgresql_user").from_arguments({"name": "app", "state": "absent"})
    report = Report({"state_after": ('{"rolname": "app"}',)}, status=80)
    with pytest.raises(ModuleError, match="drop user app: still untrue afterwards"):
        model.finish(report)
