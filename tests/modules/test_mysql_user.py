"""mysql_user with a real MariaDB on this machine, which may pretend to be version 5.5."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.base import ModuleError
from provisioner.modules.mysql_user import privileges
from provisioner.modules.mysql_user.account import hashed
from provisioner.remote.shell import Mode, Report
from tests.modules.conftest import Host
from tests.modules.mysql_server import MysqlServer


def old(host: Host) -> None:
    """Let the client report the version of CentOS 7's server."""
    real = shutil.which("mysql")
    host.fake("mysql", f"{real} \"$@\" | sed 's/^10\\.[0-9.]*-MariaDB[^\t]*/5.5.68-MariaDB/'")


def user(host: Host, mysql: MysqlServer, how: Mode = "apply", /, **arguments: Any) -> Report:
    return host.run(
        "mysql_user", how, login_unix_socket=mysql.socket, login_user="root", **arguments
    )


def settled(host: Host, mysql: MysqlServer, /, **arguments: Any) -> tuple[str, ...]:
    """Run look, check, apply and apply again; return the changes, which apply makes once."""
    names = mysql.sql("SELECT User, Host FROM mysql.user ORDER BY 1, 2")
    looked = user(host, mysql, "look", **arguments).changes
    assert user(host, mysql, "check", **arguments).changes == looked
    assert mysql.sql("SELECT User, Host FROM mysql.user ORDER BY 1, 2") == names
    report = user(host, mysql, **arguments)
    assert (report.failed, report.changes) == (None, looked)
    assert find_module("mysql_user").from_arguments(arguments).finish(report) == {}
    assert user(host, mysql, **arguments).changes == ()
    assert user(host, mysql, "look", **arguments).changes == ()
    return report.changes


PASSWORD = "s3'c\"r\\et#ü"


