"""The module tempfile."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.modules import find_module
from tests.modules.conftest import Host


@pytest.mark.parametrize(("state", "mode"), [("file", "0600"), ("directory", "0700")])
def test_each_run_creates_a_new_file(host: Host, state: str, mode: str) -> None:
    arguments = {"state": state, "path": str(host.root), "prefix": "-a b.", "suffix": ".x"}
    assert host.look("tempfile", **arguments).changes
    assert not list(host.root.iterdir())
    paths = []
    for _ in range(2):
        report = host.run("tempfile", **arguments)
        values = host.values("tempfile", report, **arguments)
        paths.append(Path(values["path"]))
        assert (values["mode"], values["state"]) == (mode, state)
    assert paths[0] != paths[1]
    assert all(p.name.startswith("-a b.") and p.name.endswith(".x") for p in paths)


def test_check_mode_reports_a_change() -> None:
    assert find_module("tempfile").from_arguments({}).acts


def test_a_missing_directory_is_the_reason_of_the_failure(host: Host) -> None:
    report = host.run("tempfile", path=f"{host.root}/none")
    assert report.failed == "create a temporary file: exit 1"
    assert "No such file or directory" in report.get("stderr")
