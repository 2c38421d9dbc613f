"""A real PostgreSQL on this machine for the tests of the postgresql modules."""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from provisioner.modules import find_module

if TYPE_CHECKING:
    from tests.modules.conftest import Host


@dataclass
class PostgresqlServer:
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


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
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
        yield PostgresqlServer(name)
        as_nobody(*control, "-m", "immediate", "stop")


@pytest.fixture
def postgresql(postgresql_server: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """The server; users and databases of a test are dropped after it."""
    yield postgresql_server
    names = postgresql_server.sql("SELECT quote_ident(datname) FROM pg_database WHERE datallowconn")
    for name in set(names.splitlines()) - {"postgres", "template1"}:
        postgresql_server.sql(f"DROP DATABASE {name}")
    kept = "rolname !~ '^pg_' AND rolname <> 'postgres'"
    for name in postgresql_server.sql(
        f"SELECT quote_ident(rolname) FROM pg_roles WHERE {kept}"
    ).splitlines():
        postgresql_server.sql(f"DROP OWNED BY {name}; DROP ROLE {name}")


def settled(
    host: Host, postgresql: PostgresqlServer, kind: str, /, **arguments: Any
) -> tuple[str, ...]:
    """Run look, check, apply and apply again; return the changes, which apply makes once."""
    given = {"login_unix_socket": postgresql.socket, **arguments}
    everything = "SELECT string_agg(a::text, ' ') FROM pg_authid a"
    before = postgresql.sql(everything)
    looked = host.look(kind, **given).changes
    assert host.run(kind, "check", **given).changes == looked
    assert postgresql.sql(everything) == before
    report = host.run(kind, **given)
    assert (report.failed, report.changes) == (None, looked)
    assert find_module(kind).from_arguments(arguments).finish(report) == {}
    assert host.run(kind, **given).changes == ()
    assert host.look(kind, **given).changes == ()
    return report.changes
