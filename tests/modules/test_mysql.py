"""The mysql modules with a real MariaDB on this machine, which may pretend to be version 5.5."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.base import ModuleError
from provisioner.modules.mysql_user import privileges
from provisioner.modules.mysql_user.account import hashed
from provisioner.modules.shared.mysql.client import rows
from provisioner.remote.shell import Mode, Report
from tests.modules.conftest import Host


@dataclass
class Server:
    """A MariaDB for these tests, which has a socket only."""

    socket: str

    def sql(self, text: str) -> str:
        command = ["mysql", f"--socket={self.socket}", "--user=root", "--batch", "-N", "--raw"]
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def grants(self, account: str) -> list[str]:
        return self.sql(f"SHOW GRANTS FOR {account}").splitlines()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if shutil.which("mariadbd") is None:
        pytest.fail("mariadbd is not installed: `make setup` installs it")
    folder = tmp_path_factory.mktemp("mysql")
    data, socket = folder / "data", folder / "s"
    own = [f"--datadir={data}", "--user=root"]
    made = ["mariadb-install-db", "--no-defaults", *own, "--auth-root-authentication-method=normal"]
    subprocess.run([*made, "--skip-test-db"], check=True, capture_output=True)
    daemon = ["mariadbd", "--no-defaults", *own, f"--socket={socket}", "--skip-networking"]
    small = ["--innodb-buffer-pool-size=8M", "--skip-log-bin", "--innodb-flush-method=fsync"]
    with subprocess.Popen([*daemon, *small], stderr=subprocess.DEVNULL) as process:
        ping = ["mysqladmin", f"--socket={socket}", "--user=root", "ping"]
        while subprocess.run(ping, capture_output=True).returncode:
            assert process.poll() is None, "mariadbd ended"
            time.sleep(0.05)
        yield Server(str(socket))
        process.terminate()


@pytest.fixture
def db(server: Server) -> Iterator[Server]:
    """The server; accounts and databases of a test are dropped after it."""
    yield server
    for name in server.sql("SHOW DATABASES").splitlines():
        if name not in ("information_schema", "mysql", "performance_schema", "sys"):
            server.sql(f"DROP DATABASE `{name.replace('`', '``')}`")
    accounts = "SELECT CONCAT('''', REPLACE(User, '''', ''''''), '''@''', Host, '''')"
    others = "FROM mysql.user WHERE User NOT IN ('mariadb.sys', 'PUBLIC', 'root')"
    for account in server.sql(f"{accounts} {others}").splitlines():
        server.sql(f"DROP USER {account}")


def old(host: Host) -> None:
    """Let the client report the version of CentOS 7's server."""
    real = shutil.which("mysql")
    host.fake("mysql", f"{real} \"$@\" | sed 's/^10\\.[0-9.]*-MariaDB[^\t]*/5.5.68-MariaDB/'")


def user(host: Host, db: Server, how: Mode = "apply", /, **arguments: Any) -> Report:
    return host.run("mysql_user", how, login_unix_socket=db.socket, login_user="root", **arguments)


def database(host: Host, db: Server, how: Mode = "apply", /, **arguments: Any) -> Report:
    return host.run("mysql_db", how, login_unix_socket=db.socket, login_user="root", **arguments)


def settled(host: Host, db: Server, /, **arguments: Any) -> tuple[str, ...]:
    """Run look, check, apply and apply again; return the changes, which apply makes once."""
    names = db.sql("SELECT User, Host FROM mysql.user ORDER BY 1, 2")
    looked = user(host, db, "look", **arguments).changes
    assert user(host, db, "check", **arguments).changes == looked
    assert db.sql("SELECT User, Host FROM mysql.user ORDER BY 1, 2") == names
    report = user(host, db, **arguments)
    assert (report.failed, report.changes) == (None, looked)
    assert find_module("mysql_user").from_arguments(arguments).finish(report) == {}
    assert user(host, db, **arguments).changes == ()
    assert user(host, db, "look", **arguments).changes == ()
    return report.changes


