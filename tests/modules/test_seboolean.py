"""The module seboolean."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host

ENABLED = Path("/sys/fs/selinux/enforce").exists()


@pytest.mark.skipif(ENABLED, reason="needs a machine without SELinux")
def test_without_selinux_a_look_reports_a_change_and_a_run_fails(host: Host) -> None:
    assert host.look("seboolean", name="x", state=True).changes
    assert "SELinux is disabled" in (host.run("seboolean", name="x", state=True).failed or "")


def test_a_name_with_a_semicolon_is_refused() -> None:
    with pytest.raises(InvalidArguments):
        find_module("seboolean").from_arguments({"name": "a;b", "state": True})
