"""Writing a file under difficulties: the old file is kept, and the failure has a reason."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.modules.conftest import Host

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="mounts need root")

BIG = b"x" * 200_000


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("streamed", [True, False])
def test_a_full_disk_keeps_the_old_file_and_the_session_works_on(
    host: Host, small: Path, streamed: bool
) -> None:
    (small / "f").write_text("old")
    (host.context.folder / "big").write_bytes(BIG)
    if streamed:
        report = host.run("copy", src="big", dest=f"{small}/f", mode="0644")
    else:
        source = str(host.context.folder / "big")
        report = host.run("copy", src=source, dest=f"{small}/f", remote_src=True)
    assert report.failed == f"can't write {small}/f: No space left on device. It is unchanged."
    assert (small / "f").read_text() == "old"
    assert names(small) == ["f"]
    assert host.run("command", cmd="echo in step").get("stdout") == "in step\n"


@pytest.mark.parametrize("room", [0, 4096, 8192])
def test_a_small_text_for_a_full_disk_keeps_the_old_file(
    host: Host, small: Path, room: int
) -> None:
    (small / "f").write_text("old")
    with (small / "filler").open("wb", buffering=0) as filler:
        with contextlib.suppress(OSError):
            while filler.write(b"x" * 4096):
                pass
        filler.truncate(filler.tell() - room)
    report = host.run("copy", content="y" * 12_000, dest=f"{small}/f")
    assert "No space left on device" in (report.failed or "")
    assert (small / "f").read_text() == "old"
    assert names(small) == ["f", "filler"]


def test_a_download_to_a_full_disk_keeps_the_old_file(host: Host, small: Path) -> None:
    (small / "f").write_text("old")
    (host.root / "big").write_bytes(BIG)
    report = host.run("get_url", url=f"file://{host.root}/big", dest=f"{small}/f", force=True)
    assert report.failed
    assert (small / "f").read_text() == "old"
    assert names(small) == ["f"]


def test_an_edit_on_a_full_disk_keeps_the_old_file(host: Host, small: Path) -> None:
    (small / "f").write_bytes(b"y" * 40_000 + b"\n")
    report = host.run("lineinfile", path=f"{small}/f", line="new")
    assert "No space left on device" in (report.failed or "")
    assert (small / "f").stat().st_size == 40_001
    assert names(small) == ["f"]


def test_after_a_tree_on_a_full_disk_the_session_works_on(host: Host, small: Path) -> None:
    tree = host.context.folder / "tree"
    tree.mkdir()
    for number in range(9):
        (tree / str(number)).write_bytes(b"x" * 20_000)
    report = host.run("copy", src="tree/", dest=str(small))
    assert "No space left on device" in (report.failed or "")
    assert names(small) == ["0", "1", "2"]
    assert host.run("command", cmd="echo in step").get("stdout") == "in step\n"


def test_a_read_only_file_system_is_the_reason_of_the_failure(host: Host, small: Path) -> None:
    (small / "f").write_text("old")
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    assert host.look("copy", content="new", dest=f"{small}/f").changes
    report = host.run("copy", content="new", dest=f"{small}/f")
    assert report.failed == (
        f"can't write in {small}/: Read-only file system. {small}/f is unchanged."
    )
    report = host.run("file", path=f"{small}/f", mode="0600")
    assert report.failed == f"set mode of {small}/f: 0600: exit 1"
    assert "Read-only file system" in report.get("stderr")


def test_a_file_system_without_free_inodes_is_the_reason_of_the_failure(
    host: Host, small: Path
) -> None:
    (small / "f").write_text("old")
    subprocess.run(["mount", "-o", "remount,nr_inodes=2", str(small)], check=True)
    report = host.run("copy", content="new", dest=f"{small}/f")
    assert "No space left on device" in (report.failed or "")
    assert (small / "f").read_text() == "old"


def test_a_bind_mounted_file_needs_unsafe_writes(host: Host, small: Path) -> None:
    target, source = host.root / "target", small / "source"
    source.write_text("old")
    target.touch()
    subprocess.run(["mount", "--bind", str(source), str(target)], check=True)
    try:
        report = host.run("copy", content="new", dest=str(target))
        assert report.failed == (
            f"can't replace {target}: it is a mount point (a bind mount). Set unsafe_writes: true"
        )
        assert source.read_text() == "old"
        report = host.run("copy", content="new", dest=str(target), unsafe_writes=True, mode="0600")
        assert report.failed is None
        assert source.read_text() == "new"
        assert source.stat().st_mode & 0o777 == 0o600
    finally:
        subprocess.run(["umount", str(target)], check=True)
    assert names(host.root) == ["small", "target"]


def test_an_immutable_file_is_the_reason_of_the_failure(host: Host) -> None:
    path = host.root / "f"
    path.write_text("old")
    if subprocess.run(["chattr", "+i", str(path)], capture_output=True).returncode:
        pytest.skip("no chattr on this file system")
    try:
        report = host.run("copy", content="new", dest=str(path))
        assert report.failed == (
            f"can't replace {path}: it is immutable. Clear that first: chattr -ia {path}"
        )
        assert names(host.root) == ["f"]
        assert host.run("file", path=str(path), attributes="-i", mode="0600").failed is None
    finally:
        subprocess.run(["chattr", "-i", str(path)], check=True)


def test_unsafe_writes_overwrites_the_file_if_no_temporary_file_can_be_created(host: Host) -> None:
    folder = host.root / "folder"
    folder.mkdir()
    path = folder / "f"
    path.write_text("old")
    if subprocess.run(["chattr", "+i", str(folder)], capture_output=True).returncode:
        pytest.skip("no chattr on this file system")
    try:
        arguments = {"content": "new", "dest": str(path)}
        assert "not permitted" in (host.run("copy", **arguments).failed or "")
        assert host.run("copy", unsafe_writes=True, **arguments).failed is None
        assert path.read_text() == "new"
        assert "not permitted" in (
            host.run("copy", content="", dest=f"{folder}/g", unsafe_writes=True).failed or ""
        )
    finally:
        subprocess.run(["chattr", "-i", str(folder)], check=True)


PATHS = [
    ("$HERE/f", "/there/f"),
    ("${HERE}/f$", "/there/f$"),
    ("/a/$NOBODY_SETS/${NOBODY_SETS}", "/a/$NOBODY_SETS/${NOBODY_SETS}"),
    ("$$HERE", "$/there"),
    ("/a/$path/$(id)/${HERE:-x}/`id`", "/a/$path/$(id)/${HERE:-x}/`id`"),
]


@pytest.mark.parametrize(("args", "meant"), PATHS)
def test_variables_of_the_environment_are_expanded_in_paths(
    host: Host, args: str, meant: str
) -> None:
    host.environment["HERE"] = "/there"
    assert host.run("file", path=args, state="absent").get("path") == meant


@pytest.mark.skipif(shutil.which("setfacl") is None, reason="setfacl is not installed")
@pytest.mark.parametrize(("mode", "wanted"), [(None, "rw-r-----"), ("0600", "rw-------")])
def test_an_acl_is_kept(host: Host, mode: str | None, wanted: str) -> None:
    path = host.root / "f"
    path.write_text("old")
    path.chmod(0o640)
    subprocess.run(["setfacl", "-m", "u:daemon:r,m:r", str(path)], check=True)
    assert host.run("copy", content="new", dest=str(path), mode=mode).failed is None
    acl = subprocess.run(["getfacl", "-cp", str(path)], capture_output=True, text=True).stdout
    assert "user:daemon:r--" in acl
    listed = subprocess.run(["ls", "-l", str(path)], capture_output=True, text=True).stdout
    assert listed[1:10] == wanted


def test_temporary_files_of_a_killed_run_are_removed_by_the_next_write(host: Host) -> None:
    (host.root / ".f.provision-0123456789abcdef").write_text("half")
    (host.root / ".g.provision-0123456789abcdef").write_text("another file's")
    host.run("copy", content="x", dest=f"{host.root}/f")
    assert names(host.root) == [".g.provision-0123456789abcdef", "f"]


def test_temporary_files_of_another_session_are_kept(host: Host) -> None:
    living = f".f.provision-{os.getpid()}-0123456789abcdef"
    (host.root / living).write_text("half")
    host.run("copy", content="x", dest=f"{host.root}/f")
    assert names(host.root) == [living, "f"]


def test_the_temporary_file_never_has_a_wider_mode_than_the_final_file(host: Host) -> None:
    """Checks the mode of the temporary file at its creation and in the validate command."""
    path = host.root / "f"
    path.write_text("old")
    path.chmod(0o666)
    log = host.root / "log"
    host.fake("chmod", f'stat -L -c %a /proc/self/fd/7 >>{log}; exec /bin/chmod "$@"')
    host.fake("cp", f'exec /bin/cp "$@"; stat -L -c %a /proc/self/fd/7 >>{log}')
    report = host.run(
        "copy",
        content="new",
        dest=str(path),
        mode="0640",
        validate=f"sh -c 'stat -c %a $1 >>{log}' x %s",
    )
    assert report.failed is None
    assert log.read_text() == "600\n640\n"


@pytest.mark.skipif(shutil.which("setfacl") is None, reason="setfacl is not installed")
@pytest.mark.parametrize("mode", [None, "0644", "0640", "u=rw,g=r,o=r"])
def test_a_default_acl_of_the_directory_does_not_widen_the_mode_of_a_new_file(
    host: Host, mode: str | None
) -> None:
    subprocess.run(["setfacl", "-d", "-m", "u:daemon:rwx,o::rwx", str(host.root)], check=True)
    path = host.root / "f"
    report = host.run("copy", content="new", dest=str(path), mode=mode)
    assert (report.failed, report.changes) == (None, (f"create {path}",))
    assert path.stat().st_mode & 0o7777 == (0o640 if mode == "0640" else 0o644)
    assert host.run("copy", content="new", dest=str(path), mode=mode).changes == ()


MODES = ["0600", "0640", "0644", "0666", "0604", "0755", "4644", "u=rw,g=r,o=r", "a+x"]


@pytest.mark.parametrize("mode", MODES)
def test_a_new_file_is_created_with_mode_0600_or_its_final_mode(host: Host, mode: str) -> None:
    """Checks the mode of the temporary file in `dd` and in the validate command."""
    log = host.root / "log"
    host.fake("dd", f'stat -L -c %a /proc/self/fd/7 >>{log} 2>/dev/null; exec /bin/dd "$@"')
    validate = f"sh -c 'stat -c %a $1 >>{log}' x %s"
    path = host.root / "f"
    report = host.run("copy", content="new", dest=str(path), mode=mode, validate=validate)
    assert report.failed is None
    final = f"{path.stat().st_mode & 0o7777:o}"
    born, *_, validated = log.read_text().split()
    assert validated == final
    assert born in ("600", final)
    assert "4" in final[-1] or "6" in final[-1] or born == "600"
