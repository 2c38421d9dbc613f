"""The module group, with fake account commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.modules import fake_accounts
from tests.modules.conftest import Host, listing


@pytest.fixture
def etc(host: Host) -> Path:
    """The folder with the fake passwd, group and shadow files."""
    return fake_accounts.install(host)


def test_a_used_group_number_is_the_reason_of_the_failure(host: Host, etc: Path) -> None:
    host.fake("groupadd", "exit 4")
    failed = host.run("group", name="web", gid=990).failed or ""
    assert "GID '990' already exists with group 'docker'" in failed


def test_a_group_is_created_renumbered_and_removed(host: Host, etc: Path) -> None:
    before = listing(host.root)
    assert host.look("group", name="app", gid=1500).changes == ("create group app",)
    assert listing(host.root) == before
    assert host.run("group", name="app", gid=1500).changes == ("create group app",)
    report = host.run("group", name="app", gid=1500)
    assert not report.changes
    assert host.values("group", report, name="app", gid=1500)["gid"] == 1500
    assert host.run("group", name="app", gid=1600).changes == ("set gid of group app: 1600",)
    assert host.run("group", name="app", state="absent").changes == ("remove group app",)
    assert not host.run("group", name="app", state="absent").changes
