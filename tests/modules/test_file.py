"""The module file."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing


def changes_once(host: Host, **arguments: Any) -> tuple[str, ...]:
    """Return the changes of one run. A look before it has changes too; a second run has none."""
    before = listing(host.root)
    look = host.look("file", **arguments)
    assert look.failed is None
    assert listing(host.root) == before
    report = host.run("file", **arguments)
    assert report.failed is None, report
    assert bool(look.changes) == bool(report.changes)
    assert host.run("file", **arguments).changes == ()
    before = listing(host.root)
    assert host.look("file", **arguments).changes == ()
    assert listing(host.root) == before
    return report.changes


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_directory_is_created_with_its_parents_and_each_is_reported(host: Host) -> None:
    path = host.root / "a" / "b c"
    assert changes_once(host, path=str(path), state="directory", mode="2750", owner="1") == (
        f"create {host.root}/a",
        f"set owner of {host.root}/a: 1",
        f"set mode of {host.root}/a: 2750",
        f"create {path}",
        f"set owner of {path}: 1",
        f"set mode of {path}: 2750",
    )
    assert (mode(path), mode(path.parent), path.stat().st_uid) == (0o2750, 0o2750, 1)
    assert changes_once(host, path=f"{path}/", state="directory", mode="0755")
    assert mode(path) == 0o755


MODES = [
    # before, mode, after for a file, after for a directory
    (0o644, "0600", 0o600, 0o600),
    (0o644, "644", 0o644, 0o644),
    (0o755, "1777", 0o1777, 0o1777),
    (0o2755, "0755", 0o755, 0o755),
    (0o644, 0o640, 0o640, 0o640),
    (0o644, "0o4711", 0o4711, 0o4711),
    (0o640, "u+rwX,go-w", 0o640, 0o740),
    (0o640, "a=r", 0o444, 0o444),
    (0o640, "g=u", 0o660, 0o660),
    (0o640, "u=rwX,g=rX,o=", 0o640, 0o750),
    (0o700, "go+X", 0o711, 0o711),
    (0o600, "+x", 0o711, 0o711),
    (0o600, "+w", 0o600, 0o600),
    (0o777, "=r", 0o444, 0o444),
    (0o755, "u+s,g+s,+t", 0o7755, 0o7755),
    (0o7755, "u-s,g-s,o-t", 0o755, 0o755),
    (0o6755, "u=rwx,g=rx", 0o755, 0o755),
    (0o777, "o-rwx,g-w+s", 0o2750, 0o2750),
    (0o421, "ug=o", 0o111, 0o111),
    (0o644, "u+x-r,g+w", 0o364, 0o364),
]


@pytest.mark.parametrize(("before", "args", "of_file", "of_folder"), MODES)
def test_a_mode_has_the_result_of_chmod_for_files_and_directories(
    host: Host, before: int, args: str | int, of_file: int, of_folder: int
) -> None:
    (host.root / "f").touch()
    (host.root / "d").mkdir()
    for name, after in (("f", of_file), ("d", of_folder)):
        path = host.root / name
        path.chmod(before)
        assert bool(changes_once(host, path=str(path), mode=args)) == (before != after)
        assert oct(mode(path)) == oct(after)


def test_octal_and_symbolic_modes_agree_with_chmod(host: Host) -> None:
    path, reference = host.root / "f", host.root / "g"
    for args in ("u+rwX,go-w", "g=u", "o=g,u-w", "u=rw,go=", "a+rX", "+r", "-x", "u=g"):
        for before in (0o000, 0o644, 0o750, 0o421):
            for file in (path, reference):
                file.touch()
                file.chmod(before)
            subprocess.run(["sh", "-c", f"umask 022; chmod -- {args} {reference}"], check=True)
            host.run("file", path=str(path), mode=args)
            assert oct(mode(path)) == oct(mode(reference)), (args, oct(before))


def test_owner_and_group_by_name_and_number(host: Host) -> None:
    path = host.root / "f"
    path.touch()
    assert len(changes_once(host, path=str(path), owner="daemon", group="2")) == 2
    assert (path.stat().st_uid, path.stat().st_gid) == (1, 2)
    assert not changes_once(host, path=str(path), owner="1", group="bin")


def test_an_unknown_owner_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    path = host.root / "f"
    path.touch()
    assert host.look("file", path=str(path), owner="no-such-user").changes
    report = host.run("file", path=str(path), owner="no-such-user")
    assert report.failed == f"set owner of {path}: no-such-user: exit 1"
    assert "no-such-user" in report.get("stderr")


def test_a_new_file_whose_owner_can_not_be_set_is_removed(host: Host) -> None:
    path = host.root / "f"
    args = {"path": str(path), "state": "touch", "owner": "no-such-user"}
    assert "no-such-user" in (host.run("file", **args).failed or "")
    assert not path.exists()
    path.touch()
    assert host.run("file", **args).failed
    assert path.exists()


def test_everything_below_a_directory_gets_the_attributes(host: Host) -> None:
    top = host.root / "top"
    (top / "sub").mkdir(parents=True)
    (top / "sub" / "x\ny").touch(0o600)
    (top / "run").touch(0o700)
    (host.root / "outside").touch(0o600)
    (top / "link").symlink_to("../outside")
    before = (host.root / "outside").stat()
    arguments = {"path": str(top), "state": "directory", "recurse": True}
    assert changes_once(host, mode="u=rwX,g=rX,o=", owner="1", group="2", **arguments)
    assert [oct(mode(p)) for p in (top, top / "sub", top / "sub" / "x\ny", top / "run")] == [
        "0o750",
        "0o750",
        "0o640",
        "0o750",
    ]
    assert {p.lstat().st_uid for p in (top, *top.rglob("*"))} == {1}
    assert (host.root / "outside").stat() == before
    assert changes_once(host, mode="0755", **arguments) == (
        f"set mode of {top}: 0755",
        f"set mode below {top}: 0755",
    )


def test_absent_removes_a_link_and_not_its_target(host: Host) -> None:
    (host.root / "d" / "e").mkdir(parents=True)
    (host.root / "d" / "e" / "f").touch()
    (host.root / "link").symlink_to("d")
    (host.root / "dead").symlink_to("nothing")
    assert changes_once(host, path=f"{host.root}/link", state="absent")
    assert changes_once(host, path=f"{host.root}/dead", state="absent")
    assert (host.root / "d" / "e" / "f").exists()
    assert changes_once(host, path=f"{host.root}/d", state="absent") == (f"remove {host.root}/d",)
    assert not list(host.root.iterdir())


@pytest.mark.parametrize("path", ["/", "//", "/.", "/etc/..", "/tmp/../"])
def test_the_root_directory_is_never_removed(host: Host, path: str) -> None:
    host.fake("rm", "exit 1")
    for report in (host.look("file", path=path, state="absent"),):
        assert "never removed" in (report.failed or "")


def test_a_link_is_created_and_changed(host: Host) -> None:
    (host.root / "one").touch()
    (host.root / "two").touch()
    link = host.root / "link"
    assert changes_once(host, path=str(link), src="one", state="link")
    assert str(link.readlink()) == "one"
    assert changes_once(host, path=str(link), src=f"{host.root}/two", state="link")
    assert str(link.readlink()) == f"{host.root}/two"
    assert sorted(p.name for p in host.root.iterdir()) == ["link", "one", "two"]


def test_a_link_without_target_or_in_place_of_a_file_needs_force(host: Host) -> None:
    link = host.root / "link"
    report = host.run("file", path=str(link), src="none", state="link")
    assert "none, the target of the link, does not exist" in (report.failed or "")
    assert host.look("file", path=str(link), src="none", state="link").changes
    assert changes_once(host, path=str(link), src="none", state="link", force=True)
    link.unlink()
    link.write_text("a file")
    (host.root / "x").touch()
    assert "is not a link" in (host.run("file", path=str(link), src="x", state="link").failed or "")
    assert changes_once(host, path=str(link), src="x", state="link", force=True)


def test_a_directory_that_is_not_empty_is_never_replaced_by_a_link(host: Host) -> None:
    (host.root / "d").mkdir()
    (host.root / "d" / "f").touch()
    arguments = {"path": f"{host.root}/d", "src": "/etc", "state": "link"}
    assert host.run("file", **arguments).failed
    assert host.run("file", force=True, **arguments).failed
    (host.root / "d" / "f").unlink()
    assert host.run("file", force=True, **arguments).failed is None
    assert str((host.root / "d").readlink()) == "/etc"


def test_a_hard_link_is_created(host: Host) -> None:
    (host.root / "f").write_text("x")
    arguments = {"path": f"{host.root}/h", "src": f"{host.root}/f", "state": "hard"}
    assert changes_once(host, **arguments)
    assert (host.root / "h").stat().st_ino == (host.root / "f").stat().st_ino


def test_a_hard_link_for_a_directory_is_created_in_it(host: Host) -> None:
    (host.root / "f").write_text("x")
    (host.root / "d").mkdir()
    arguments = {"path": f"{host.root}/d/", "src": f"{host.root}/f", "state": "hard"}
    assert changes_once(host, **arguments)
    assert (host.root / "d" / "f").stat().st_ino == (host.root / "f").stat().st_ino


def test_touch_is_always_a_change_unless_the_times_are_kept(host: Host) -> None:
    path = host.root / "f"
    assert host.look("file", path=str(path), state="touch").changes
    assert not path.exists()
    assert host.run("file", path=str(path), state="touch", mode="0600").changes
    assert mode(path) == 0o600
    os.utime(path, (1, 1))
    assert host.look("file", path=str(path), state="touch").changes
    assert path.stat().st_mtime == 1
    assert host.run("file", path=str(path), state="touch").changes
    assert path.stat().st_mtime > 1
    keep = {"modification_time": "preserve", "access_time": "preserve"}
    assert not changes_once(host, path=str(path), state="touch", **keep)


def test_a_given_time_is_set_once(host: Host) -> None:
    path = host.root / "f"
    path.touch()
    host.environment["TZ"] = "UTC"
    arguments = {"modification_time": "202001020304.05", "access_time": "preserve"}
    assert changes_once(host, path=str(path), state="file", **arguments)
    assert path.stat().st_mtime == 1577934245


def test_a_missing_file_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    arguments = {"path": f"{host.root}/none", "mode": "0600"}
    assert host.look("file", **arguments).changes
    assert "does not exist" in (host.run("file", **arguments).failed or "")


def test_the_default_state_is_what_exists_at_the_path(host: Host) -> None:
    (host.root / "d").mkdir()
    (host.root / "f").touch()
    (host.root / "l").symlink_to("f")
    assert changes_once(host, path=f"{host.root}/d", mode="0700")
    assert changes_once(host, path=f"{host.root}/l", mode="0600")
    assert mode(host.root / "f") == 0o600


def test_the_return_values_are_those_of_ansible(host: Host) -> None:
    arguments = {"path": f"{host.root}/d", "state": "directory", "mode": "0700"}
    values = host.values("file", host.run("file", **arguments), **arguments)
    assert values["path"] == f"{host.root}/d"
    assert values["state"] == "directory"
    assert (values["mode"], values["owner"], values["uid"]) == ("0700", "root", 0)
    arguments = {"path": f"{host.root}/d", "state": "absent"}
    values = host.values("file", host.run("file", **arguments), **arguments)
    assert values == {"path": f"{host.root}/d", "dest": f"{host.root}/d", "state": "absent"}


def test_chattr_flags_are_set_and_cleared(host: Host) -> None:
    host.fake("lsattr", f'echo "$(cat {host.root}/flags) path"')
    host.fake(
        "chattr",
        f"""case $1 in
        +i) echo ----i----e-- >{host.root}/flags ;; -i) echo ---------e-- >{host.root}/flags ;;
        esac""",
    )
    path = host.root / "f"
    path.touch()
    (host.root / "flags").write_text("---------e--\n")
    for flags, changes in (("+i", 1), ("+i", 0), ("i", 0), ("=i", 0), ("-i", 1), ("-i", 0)):
        report = host.run("file", path=str(path), attributes=flags)
        assert (len(report.changes), report.failed) == (changes, None), flags


def test_a_directory_is_not_accepted_as_a_file(host: Host) -> None:
    report = host.run("file", path=str(host.root), state="file")
    assert report.failed == f"{host.root} is a directory, not a file"


@pytest.mark.parametrize(
    "arguments",
    [
        {"state": "touch", "recurse": True},
        {"src": "/x"},
        {"state": "file", "src": "/x"},
        {"modification_time": "yesterday"},
        {"mode": "rw-r--r--"},
        {"path": ""},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("file").from_arguments({"path": "/x", **arguments})


def test_touch_below_a_missing_directory_fails_with_the_reason(host: Host) -> None:
    path = host.root / "none" / "f"
    assert host.look("file", path=str(path), state="touch").changes == (f"create {path}",)
    report = host.run("file", path=str(path), state="touch", mode="0600")
    assert "there is no directory" in (report.failed or "")
    assert not path.parent.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root and files of another user")
@pytest.mark.parametrize("of_root", [True, False], ids=["root", "nobody"])
def test_a_link_of_another_user_does_not_lead_root_to_a_file_of_root(
    host: Host, of_root: bool
) -> None:
    home, target = host.root / "home", host.root / "target"
    home.mkdir()
    target.write_text("secret")
    target.chmod(0o600)
    link = home / "link"
    link.symlink_to(target)
    os.lchown(link, 65534, 65534)
    if not of_root:
        os.chown(target, 65534, 65534)
    report = host.run("file", path=str(link), mode="0666")
    if of_root:
        assert f"leads through a link of another user ({link}) to {target}" in str(report.failed)
    assert bool(report.failed) is of_root
    assert stat.S_IMODE(target.stat().st_mode) == (0o600 if of_root else 0o666)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root and files of another user")
def test_a_directory_that_is_a_link_of_another_user_does_not_lead_root_to_a_directory_of_root(
    host: Host,
) -> None:
    home, vault = host.root / "home", host.root / "vault"
    home.mkdir()
    vault.mkdir()
    (vault / "f").write_text("secret")
    (home / "d").symlink_to(vault)
    os.lchown(home / "d", 65534, 65534)
    before = listing(vault)
    for module, arguments in (
        ("file", {"mode": "0666"}),
        ("copy", {"content": "new"}),
        ("lineinfile", {"line": "new"}),
    ):
        report = host.run(module, dest=str(home / "d" / "f"), **arguments)
        assert report.failed, module
    assert listing(vault) == before


@pytest.mark.parametrize("module", ["file", "copy"])
def test_a_fifo_is_refused_by_its_type(host: Host, module: str) -> None:
    path = host.root / "fifo"
    os.mkfifo(path)
    arguments = {"state": "touch"} if module == "file" else {"content": "new"}
    assert f"{path} is a FIFO, not a file" in str(
        host.run(module, dest=str(path), **arguments).failed
    )
    assert stat.S_ISFIFO(path.stat().st_mode)
