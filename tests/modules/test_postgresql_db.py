"""postgresql_db with a real PostgreSQL on this machine."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.modules.conftest import Host
from tests.modules.postgresql_server import PostgresqlServer, settled


def test_a_database_is_created_changed_and_dropped_once(
    host: Host, postgresql: PostgresqlServer
) -> None:
    postgresql.sql("CREATE ROLE one; CREATE ROLE two")
    name = 'my "db"'
    new = {"name": name, "owner": "one", "encoding": "UTF-8", "template": "template0"}
    new |= {"lc_collate": "C", "lc_ctype": "C", "conn_limit": "5", "comment": "ours"}
    assert settled(host, postgresql, "postgresql_db", **new) == (
        f"create database {name}",
        f"set the comment of database {name}",
    )
    assert settled(host, postgresql, "postgresql_db", name=name, owner="two", conn_limit=-1) == (
        f"set the owner of database {name}: two",
        f"set the connection limit of database {name}: -1",
    )
    report = host.run(
        "postgresql_db", login_unix_socket=postgresql.socket, name=name, encoding="LATIN1"
    )
    assert report.failed == "Changing encoding is not supported. Current encoding: UTF8"
    changes = settled(
        host, postgresql, "postgresql_db", name=name, comment="two\u2028lines\x85\tand\na third"
    )
    assert changes == (f"set the comment of database {name}",)
    assert settled(host, postgresql, "postgresql_db", name=name, state="absent", force=True) == (
        f"drop database {name}",
    )


@pytest.mark.parametrize("version", [90224, 170000])
def test_a_database_in_use_is_dropped_by_force(
    host: Host, postgresql: PostgresqlServer, version: int
) -> None:
    real = shutil.which("psql")
    takes = "cat" if version >= 130000 else "sed 's/(FORCE)/(NONSENSE)/'"
    tells = f'sed \'s/"version":[0-9]*/"version":{version}/\''
    host.fake("psql", f'{takes} | {real} "$@" | {tells}')
    postgresql.sql("CREATE DATABASE busy")
    command = ["psql", "-XAtq", "-h", postgresql.socket, "-U", "postgres", "busy"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdin.write(b"SELECT 1;\n")
        other.stdin.flush()
        assert other.stdout.readline() == b"1\n"
        dropped = settled(
            host, postgresql, "postgresql_db", name="busy", state="absent", force=True
        )
        assert dropped == ("drop database busy",)
        other.stdin.close()


def test_a_refused_statement_is_reported_with_the_error_of_the_server(
    host: Host, postgresql: PostgresqlServer
) -> None:
    given = {"login_unix_socket": postgresql.socket, "name": "app", "owner": "nobody-here"}
    report = host.run("postgresql_db", **given)
    assert report.failed == "create database app: exit 3"
    assert 'role "nobody-here" does not exist' in report.get("stderr")
