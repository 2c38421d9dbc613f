"""lvg and lvol, on a pretended LVM."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from provisioner.modules import find_module
from tests.modules.conftest import Host
from tests.modules.pretended_lvm import pretend

GIB = 1 << 30


def changes_once(host: Host, module: str, **given: Any) -> tuple[str, ...]:
    """Look says it, apply does it, then there is nothing more to do."""
    seen = host.look(module, **given)
    assert seen.failed is None
    done = host.run(module, **given)
    assert done.failed is None
    assert bool(seen.changes) == bool(done.changes)
    assert (host.look(module, **given).changes, host.run(module, **given).changes) == ((), ())
    return done.changes


def test_a_volume_group_is_made_of_devices_and_follows_their_list(host: Host) -> None:
    one, two = pretend(host, "one", "two")
    assert changes_once(host, "lvg", vg="data", pvs=one) == ("create volume group data",)
    added = (f"add {two} to volume group data",)
    assert changes_once(host, "lvg", vg="data", pvs=[one, two]) == added
    taken = (f"take {one} from volume group data",)
    assert changes_once(host, "lvg", vg="data", pvs=[two]) == taken
    assert not changes_once(host, "lvg", vg="data")
    assert changes_once(host, "lvg", vg="data", state="absent") == ("remove volume group data",)


def test_the_commands_get_the_options(host: Host) -> None:
    (one,) = pretend(host, "one")
    host.run("lvg", vg="v", pvs=one, pesize="16", pv_options="-Z y", vg_options="--clustered n")
    assert [call for call in host.calls() if "create" in call] == [
        f"pvcreate -y -Z y {one}",
        f"vgcreate --clustered n -s 16 v {one}",
    ]


def test_a_group_with_volumes_is_removed_by_force_only(host: Host) -> None:
    (one,) = pretend(host, "one")
    host.run("lvg", vg="data", pvs=one)
    host.run("lvol", vg="data", lv="l", size="100m")
    assert "1 logical volumes: it stays" in (
        host.run("lvg", vg="data", state="absent").failed or ""
    )
    assert changes_once(host, "lvg", vg="data", state="absent", force=True)


def test_a_device_of_another_group_is_left_alone(host: Host) -> None:
    (one,) = pretend(host, "one")
    host.run("lvg", vg="data", pvs=one)
    report = host.run("lvg", vg="other", pvs=one)
    assert report.failed == "create volume group other: exit 1"
    assert f"{one} is part of the group data" in report.get("stderr")


SIZES = [
    ("512", 512 << 20),
    ("256m", 256 << 20),
    ("0.5g", 512 << 20),
    ("50%VG", GIB),
    ("100%FREE", 2 * GIB),
]


@pytest.mark.parametrize(("size", "wanted"), SIZES)
def test_a_volume_is_made_once_in_all_sizes(host: Host, size: str, wanted: int) -> None:
    host.run("lvg", vg="data", pvs=pretend(host, "one", "two"))
    made = ("create logical volume data/l",)
    assert changes_once(host, "lvol", vg="data", lv="l", size=size) == made
    assert int((host.root.parent / "home/lvm/vg/data/l").read_text()) == wanted


def test_a_volume_grows_and_shrinks_by_force_only(host: Host) -> None:
    host.run("lvg", vg="data", pvs=pretend(host, "one"))
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


def test_a_volume_is_deactivated_and_removed_by_force_only(host: Host) -> None:
    host.run("lvg", vg="data", pvs=pretend(host, "one"))
    host.run("lvol", vg="data", lv="l", size="256m")
    off = ("deactivate logical volume data/l",)
    assert changes_once(host, "lvol", vg="data", lv="l", active=False) == off
    assert "holds data" in (host.run("lvol", vg="data", lv="l", state="absent").failed or "")
    gone = ("remove logical volume data/l",)
    assert changes_once(host, "lvol", vg="data", lv="l", state="absent", force=True) == gone


def test_what_an_earlier_task_makes_is_foreseen_by_a_look(host: Host) -> None:
    pretend(host)
    assert host.look("lvg", vg="data", pvs="/dev/none").changes
    assert "is not there" in (host.run("lvg", vg="data", pvs="/dev/none").failed or "")
    assert host.look("lvol", vg="data", lv="l", size="1g").changes
    assert "no volume group" in (host.run("lvol", vg="data", lv="l", size="1g").failed or "")


@pytest.mark.parametrize("given", [{"vg": "v"}, {"vg": "v", "lv": "l", "size": "big"}])
def test_wrong_arguments_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        find_module("lvol").model_validate(given)
