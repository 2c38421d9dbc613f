"""What postgresql_user and postgresql_db do alike: check parameters, log in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from provisioner.modules import find_module
from tests.modules.conftest import Host

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


def test_check_mode_does_not_fail_without_a_server(host: Host) -> None:
    nowhere = {"login_unix_socket": str(host.root), "name": "app"}
    for kind, change in (("user", "set user app"), ("db", "create database app")):
        report = host.run(f"postgresql_{kind}", "check", **nowhere)
        assert (report.failed, report.changes) == (None, (change,))
        assert "can't be asked: psql" in report.get("assumed")
        failed = host.run(f"postgresql_{kind}", **nowhere)
        assert "can't be asked: psql" in (failed.failed or "")
        assert "become_user: postgres" in failed.get("hint")
