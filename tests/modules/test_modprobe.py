"""The module modprobe, with a fake modprobe command."""

from __future__ import annotations

from pathlib import Path

from tests.modules.conftest import Host


def test_a_loaded_module_is_not_loaded_again(host: Host) -> None:
    host.fake("modprobe", "exit 1")
    present = next(path.name for path in sorted(Path("/sys/module").iterdir()))
    assert not host.run("modprobe", name=present).changes
    assert host.calls() == []


def test_a_module_is_loaded_with_its_parameters(host: Host) -> None:
    host.fake("modprobe", "exit 0")
    args = {"name": "no-such-module", "params": "a=1 b=2"}
    assert host.look("modprobe", **args).changes == ("load kernel module no-such-module",)
    assert host.calls() == []
    report = host.run("modprobe", **args)
    assert host.calls() == ["modprobe -- no-such-module a=1 b=2"]
    assert "the change had no effect" in (report.failed or "")
    assert not host.run("modprobe", name="no-such-module", state="absent").changes