PASSWORD = "s3'c\"r\\et#ü"


@pytest.mark.parametrize("version", ["own", "5.5"])
def test_a_user_is_created_once_with_password_and_privileges(
    host: Host, db: Server, version: str
) -> None:
    if version == "5.5":
        old(host)
    db.sql("CREATE DATABASE app")
    arguments = {"name": "o'app", "password": PASSWORD, "priv": "app.*:ALL/*.*:PROCESS"}
    assert settled(host, db, **arguments)[0] == "create user o'app@localhost"
    done = subprocess.run(
        ["mysql", f"--socket={db.socket}", "--user=o'app", f"--password={PASSWORD}", "app"],
        input="CREATE TABLE t (a int)",
        text=True,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("version", ["own", "5.5"])
def test_a_different_password_is_set_unless_on_create_keeps_it(
    host: Host, db: Server, version: str
) -> None:
    if version == "5.5":
        old(host)
    db.sql("CREATE USER app@localhost IDENTIFIED BY 'first'")
    kept = user(host, db, name="app", password="new", update_password="on_create")
    assert kept.changes == ()
    changes = settled(host, db, name="app", password="second")
    assert changes == ("set the password of app@localhost",)
    assert db.sql("SELECT Password FROM mysql.user WHERE User = 'app'").strip() == hashed("second")


@pytest.mark.parametrize("version", ["own", "5.5"])
def test_tls_requirements_and_limits_are_set_and_removed(
    host: Host, db: Server, version: str
) -> None:
    if version == "5.5":
        old(host)
    limits = {"MAX_USER_CONNECTIONS": 5, "max_queries_per_hour": "7"}
    settled(host, db, name="app", tls_requires={"SSL": None}, resource_limits=limits)
    (line,) = db.grants("app@localhost")
    assert line.endswith("REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 7 MAX_USER_CONNECTIONS 5")
    settled(host, db, name="app", tls_requires={"issuer": "/CN=it's", "SSL": None})
    assert "ISSUER '/CN=it" in db.grants("app@localhost")[0]
    assert settled(host, db, name="app") == ("set the TLS requirements of app@localhost",)
    assert "REQUIRE" not in db.grants("app@localhost")[0]


def test_privileges_become_exactly_those_of_the_task(host: Host, db: Server) -> None:
    db.sql(
        "CREATE DATABASE app; CREATE DATABASE other; CREATE TABLE app.t (One int, two int);"
        "CREATE USER app@'%'; GRANT ALL ON other.* TO app@'%'; GRANT SUPER ON *.* TO app@'%';"
        "GRANT SELECT ON app.* TO app@'%' WITH GRANT OPTION;"
    )
    priv = {"app.*": "SELECT,INSERT", "app.t": "UPDATE(two, One)"}
    assert settled(host, db, name="app", host="%", priv=priv) == (
        "revoke SUPER ON *.* FROM 'app'@'%'",
        "revoke ALL ON `other`.* FROM 'app'@'%'",
        "revoke GRANT OPTION ON `app`.* FROM 'app'@'%'",
        "grant INSERT ON `app`.* TO 'app'@'%'",
        "grant UPDATE (`one`, `two`) ON `app`.`t` TO 'app'@'%'",
    )
    granted = privileges.parse_grants("\n".join(db.grants("app@'%'")))["%"]
    del granted["*.*"]
    assert granted == privileges.parse_priv(priv)


def test_privileges_are_appended_and_subtracted(host: Host, db: Server) -> None:
    db.sql("CREATE DATABASE app; CREATE USER app@localhost; GRANT SELECT ON app.* TO app@localhost")
    more = {"name": "app", "priv": "app.*:INSERT/*.*:REPLICATION CLIENT", "append_privs": True}
    assert len(settled(host, db, **more)) == 2
    assert len(settled(host, db, name="app", priv="app.*:SELECT,DROP", subtract_privs=True)) == 1
    assert "GRANT INSERT ON `app`.* TO `app`@`localhost`" in db.grants("app@localhost")


def test_privileges_on_columns_are_granted_and_revoked_one_by_one(host: Host, db: Server) -> None:
    db.sql("CREATE DATABASE app; CREATE TABLE app.t (a int, b int); CREATE USER app@localhost")
    db.sql("GRANT SELECT (a, b), UPDATE (a) ON app.t TO app@localhost")
    given: dict[str, Any] = {"name": "app", "priv": "app.t:SELECT(a)"}
    assert settled(host, db, **given, append_privs=True) == ()
    assert settled(host, db, name="app", priv="app.t:SELECT(a),SELECT(b),UPDATE(a)") == ()
    assert settled(host, db, **given, subtract_privs=True) == (
        "revoke SELECT (`a`) ON `app`.`t` FROM 'app'@'localhost'",
    )
    assert "GRANT SELECT (`b`), UPDATE (`a`) ON `app`.`t` TO `app`@`localhost`" in db.grants(
        "app@localhost"
    )


def test_all_privileges_and_the_grant_option_are_granted_and_revoked(
    host: Host, db: Server
) -> None:
    settled(host, db, name="app", priv="*.*:ALL,GRANT")
    assert db.grants("app@localhost")[0].endswith("WITH GRANT OPTION")
    assert len(settled(host, db, name="app", priv="*.*:ALL")) == 1
    assert len(settled(host, db, name="app", priv="*.*:USAGE")) == 1
    assert db.grants("app@localhost") == ["GRANT USAGE ON *.* TO `app`@`localhost`"]


def test_root_keeps_privileges_that_the_task_does_not_name(host: Host, db: Server) -> None:
    db.sql("CREATE DATABASE app; GRANT SELECT ON app.* TO root@localhost")
    assert user(host, db, name="root", priv="*.*:ALL,GRANT").changes == ()
    assert user(host, db, "look", name="root", priv="app.*:SELECT").changes == ()
    db.sql("REVOKE SELECT ON app.* FROM root@localhost")


def test_on_new_username_gives_a_new_account_the_password_of_the_user(
    host: Host, db: Server
) -> None:
    db.sql("CREATE USER app@localhost IDENTIFIED BY 'first'")
    given = {"password": "second", "update_password": "on_new_username"}
    settled(host, db, name="app", host="10.0.%", **given)
    found = db.sql("SELECT DISTINCT Password FROM mysql.user WHERE User = 'app'")
    assert found.splitlines() == [hashed("first")]


def test_a_user_is_dropped_at_one_host_or_at_all_hosts(host: Host, db: Server) -> None:
    db.sql("CREATE USER app@localhost; CREATE USER app@'%'; CREATE USER app@'::1'")
    assert settled(host, db, name="app", host="%", state="absent") == ("drop user app@%",)
    assert len(settled(host, db, name="app", host_all=True, state="absent")) == 2


def test_no_secret_is_in_a_command_line(host: Host, db: Server) -> None:
    db.sql("CREATE USER boss@localhost IDENTIFIED BY 'boss-secret'")
    db.sql("GRANT ALL ON *.* TO boss@localhost WITH GRANT OPTION")
    host.fake("mysql", f'exec {shutil.which("mysql")} "$@"')
    report = host.run(
        "mysql_user",
        name="app",
        password="app-secret",
        login_unix_socket=db.socket,
        login_user="boss",
        login_password="boss-secret",
    )
    assert report.changes == ("create user app@localhost",)
    calls = " ".join(host.calls())
    assert "--defaults-file=" in calls
    assert "secret" not in calls
    assert hashed("app-secret") not in calls


def test_the_error_for_a_refused_statement_has_its_hash_masked(host: Host, db: Server) -> None:
    report = user(host, db, name="a" * 200, password="x")
    assert report.failed == f"set user {'a' * 200}@localhost: exit 1"
    assert report.get("stderr").startswith("ERROR 1470")
    assert hashed("x") not in str(report)
    given = {"plugin": "no_such_plugin", "plugin_hash_string": "kept-secret"}
    report = user(host, db, name="app", **given)
    assert "no_such_plugin" in report.get("stderr")
    assert "kept-secret" not in str(report)


def test_parameters_have_priority_over_the_option_file(host: Host, db: Server) -> None:
    db.sql("CREATE USER boss@localhost IDENTIFIED BY 'boss-secret'")
    own = host.root / "my.cnf"
    own.write_text("[client]\nuser=boss\npassword=wrong\n")
    given = {"config_file": str(own), "login_unix_socket": db.socket, "name": "app"}
    refused = host.run("mysql_user", **given)
    assert "Access denied for user 'boss'" in (refused.failed or "")
    assert "login_password" in refused.get("hint")
    assert host.run("mysql_user", **given, login_user="root", login_password="").changes
    db.sql("DROP USER app@localhost")
    assert host.run("mysql_user", **given, check_implicit_admin=True).changes


def test_check_mode_does_not_fail_without_a_server(host: Host, db: Server) -> None:
    nowhere = {"login_unix_socket": str(host.root / "none"), "name": "app"}
    for module, change in (
        ("mysql_user", "set user app@localhost"),
        ("mysql_db", "create database app"),
    ):
        report = host.run(module, "check", **nowhere)
        assert (report.failed, report.changes) == (None, (change,))
        assert "can't be asked: ERROR 2002" in report.get("assumed")
        assert "ERROR 2002" in (host.run(module, **nowhere).failed or "")


def test_a_refused_statement_is_reported_with_the_error_of_the_server(
    host: Host, db: Server
) -> None:
    report = user(host, db, name="app", priv="*.*:SELECT,NONSENSE")
    assert report.failed == "set user app@localhost: exit 1"
    assert "ERROR 1064" in report.get("stderr")


def test_invalid_privileges_are_refused_before_anything_runs() -> None:
    for priv in ("*.*:ALL; DROP TABLE x", "app:ALL", "app.*", "app.*:SELECT(a", {"x": "ALL"}):
        with pytest.raises(ValueError, match="priv"):
            find_module("mysql_user").from_arguments({"name": "app", "priv": priv})


def test_a_change_that_is_not_visible_afterwards_is_a_failure() -> None:
    model = find_module("mysql_user").from_arguments({"name": "app"})
    row = "version\tfound\n10.11.2-MariaDB\t0"
    report = Report({"users_after": (row,), "grants_after": ("",)}, status=80)
    with pytest.raises(ModuleError, match="create user app@localhost: still untrue afterwards"):
        model.finish(report)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("GRANT USAGE ON *.* TO 'a'@'%' IDENTIFIED BY PASSWORD '*X'", {"*.*": set()}),
        ("GRANT ALL PRIVILEGES ON `d_``x`.* TO `a`@`%` WITH GRANT OPTION",
         {"`d_``x`.*": {"ALL", "GRANT"}}),
        ("GRANT SELECT (b, a), INSERT ON `d`.`t` TO 'a'@'%'",
         {"`d`.`t`": {"SELECT (`a`)", "SELECT (`b`)", "INSERT"}}),
        ("GRANT EXECUTE ON PROCEDURE `d`.`p` TO 'a'@'%'", {"PROCEDURE `d`.`p`": {"EXECUTE"}}),
        ("GRANT PROXY ON ''@'%' TO 'a'@'%' WITH GRANT OPTION", {}),
        ("GRANT `role` TO `a`@`%`", {}),
    ],
)  # fmt: skip
def test_the_output_of_show_grants_is_parsed(line: str, names: dict[str, set[str]]) -> None:
    assert privileges.parse_grants(line).get("%", {}) == names


