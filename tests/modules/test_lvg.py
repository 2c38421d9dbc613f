"""The module lvg, with fake LVM commands."""

from __future__ import annotations

from tests.modules.conftest import Host
from tests.modules.fake_lvm import changes_once, install


def test_a_volume_group_is_created_and_its_devices_are_changed(host: Host) -> None:
    item, two = install(host, "one", "two")
    assert changes_once(host, "lvg", vg="data", pvs=item) == ("create volume group data",)
    added = (f"add {two} to volume group data",)
    assert changes_once(host, "lvg", vg="data", pvs=[item, two]) == added
    taken = (f"take {item} from volume group data",)
    assert changes_once(host, "lvg", vg="data", pvs=[two]) == taken
    assert not changes_once(host, "lvg", vg="data")
    assert changes_once(host, "lvg", vg="data", state="absent") == ("remove volume group data",)


def test_the_commands_get_the_options(host: Host) -> None:
    (item,) = install(host, "one")
    host.run("lvg", vg="v", pvs=item, pesize="16", pv_options="-Z y", vg_options="--clustered n")
    assert [call for call in host.calls() if "create" in call] == [
        f"pvcreate -y -Z y {item}",
        f"vgcreate --clustered n -s 16 v {item}",
    ]


def test_a_group_with_volumes_is_removed_only_with_force(host: Host) -> None:
    (item,) = install(host, "one")
    host.run("lvg", vg="data", pvs=item)
    host.run("lvol", vg="data", lv="l", size="100m")
    assert "1 logical volumes: set force: true" in (
        host.run("lvg", vg="data", state="absent").failed or ""
    )
    assert changes_once(host, "lvg", vg="data", state="absent", force=True)


def test_a_device_of_another_group_is_a_failure(host: Host) -> None:
    (item,) = install(host, "one")
    host.run("lvg", vg="data", pvs=item)
    report = host.run("lvg", vg="other", pvs=item)
    assert report.failed == "create volume group other: exit 1"
    assert f"{item} is part of the group data" in report.get("stderr")


def test_a_missing_device_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    install(host)
    assert host.look("lvg", vg="data", pvs="/dev/none").changes
    assert "does not exist" in (host.run("lvg", vg="data", pvs="/dev/none").failed or "")
