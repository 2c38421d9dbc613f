"""mysql_variables with a real MariaDB on this machine."""

from __future__ import annotations

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.base import ModuleError
from tests.modules.conftest import Host
from tests.modules.mysql_server import MysqlServer

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
    host: Host, mysql: MysqlServer, name: str, value: str, shown: str
) -> None:
    login = {"login_unix_socket": mysql.socket, "login_user": "root", "variable": name}
    before = mysql.sql(f"SELECT @@GLOBAL.{name}")
    change = f"set {name} = {value}"
    assert host.look("mysql_variables", **login, value=value).changes == (change,)
    assert mysql.sql(f"SELECT @@GLOBAL.{name}") == before
    report = host.run("mysql_variables", **login, value=value)
    assert (report.failed, report.changes) == (None, (change,))
    assert (
        find_module("mysql_variables").from_arguments({**login, "value": value}).finish(report)
        == {}
    )
    assert host.run("mysql_variables", **login, value=value).changes == ()
    assert host.returned("mysql_variables", **login) == {"msg": shown}
    mysql.sql(f"SET GLOBAL {name} = DEFAULT")


def test_an_unknown_variable_or_a_value_that_the_server_changes_is_a_failure(
    host: Host, mysql: MysqlServer
) -> None:
    login = {"login_unix_socket": mysql.socket, "login_user": "root"}
    report = host.run("mysql_variables", **login, variable="no_such")
    assert report.failed == 'Variable not available "no_such"'
    tiny = {**login, "variable": "max_connections", "value": "1"}
    report = host.run("mysql_variables", **tiny)
    with pytest.raises(ModuleError, match="set max_connections = 1: the server has set it to 10"):
        find_module("mysql_variables").from_arguments(tiny).finish(report)
    mysql.sql("SET GLOBAL max_connections = DEFAULT")
