"""Parse privileges of MariaDB and MySQL."""

from __future__ import annotations

import pytest

from provisioner.modules.mysql_user import privileges


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