def test_all_privileges_of_a_routine_are_those_that_the_server_shows() -> None:
    assert privileges.parse_priv("PROCEDURE d.p:ALL") == {
        "PROCEDURE `d`.`p`": frozenset({"EXECUTE", "ALTER ROUTINE"})
    }


@pytest.mark.parametrize("what", ["my db.t", "`my.db`.`a.b`", "`we``ird`.*", "we`ird.*"])
def test_objects_in_privileges_may_be_quoted(host: Host, db: Server, what: str) -> None:
    db.sql("CREATE DATABASE `my db`; CREATE TABLE `my db`.t (a int); CREATE DATABASE `we``ird`")
    db.sql("CREATE DATABASE `my.db`; CREATE TABLE `my.db`.`a.b` (a int)")
    assert len(settled(host, db, name="app", priv=f"{what}:SELECT")) == 2


@pytest.mark.parametrize("name", ["back\\", "", "ü%s", 'a"b`c'])
def test_a_user_name_may_have_special_characters(host: Host, db: Server, name: str) -> None:
    db.sql("CREATE DATABASE `my_app`")
    given: dict[str, Any] = {"name": name, "host": "10.0.%", "password": "x"}
    settled(host, db, **given, priv=r"my\_app.*:SELECT")
    assert len(settled(host, db, name=name, host_all=True, state="absent")) == 1


