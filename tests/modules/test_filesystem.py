"""The module filesystem."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from provisioner.modules import find_module
from tests.modules.conftest import Host, listing

SIZE = 40 << 20


@pytest.fixture
def device(host: Host) -> Path:
    path = host.root / "dev ice"
    with path.open("wb") as file:
        file.truncate(SIZE)
    return path


def kind(path: Path) -> str:
    words = ["blkid", "-c", "/dev/null", "-o", "value", "-s", "TYPE", str(path)]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


@pytest.mark.parametrize("fstype", ["ext4", "ext3", "swap"])
def test_a_file_system_is_created_once(host: Host, device: Path, fstype: str) -> None:
    args = {"dev": str(device), "fstype": fstype, "opts": "-L 'a b'"}
    before = listing(host.root)
    assert host.look("filesystem", **args).changes == (f"make {fstype} on {device}",)
    assert listing(host.root) == before
    assert host.run("filesystem", **args).failed is None
    assert kind(device) == fstype
    assert not host.run("filesystem", **args).changes
    assert not host.look("filesystem", **args).changes


def test_another_file_system_is_overwritten_only_with_force(host: Host, device: Path) -> None:
    host.run("filesystem", dev=str(device), fstype="ext4")
    report = host.run("filesystem", dev=str(device), fstype="swap")
    assert report.failed is not None
    assert report.failed.startswith(f"{device} holds ext4, not swap: set force: true")
    assert kind(device) == "ext4"
    assert host.run("filesystem", dev=str(device), fstype="swap", force=True).changes
    assert kind(device) == "swap"


def test_ext4_grows_with_its_device(host: Host, device: Path) -> None:
    args = {"dev": str(device), "fstype": "ext4", "resizefs": True}
    host.run("filesystem", **args)
    assert not host.look("filesystem", **args).changes
    with device.open("r+b") as file:
        file.truncate(SIZE + (8 << 20))
    assert not host.look("filesystem", dev=str(device), fstype="ext4").changes
    assert host.look("filesystem", **args).changes == (f"grow the ext4 of {device}",)
    if shutil.which("resize2fs") is None:
        pytest.skip("no resize2fs here")
    assert host.run("filesystem", **args).failed is None
    assert not host.run("filesystem", **args).changes


def test_absent_removes_the_signatures(host: Host, device: Path) -> None:
    assert not host.look("filesystem", dev=str(device), state="absent").changes
    host.run("filesystem", dev=str(device), fstype="ext4")
    report = host.run("filesystem", dev=str(device), state="absent")
    assert (report.failed, report.changes) == (None, (f"wipe ext4 from {device}",))
    assert kind(device) == ""
    assert not host.run("filesystem", dev=str(device), state="absent").changes


def test_a_missing_device_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    args = {"dev": f"{host.root}/no", "fstype": "ext4"}
    assert host.look("filesystem", **args).changes
    assert "does not exist" in (host.run("filesystem", **args).failed or "")
    assert not host.run("filesystem", dev=f"{host.root}/no", state="absent").changes


def test_a_physical_volume_is_created_and_grown(host: Host, device: Path) -> None:
    host.fake("blkid", 'cat "$HOME/kind" 2>/dev/null')
    host.fake("blockdev", "echo 41943040")
    host.fake("pvcreate", 'echo LVM2_member >"$HOME/kind"')
    host.fake("pvresize", 'touch "$HOME/grown"')
    host.fake("pvs", '[ -e "$HOME/grown" ] && echo 41943040 41000000 4194304 || echo 41943040 9 0')
    args = {"dev": str(device), "fstype": "lvm", "resizefs": True}
    assert host.run("filesystem", **args).changes == (f"make lvm on {device}",)
    assert host.run("filesystem", **args).changes == (f"grow the lvm of {device}",)
    assert not host.run("filesystem", **args).changes
    assert f"pvcreate -y {device}" in host.calls()


def test_fstype_is_needed() -> None:
    with pytest.raises(ValueError, match="fstype is missing"):
        find_module("filesystem").from_arguments({"dev": "/dev/x"})
