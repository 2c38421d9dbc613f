"""The module mount."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.remote.shell import Report
from tests.modules.conftest import Host, listing


@pytest.fixture
def fstab(host: Host) -> Path:
    for tool in ("mount", "umount"):
        host.fake(tool, "exit 0")
    return host.root / "fstab"


def run(host: Host, fstab: Path, how: str = "apply", **arguments: Any) -> Report:
    args = {"path": "/mnt/it", "src": "/dev/sdb1", "fstype": "xfs", "fstab": str(fstab)}
    return host.run("mount", how, **(args | arguments))  # type: ignore[arg-type]


LINE = "/dev/sdb1 /mnt/it xfs defaults 0 0\n"
EDITS: list[tuple[str, dict[str, Any], str]] = [
    ("", {}, LINE),
    ("# c\n\nUUID=1 / xfs defaults 0 1", {}, f"# c\n\nUUID=1 / xfs defaults 0 1\n{LINE}"),
    ("/dev/old /mnt/it ext4 ro\na b c d 0 0\n", {}, f"{LINE}a b c d 0 0\n"),
    ("", {"opts": "ro", "boot": False}, "/dev/sdb1 /mnt/it xfs ro,noauto 0 0\n"),
    ("", {"path": "/mnt/a b"}, "/dev/sdb1 /mnt/a\\040b xfs defaults 0 0\n"),
    (f"a b c d 0 0\n{LINE}", {"state": "absent_from_fstab"}, "a b c d 0 0\n"),
    (
        "/dev/sda3 none swap sw 0 0\n",
        {"path": "none", "fstype": "swap"},
        "/dev/sda3 none swap sw 0 0\n/dev/sdb1 none swap defaults 0 0\n",
    ),
]


@pytest.mark.parametrize(("before", "arguments", "after"), EDITS)
def test_the_line_of_the_mount_point_is_set_and_other_lines_are_kept(
    host: Host, fstab: Path, before: str, arguments: dict[str, Any], after: str
) -> None:
    if before:
        fstab.write_text(before)
    args = {"state": "present", **arguments}
    listed = listing(host.root)
    assert run(host, fstab, "look", **args).changes
    assert listing(host.root) == listed
    assert run(host, fstab, **args).changes
    assert fstab.read_text() == after
    assert not run(host, fstab, **args).changes
    assert host.calls() == []


@pytest.mark.parametrize("line", ["/dev/sdb1\t/mnt/it  xfs defaults\n", LINE])
def test_a_line_with_the_same_meaning_is_not_changed(host: Host, fstab: Path, line: str) -> None:
    fstab.write_text(line)
    assert not run(host, fstab, state="present").changes


def test_a_mounted_file_system_is_remounted_when_its_line_changes(host: Host, fstab: Path) -> None:
    args = {"path": "/proc", "src": "proc", "fstype": "proc", "state": "mounted"}
    report = run(host, fstab, **args)
    assert report.changes == (f"set /proc in {fstab}", "remount /proc")
    assert host.calls() == ["mount -o remount -- /proc"]
    assert not run(host, fstab, **args).changes


def test_a_mount_that_can_not_be_remounted_is_unmounted_and_mounted(
    host: Host, fstab: Path
) -> None:
    host.fake("mount", 'case $2 in remount) echo "mount point is busy" >&2; exit 32 ;; esac')
    report = run(host, fstab, path="/proc", src="/srv", state="mounted", opts="bind,ro")
    assert (report.failed, report.changes[-1]) == (None, "remount /proc")
    named = f"mount -T {fstab} -- /proc"
    assert host.calls() == ["mount -o remount -- /proc", "umount -- /proc", named]


def test_a_mount_without_effect_is_a_failure(host: Host, fstab: Path) -> None:
    report = run(host, fstab, path=str(host.root / "point"), state="mounted")
    assert "the change had no effect" in (report.failed or "")
    assert (host.root / "point").is_dir()


def test_absent_removes_the_line_and_the_directory(host: Host, fstab: Path) -> None:
    point = host.root / "point"
    point.mkdir()
    fstab.write_text(f"/dev/sdb1 {point} xfs defaults 0 0\n")
    assert len(run(host, fstab, path=str(point), state="absent").changes) == 2
    assert (fstab.read_text(), point.exists()) == ("", False)
    assert not run(host, fstab, path=str(point), state="absent").changes


@pytest.mark.parametrize("arguments", [{"state": "mounted"}, {"state": "absent", "path": "x"}])
def test_missing_arguments_are_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("mount").from_arguments({"path": "/x", **arguments})