@pytest.mark.parametrize("version", ["own", "5.5"])
def test_a_user_is_created_once_with_password_and_privileges(
    host: Host, mysql: MysqlServer, version: str
) -> None:
    if version == "5.5":
        old(host)
    mysql.sql("CREATE DATABASE app")
    arguments = {"name": "o'app", "password": PASSWORD, "priv": "app.*:ALL/*.*:PROCESS"}
    assert settled(host, mysql, **arguments)[0] == "create user o'app@localhost"
    done = subprocess.run(
        ["mysql", f"--socket={mysql.socket}", "--user=o'app", f"--password={PASSWORD}", "app"],
        input="CREATE TABLE t (a int)",
        text=True,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("version", ["own", "5.5"])
def test_a_different_password_is_set_unless_on_create_keeps_it(
    host: Host, mysql: MysqlServer, version: str
) -> None:
    if version == "5.5":
        old(host)
    mysql.sql("CREATE USER app@localhost IDENTIFIED BY 'first'")
    kept = user(host, mysql, name="app", password="new", update_password="on_create")
    assert kept.changes == ()
    changes = settled(host, mysql, name="app", password="second")
    assert changes == ("set the password of app@localhost",)
    assert mysql.sql("SELECT Password FROM mysql.user WHERE User = 'app'").strip() == hashed(
        "second"
    )


@pytest.mark.parametrize("version", ["own", "5.5"])
def test_tls_requirements_and_limits_are_set_and_removed(
    host: Host, mysql: MysqlServer, version: str
) -> None:
    if version == "5.5":
        old(host)
    limits = {"MAX_USER_CONNECTIONS": 5, "max_queries_per_hour": "7"}
    settled(host, mysql, name="app", tls_requires={"SSL": None}, resource_limits=limits)
    (line,) = mysql.grants("app@localhost")
    assert line.endswith("REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 7 MAX_USER_CONNECTIONS 5")
    settled(host, mysql, name="app", tls_requires={"issuer": "/CN=it's", "SSL": None})
    assert "ISSUER '/CN=it" in mysql.grants("app@localhost")[0]
    assert settled(host, mysql, name="app") == ("set the TLS requirements of app@localhost",)
    assert "REQUIRE" not in mysql.grants("app@localhost")[0]


def test_privileges_become_exactly_those_of_the_task(host: Host, mysql: MysqlServer) -> None:
    mysql.sql(
        "CREATE DATABASE app; CREATE DATABASE other; CREATE TABLE app.t (One int, two int);"
        "CREATE USER app@'%'; GRANT ALL ON other.* TO app@'%'; GRANT SUPER ON *.* TO app@'%';"
        "GRANT SELECT ON app.* TO app@'%' WITH GRANT OPTION;"
    )
    priv = {"app.*": "SELECT,INSERT", "app.t": "UPDATE(two, One)"}
    assert settled(host, mysql, name="app", host="%", priv=priv) == (
        "revoke SUPER ON *.* FROM 'app'@'%'",
        "revoke ALL ON `other`.* FROM 'app'@'%'",
        "revoke GRANT OPTION ON `app`.* FROM 'app'@'%'",
        "grant INSERT ON `app`.* TO 'app'@'%'",
        "grant UPDATE (`one`, `two`) ON `app`.`t` TO 'app'@'%'",
    )
    granted = privileges.parse_grants("\n".join(mysql.grants("app@'%'")))["%"]
    del granted["*.*"]
    assert granted == privileges.parse_priv(priv)


def test_privileges_are_appended_and_subtracted(host: Host, mysql: MysqlServer) -> None:
    mysql.sql(
        "CREATE DATABASE app; CREATE USER app@localhost; GRANT SELECT ON app.* TO app@localhost"
    )
    more = {"name": "app", "priv": "app.*:INSERT/*.*:REPLICATION CLIENT", "append_privs": True}
    assert len(settled(host, mysql, **more)) == 2
    assert len(settled(host, mysql, name="app", priv="app.*:SELECT,DROP", subtract_privs=True)) == 1
    assert "GRANT INSERT ON `app`.* TO `app`@`localhost`" in mysql.grants("app@localhost")


def test_privileges_on_columns_are_granted_and_revoked_one_by_one(
    host: Host, mysql: MysqlServer
) -> None:
    mysql.sql("CREATE DATABASE app; CREATE TABLE app.t (a int, b int); CREATE USER app@localhost")
    mysql.sql("GRANT SELECT (a, b), UPDATE (a) ON app.t TO app@localhost")
    given: dict[str, Any] = {"name": "app", "priv": "app.t:SELECT(a)"}
    assert settled(host, mysql, **given, append_privs=True) == ()
    assert settled(host, mysql, name="app", priv="app.t:SELECT(a),SELECT(b),UPDATE(a)") == ()
    assert settled(host, mysql, **given, subtract_privs=True) == (
        "revoke SELECT (`a`) ON `app`.`t` FROM 'app'@'localhost'",
    )
    assert "GRANT SELECT (`b`), UPDATE (`a`) ON `app`.`t` TO `app`@`localhost`" in mysql.grants(
        "app@localhost"
    )


def test_all_privileges_and_the_grant_option_are_granted_and_revoked(
    host: Host, mysql: MysqlServer
) -> None:
    settled(host, mysql, name="app", priv="*.*:ALL,GRANT")
    assert mysql.grants("app@localhost")[0].endswith("WITH GRANT OPTION")
    assert len(settled(host, mysql, name="app", priv="*.*:ALL")) == 1
    assert len(settled(host, mysql, name="app", priv="*.*:USAGE")) == 1
    assert mysql.grants("app@localhost") == ["GRANT USAGE ON *.* TO `app`@`localhost`"]


def test_root_keeps_privileges_that_the_task_does_not_name(host: Host, mysql: MysqlServer) -> None:
    mysql.sql("CREATE DATABASE app; GRANT SELECT ON app.* TO root@localhost")
    assert user(host, mysql, name="root", priv="*.*:ALL,GRANT").changes == ()
    assert user(host, mysql, "look", name="root", priv="app.*:SELECT").changes == ()
    mysql.sql("REVOKE SELECT ON app.* FROM root@localhost")


def test_on_new_username_gives_a_new_account_the_password_of_the_user(
    host: Host, mysql: MysqlServer
) -> None:
    mysql.sql("CREATE USER app@localhost IDENTIFIED BY 'first'")
    given = {"password": "second", "update_password": "on_new_username"}
    settled(host, mysql, name="app", host="10.0.%", **given)
    found = mysql.sql("SELECT DISTINCT Password FROM mysql.user WHERE User = 'app'")
    assert found.splitlines() == [hashed("first")]


def test_a_user_is_dropped_at_one_host_or_at_all_hosts(host: Host, mysql: MysqlServer) -> None:
    mysql.sql("CREATE USER app@localhost; CREATE USER app@'%'; CREATE USER app@'::1'")
    assert settled(host, mysql, name="app", host="%", state="absent") == ("drop user app@%",)
    assert len(settled(host, mysql, name="app", host_all=True, state="absent")) == 2


def test_no_secret_is_in_a_command_line(host: Host, mysql: MysqlServer) -> None:
    mysql.sql("CREATE USER boss@localhost IDENTIFIED BY 'boss-secret'")
    mysql.sql("GRANT ALL ON *.* TO boss@localhost WITH GRANT OPTION")
    host.fake("mysql", f'exec {shutil.which("mysql")} "$@"')
    report = host.run(
        "mysql_user",
        name="app",
        password="app-secret",
        login_unix_socket=mysql.socket,
        login_user="boss",
        login_password="boss-secret",
    )
    assert report.changes == ("create user app@localhost",)
    calls = " ".join(host.calls())
    assert "--defaults-file=" in calls
    assert "secret" not in calls
    assert hashed("app-secret") not in calls


def test_the_error_for_a_refused_statement_has_its_hash_masked(
    host: Host, mysql: MysqlServer
) -> None:
    report = user(host, mysql, name="a" * 200, password="x")
    assert report.failed == f"set user {'a' * 200}@localhost: exit 1"
    assert report.get("stderr").startswith("ERROR 1470")
    assert hashed("x") not in str(report)
    given = {"plugin": "no_such_plugin", "plugin_hash_string": "kept-secret"}
    report = user(host, mysql, name="app", **given)
    assert "no_such_plugin" in report.get("stderr")
    assert "kept-secret" not in str(report)


def test_parameters_have_priority_over_the_option_file(host: Host, mysql: MysqlServer) -> None:
    mysql.sql("CREATE USER boss@localhost IDENTIFIED BY 'boss-secret'")
    own = host.root / "my.cnf"
    own.write_text("[client]\nuser=boss\npassword=wrong\n")
    given = {"config_file": str(own), "login_unix_socket": mysql.socket, "name": "app"}
    refused = host.run("mysql_user", **given)
    assert "Access denied for user 'boss'" in (refused.failed or "")
    assert "login_password" in refused.get("hint")
    assert host.run("mysql_user", **given, login_user="root", login_password="").changes
    mysql.sql("DROP USER app@localhost")
    assert host.run("mysql_user", **given, check_implicit_admin=True).changes


def test_check_mode_does_not_fail_without_a_server(host: Host, mysql: MysqlServer) -> None:
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
    host: Host, mysql: MysqlServer
) -> None:
    report = user(host, mysql, name="app", priv="*.*:SELECT,NONSENSE")
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
    with pytest.raises(ModuleError, match="create user app@localhost: the change had no effect"):
        model.finish(report)