@pytest.mark.parametrize("word", ["a 'b=\\#\"c", "ü; #x", "\\n\\s%", " edge "])
def test_a_login_by_password_reaches_the_server(host: Host, db: Server, word: str) -> None:
    db.sql("CREATE USER boss@localhost; GRANT ALL ON *.* TO boss@localhost WITH GRANT OPTION")
    db.sql(f"SET PASSWORD FOR boss@localhost = '{hashed(word)}'")
    given = {"login_unix_socket": db.socket, "login_user": "boss", "login_password": word}
    assert host.run("mysql_user", **given, name="app").failed is None


def test_invalid_limits_and_options_are_refused() -> None:
    for module, arguments, reason in (
        (
            "user",
            {"resource_limits": {"MAX_QUERIES_PER_HOUR": "many"}},
            "must be a number, not 'many'",
        ),
        ("db", {"state": "dump", "target": "/x", "dump_extra_args": "it's"}, "dump_extra_args"),
    ):
        with pytest.raises(ValueError, match=reason):
            find_module(f"mysql_{module}").from_arguments({"name": "app", **arguments})


def test_escaped_characters_in_an_answer_are_decoded() -> None:
    assert rows("A\tb\nx\\ty\\\\n\t\n") == [{"a": "x\ty\\n", "b": ""}]


