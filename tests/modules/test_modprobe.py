"""The module modprobe, with a fake modprobe command."""

from __future__ import annotations

from pathlib import Path

from tests.modules.conftest import Host


def test_a_module_that_is_in_the_kernel_is_left_alone(host: Host) -> None:
    host.fake("modprobe", "exit 1")
    present = next(path.name for path in sorted(Path("/sys/module").iterdir()))
    assert not host.run("modprobe", name=present).changes
    assert host.calls() == []


def test_a_module_is_loaded_with_its_parameters(host: Host) -> None:
    host.fake("modprobe", "exit 0")
    given = {"name": "no-such-module", "params": "a=1 b=2"}
    assert host.look("modprobe", **given).changes == ("load kernel module no-such-module",)
    assert host.calls() == []
    report = host.run("modprobe", **given)
    assert host.calls() == ["modprobe -- no-such-module a=1 b=2"]
    assert "still untrue" in (report.failed or "")
    assert not host.run("modprobe", name="no-such-module", state="absent").changes
