"""The module lvol, with fake LVM commands."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host
from tests.modules.fake_lvm import changes_once, install

GIB = 1 << 30


SIZES = [
    ("512", 512 << 20),
    ("256m", 256 << 20),
    ("0.5g", 512 << 20),
    ("50%VG", GIB),
    ("100%FREE", 2 * GIB),
]


@pytest.mark.parametrize(("size", "wanted"), SIZES)
def test_a_volume_is_created_once_in_all_notations_of_its_size(
    host: Host, size: str, wanted: int
) -> None:
    host.run("lvg", vg="data", pvs=install(host, "one", "two"))
    made = ("create logical volume data/l",)
    assert changes_once(host, "lvol", vg="data", lv="l", size=size) == made
    assert int((host.root.parent / "home/lvm/vg/data/l").read_text()) == wanted


def test_a_volume_grows_and_shrinks_only_with_force(host: Host) -> None:
    host.run("lvg", vg="data", pvs=install(host, "one"))
    host.run("lvol", vg="data", lv="l", size="256m")
    grown = ("grow logical volume data/l to 512m",)
    assert changes_once(host, "lvol", vg="data", lv="l", size="512m", resizefs=True) == grown
    assert f"lvextend --resizefs -L {512 << 20}b data/l" in host.calls()
    report = host.run("lvol", vg="data", lv="l", size="256m")
    assert "shrinking needs force: true" in (report.failed or "")
    assert not changes_once(host, "lvol", vg="data", lv="l", size="256m", shrink=False)
    assert changes_once(host, "lvol", vg="data", lv="l", size="256m", force=True)
    assert "can't grow" in (host.run("lvol", vg="data", lv="l", size="2g").failed or "")
    assert host.run("lvol", vg="data", lv="l", size="+100%FREE").changes


def test_a_volume_is_deactivated_and_removed_only_with_force(host: Host) -> None:
    host.run("lvg", vg="data", pvs=install(host, "one"))
    host.run("lvol", vg="data", lv="l", size="256m")
    off = ("deactivate logical volume data/l",)
    assert changes_once(host, "lvol", vg="data", lv="l", active=False) == off
    assert "holds data" in (host.run("lvol", vg="data", lv="l", state="absent").failed or "")
    gone = ("remove logical volume data/l",)
    assert changes_once(host, "lvol", vg="data", lv="l", state="absent", force=True) == gone


def test_a_missing_group_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    install(host)
    assert host.look("lvol", vg="data", lv="l", size="1g").changes
    assert "no volume group" in (host.run("lvol", vg="data", lv="l", size="1g").failed or "")


@pytest.mark.parametrize("args", [{"vg": "v"}, {"vg": "v", "lv": "l", "size": "big"}])
def test_wrong_arguments_are_refused(args: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("lvol").from_arguments(args)