@pytest.mark.parametrize("what", ["my db.t", "`my.db`.`a.b`", "`we``ird`.*", "we`ird.*"])
def test_objects_in_privileges_may_be_quoted(host: Host, mysql: MysqlServer, what: str) -> None:
    mysql.sql("CREATE DATABASE `my db`; CREATE TABLE `my db`.t (a int); CREATE DATABASE `we``ird`")
    mysql.sql("CREATE DATABASE `my.db`; CREATE TABLE `my.db`.`a.b` (a int)")
    assert len(settled(host, mysql, name="app", priv=f"{what}:SELECT")) == 2


@pytest.mark.parametrize("name", ["back\\", "", "ü%s", 'a"b`c'])
def test_a_user_name_may_have_special_characters(host: Host, mysql: MysqlServer, name: str) -> None:
    mysql.sql("CREATE DATABASE `my_app`")
    given: dict[str, Any] = {"name": name, "host": "10.0.%", "password": "x"}
    settled(host, mysql, **given, priv=r"my\_app.*:SELECT")
    assert len(settled(host, mysql, name=name, host_all=True, state="absent")) == 1


@pytest.mark.parametrize("word", ["a 'b=\\#\"c", "ü; #x", "\\n\\s%", " edge "])
def test_a_login_by_password_reaches_the_server(host: Host, mysql: MysqlServer, word: str) -> None:
    mysql.sql("CREATE USER boss@localhost; GRANT ALL ON *.* TO boss@localhost WITH GRANT OPTION")
    mysql.sql(f"SET PASSWORD FOR boss@localhost = '{hashed(word)}'")
    given = {"login_unix_socket": mysql.socket, "login_user": "boss", "login_password": word}
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
