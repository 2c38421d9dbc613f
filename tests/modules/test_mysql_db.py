"""mysql_db with a real MariaDB on this machine."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.shell import Mode, Report
from tests.modules.conftest import Host
from tests.modules.mysql_server import MysqlServer


def database(host: Host, mysql: MysqlServer, how: Mode = "apply", /, **arguments: Any) -> Report:
    return host.run("mysql_db", how, login_unix_socket=mysql.socket, login_user="root", **arguments)


def test_a_database_is_created_and_dropped_once(host: Host, mysql: MysqlServer) -> None:
    names = ["app", "we`ird 'x'"]
    given: dict[str, Any] = {"name": names, "encoding": "utf8", "collation": "utf8_general_ci"}
    given["sql_log_bin"] = False
    looked = database(host, mysql, "look", **given)
    assert looked.changes == ("create database app", "create database we`ird 'x'")
    made = database(host, mysql, **given)
    assert made.changes == ("create database app", "create database we`ird 'x'")
    assert database(host, mysql, **given).changes == ()
    assert "utf8mb3_general_ci" in mysql.sql(
        "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'app'"
    )
    values = host.values("mysql_db", made, **given)
    assert values["executed_commands"][0] == (
        "CREATE DATABASE `app` CHARACTER SET 'utf8' COLLATE 'utf8_general_ci';"
    )
    assert database(host, mysql, "check", name=names, state="absent").changes == (
        "drop database app",
        "drop database we`ird 'x'",
    )
    assert len(database(host, mysql, name=names, state="absent").changes) == 2
    assert database(host, mysql, name=names, state="absent").changes == ()


@pytest.mark.parametrize("ending", ["", ".gz", ".bz2", ".xz", ".zst"])
def test_a_database_is_dumped_to_a_file_and_imported_from_it(
    host: Host, mysql: MysqlServer, ending: str
) -> None:
    host.fake("zstd", 'exec gzip "$@"')
    mysql.sql("CREATE DATABASE app CHARACTER SET utf8mb4; CREATE TABLE app.t (a text)")
    mysql.sql("SET NAMES utf8mb4; INSERT INTO app.t VALUES ('ü \\\\ 😀')")
    target = host.root / f"app.sql{ending}"
    arguments = {"target": str(target), "encoding": "utf8mb4"}
    assert database(host, mysql, name="app", state="dump", **arguments).failed is None
    assert target.stat().st_mode & 0o777 == 0o644
    target.chmod(0o600)
    assert database(host, mysql, name="app", state="dump", **arguments).failed is None
    assert target.stat().st_mode & 0o777 == 0o600
    copied = database(host, mysql, name="copy", state="import", **arguments)
    assert copied.changes == ("create database copy", f"import database copy from {target}")
    assert mysql.sql("SET NAMES utf8mb4; SELECT a FROM copy.t") == "ü \\ 😀\n"
    assert [path.name for path in host.root.iterdir()] == [target.name]


def test_a_failed_dump_keeps_the_existing_file(host: Host, mysql: MysqlServer) -> None:
    mysql.sql("CREATE DATABASE app; CREATE TABLE app.t (a int)")
    target = host.root / "app.sql.gz"
    target.write_text("the last one")
    arguments = {"name": "app", "state": "dump", "target": str(target)}
    broken = database(host, mysql, **arguments, dump_extra_args="--no-such-option")
    assert "no-such-option" in broken.get("stderr")
    assert broken.failed == f"dump database app to {target}: exit 1"
    missing = database(host, mysql, name="none", state="dump", target=str(target))
    assert missing.failed == "can't dump none: there is no such database"
    assert target.read_text() == "the last one"
    assert [path.name for path in host.root.iterdir()] == [target.name]


def test_a_damaged_compressed_file_fails_the_import(host: Host, mysql: MysqlServer) -> None:
    target = host.root / "app.sql.gz"
    whole = gzip.compress(b"CREATE TABLE t (a int);\n" + bytes(range(32, 120)) * 3)
    target.write_bytes(whole[:-8])
    report = database(host, mysql, name="app", state="import", target=str(target))
    assert report.failed == f"import database app from {target}: exit 1"
    none = str(Path(host.root, "none"))
    gone = database(host, mysql, name="app", state="import", target=none)
    assert gone.failed == f"target {none} does not exist on the host"
