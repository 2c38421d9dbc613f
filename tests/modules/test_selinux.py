"""The module selinux."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing

ENABLED = Path("/sys/fs/selinux/enforce").exists()

CONFIG = "# comment\nSELINUX=enforcing\nSELINUXTYPE=targeted\n"


@pytest.mark.skipif(ENABLED, reason="would change this machine's SELinux")
def test_the_configuration_file_is_edited_once(host: Host) -> None:
    path = host.root / "config"
    path.write_text(CONFIG)
    args = {"state": "disabled", "configfile": str(path)}
    before = listing(host.root)
    assert host.look("selinux", **args).changes
    assert listing(host.root) == before
    assert host.run("selinux", **args).changes == (f"set SELinux to disabled in {path}",)
    assert path.read_text() == CONFIG.replace("enforcing", "disabled")
    assert not host.run("selinux", **args).changes


@pytest.mark.skipif(ENABLED, reason="needs a machine without SELinux")
def test_without_selinux_a_look_reports_a_change_and_a_run_fails_with_a_hint(host: Host) -> None:
    config = str(host.root / "none")
    args = {"state": "enforcing", "policy": "targeted", "configfile": config}
    report = host.look("selinux", **args)
    assert report.changes
    assert host.values("selinux", report, **args)["reboot_required"]
    assert "install selinux-policy-targeted" in (host.run("selinux", **args).failed or "")


def test_a_mode_without_a_policy_is_refused() -> None:
    with pytest.raises(InvalidArguments):
        find_module("selinux").from_arguments({"state": "enforcing"})