def test_a_database_is_created_and_dropped_once(host: Host, db: Server) -> None:
    names = ["app", "we`ird 'x'"]
    given: dict[str, Any] = {"name": names, "encoding": "utf8", "collation": "utf8_general_ci"}
    given["sql_log_bin"] = False
    looked = database(host, db, "look", **given)
    assert looked.changes == ("create database app", "create database we`ird 'x'")
    made = database(host, db, **given)
    assert made.changes == ("create database app", "create database we`ird 'x'")
    assert database(host, db, **given).changes == ()
    assert "utf8mb3_general_ci" in db.sql(
        "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'app'"
    )
    values = host.values("mysql_db", made, **given)
    assert values["executed_commands"][0] == (
        "CREATE DATABASE `app` CHARACTER SET 'utf8' COLLATE 'utf8_general_ci';"
    )
    assert database(host, db, "check", name=names, state="absent").changes == (
        "drop database app",
        "drop database we`ird 'x'",
    )
    assert len(database(host, db, name=names, state="absent").changes) == 2
    assert database(host, db, name=names, state="absent").changes == ()


@pytest.mark.parametrize("ending", ["", ".gz", ".bz2", ".xz", ".zst"])
def test_a_database_is_dumped_to_a_file_and_imported_from_it(
    host: Host, db: Server, ending: str
) -> None:
    host.fake("zstd", 'exec gzip "$@"')
    db.sql("CREATE DATABASE app CHARACTER SET utf8mb4; CREATE TABLE app.t (a text)")
    db.sql("SET NAMES utf8mb4; INSERT INTO app.t VALUES ('ü \\\\ 😀')")
    target = host.root / f"app.sql{ending}"
    arguments = {"target": str(target), "encoding": "utf8mb4"}
    assert database(host, db, name="app", state="dump", **arguments).failed is None
    assert target.stat().st_mode & 0o777 == 0o644
    target.chmod(0o600)
    assert database(host, db, name="app", state="dump", **arguments).failed is None
    assert target.stat().st_mode & 0o777 == 0o600
    copied = database(host, db, name="copy", state="import", **arguments)
    assert copied.changes == ("create database copy", f"import database copy from {target}")
    assert db.sql("SET NAMES utf8mb4; SELECT a FROM copy.t") == "ü \\ 😀\n"
    assert [path.name for path in host.root.iterdir()] == [target.name]


def test_a_failed_dump_keeps_the_existing_file(host: Host, db: Server) -> None:
    db.sql("CREATE DATABASE app; CREATE TABLE app.t (a int)")
    target = host.root / "app.sql.gz"
    target.write_text("the last one")
    arguments = {"name": "app", "state": "dump", "target": str(target)}
    broken = database(host, db, **arguments, dump_extra_args="--no-such-option")
    assert "no-such-option" in broken.get("stderr")
    assert broken.failed == f"dump database app to {target}: exit 1"
    missing = database(host, db, name="none", state="dump", target=str(target))
    assert missing.failed == "can't dump none: there is no such database"
    assert target.read_text() == "the last one"
    assert [path.name for path in host.root.iterdir()] == [target.name]


def test_a_damaged_compressed_file_fails_the_import(host: Host, db: Server) -> None:
    target = host.root / "app.sql.gz"
    whole = gzip.compress(b"CREATE TABLE t (a int);\n" + bytes(range(32, 120)) * 3)
    target.write_bytes(whole[:-8])
    report = database(host, db, name="app", state="import", target=str(target))
    assert report.failed == f"import database app from {target}: exit 1"
    none = str(Path(host.root, "none"))
    gone = database(host, db, name="app", state="import", target=none)
    assert gone.failed == f"target {none} does not exist on the host"


VALUES = [
    ("max_connections", "77", "77"),
    ("log_bin_trust_function_creators", "1", "ON"),
    ("foreign_key_checks", "off", "OFF"),
    ("long_query_time", "2.5", "2.500000"),
    ("init_connect", "SET @a = 'x'", "SET @a = 'x'"),
    ("sql_mode", "no_zero_date,STRICT_TRANS_TABLES", "STRICT_TRANS_TABLES,NO_ZERO_DATE"),
    ("binlog_format", "row", "ROW"),
    ("sql_mode", "", ""),
]


@pytest.mark.parametrize(("name", "value", "shown"), VALUES)
def test_a_variable_is_read_and_set_once(
    host: Host, db: Server, name: str, value: str, shown: str
) -> None:
    login = {"login_unix_socket": db.socket, "login_user": "root", "variable": name}
    before = db.sql(f"SELECT @@GLOBAL.{name}")
    change = f"set {name} = {value}"
    assert host.look("mysql_variables", **login, value=value).changes == (change,)
    assert db.sql(f"SELECT @@GLOBAL.{name}") == before
    report = host.run("mysql_variables", **login, value=value)
    assert (report.failed, report.changes) == (None, (change,))
    assert (
        find_module("mysql_variables").from_arguments({**login, "value": value}).finish(report)
        == {}
    )
    assert host.run("mysql_variables", **login, value=value).changes == ()
    assert host.returned("mysql_variables", **login) == {"msg": shown}
    db.sql(f"SET GLOBAL {name} = DEFAULT")


def test_an_unknown_variable_or_a_value_that_the_server_changes_is_a_failure(
    host: Host, db: Server
) -> None:
    login = {"login_unix_socket": db.socket, "login_user": "root"}
    report = host.run("mysql_variables", **login, variable="no_such")
    assert report.failed == 'Variable not available "no_such"'
    tiny = {**login, "variable": "max_connections", "value": "1"}
    report = host.run("mysql_variables", **tiny)
    with pytest.raises(ModuleError, match="set max_connections = 1: the server has set it to 10"):
        find_module("mysql_variables").from_arguments(tiny).finish(report)
    db.sql("SET GLOBAL max_connections = DEFAULT")
