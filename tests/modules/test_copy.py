"""The module copy."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from provisioner.modules import find_module
from provisioner.modules.copy import FROM_HOST, TREE
from provisioner.modules.framework.base import ModuleError
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.remote import shell
from provisioner.remote.shell import Step
from tests.modules.conftest import Host, listing
from tests.shellcheck import shellcheck
from tests.test_style import EXCUSED

TEXT = "a line\nit's $HOME `id` \\n é\n"


def test_content_is_written_once(host: Host) -> None:
    arguments = {"content": TEXT, "dest": f"{host.root}/a b", "mode": "0640"}
    before = listing(host.root)
    assert host.look("copy", **arguments).changes == (f"create {host.root}/a b",)
    assert listing(host.root) == before
    report = host.run("copy", **arguments)
    assert report.failed is None
    assert report.changes == (f"create {host.root}/a b",)
    assert (host.root / "a b").read_text() == TEXT
    assert (host.root / "a b").stat().st_mode & 0o7777 == 0o640
    assert not host.run("copy", **arguments).changes
    before = listing(host.root)
    assert not host.look("copy", **arguments).changes
    assert listing(host.root) == before


CONTENTS = {
    "empty": b"",
    "every byte": bytes(range(256)) * 3,
    "bigger than any buffer": bytes(range(251)) * 20000,
    "looks like a frame": b"20\n{ touch /tmp/bad; }\n\n",
    "looks like a report": b"\0done=\0failed=no\0",
}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_file_arrives_byte_for_byte(host: Host, name: str) -> None:
    source = host.context.folder / "source"
    source.write_bytes(CONTENTS[name])
    report = host.run("copy", src="source", dest=f"{host.root}/")
    assert report.failed is None
    assert (host.root / "source").read_bytes() == CONTENTS[name]
    assert (host.root / "source").stat().st_mode & 0o7777 == 0o644
    assert not host.run("copy", src="source", dest=f"{host.root}").changes
    assert host.run("command", cmd="true").get("rc") == "0"


def test_a_look_at_an_unchanged_file_needs_two_processes(host: Host) -> None:
    arguments = {"content": "x", "dest": f"{host.root}/x", "mode": "0600", "owner": "root"}
    host.run("copy", **arguments)
    for tool in ("stat", "sha256sum", "cat", "dd", "id", "getent", "readlink", "rm", "chmod"):
        host.fake(tool, f'exec /usr/bin/{tool} "$@"')
    host.look("copy", **arguments)
    tools = [call.split()[0] for call in host.calls()]
    assert tools == ["stat", "sha256sum"]


def test_the_return_values_are_those_of_ansible(host: Host) -> None:
    arguments = {"content": "x", "dest": f"{host.root}/x"}
    values = host.values("copy", host.run("copy", **arguments), **arguments)
    assert values == {
        "dest": f"{host.root}/x",
        "checksum": hashlib.sha1(b"x").hexdigest(),
        "state": "file",
        "mode": "0644",
        "uid": os.getuid(),
        "gid": os.getgid(),
        "size": 1,
        "owner": "root",
        "group": "root",
    }


def test_a_mapping_becomes_json(host: Host) -> None:
    host.run("copy", content={"a": [1, True, None]}, dest=f"{host.root}/x")
    assert (host.root / "x").read_text() == '{"a": [1, true, null]}'


def test_the_mode_and_owner_of_the_old_file_are_kept_by_default(host: Host) -> None:
    path = host.root / "x"
    path.write_text("old")
    os.chown(path, 1234, 2345)
    path.chmod(0o4711)
    host.run("copy", content="new", dest=str(path))
    stat = path.stat()
    assert (stat.st_mode & 0o7777, stat.st_uid, stat.st_gid) == (0o4711, 1234, 2345)
    os.setxattr(path, "user.mark", b"kept")
    host.run("copy", content="newer", dest=str(path), mode="0600")
    assert os.getxattr(path, "user.mark") == b"kept"
    assert path.stat().st_mode & 0o7777 == 0o600


def test_the_mode_alone_is_set_without_writing(host: Host) -> None:
    path = host.root / "x"
    path.write_text("text")
    inode = path.stat().st_ino
    report = host.run("copy", content="text", dest=str(path), mode="u=rwx,go=")
    assert report.changes == (f"set mode of {path}: u=rwx,go=",)
    assert (path.stat().st_ino, path.stat().st_mode & 0o7777) == (inode, 0o700)


def test_without_force_only_a_missing_file_is_written(host: Host) -> None:
    path = host.root / "x"
    assert host.run("copy", content="a", dest=str(path), force=False).changes
    assert not host.run("copy", content="b", dest=str(path), force=False).changes
    assert path.read_text() == "a"


def test_a_backup_has_ansibles_name_and_the_old_content(host: Host) -> None:
    path = host.root / "x"
    path.write_text("old")
    path.chmod(0o600)
    arguments = {"content": "new", "dest": str(path), "backup": True}
    values = host.values("copy", host.run("copy", **arguments), **arguments)
    backup = Path(values["backup_file"])
    assert backup.read_text() == "old"
    assert backup.stat().st_mode & 0o7777 == 0o600
    assert backup.name.startswith("x.")
    assert backup.name.endswith("~")


def test_a_file_that_validate_refuses_does_not_replace_the_old_one(host: Host) -> None:
    path = host.root / "x"
    path.write_text("old")
    refuse = "sh -c 'echo \"line 1 is bad\" >&2; grep -q good %s' --"
    report = host.run(
        "copy", content="bad", dest=str(path), validate=refuse.replace("%s", "$1") + " %s"
    )
    assert report.failed == f"sh finds the new {path} invalid (it is unchanged): exit 1"
    assert report.get("stderr") == "line 1 is bad\n"
    assert path.read_text() == "old"
    assert [entry.name for entry in host.root.iterdir()] == ["x"]
    assert host.run("copy", content="good", dest=str(path), validate="grep good %s").changes


@pytest.mark.parametrize("follow", [False, True])
def test_a_link_is_replaced_or_followed(host: Host, follow: bool) -> None:
    (host.root / "real").write_text("old")
    (host.root / "link").symlink_to("real")
    report = host.run("copy", content="new", dest=f"{host.root}/link", follow=follow)
    assert report.changes
    assert (host.root / "link").read_text() == "new"
    assert (host.root / "link").is_symlink() is follow
    assert (host.root / "real").read_text() == ("new" if follow else "old")


def test_names_up_to_255_bytes_and_odd_ones_work(host: Host) -> None:
    for name in ("n" * 255, "é" * 127, "-rf", " ", "a\nb", "*", "$(id)", "'", '"', "\\", "%s"):
        path = host.root / name
        assert host.run("copy", content="x", dest=str(path)).failed is None, name
        assert path.read_text() == "x"
        assert not host.run("copy", content="x", dest=str(path)).changes


def test_home_is_expanded(host: Host) -> None:
    report = host.run("copy", content="x", dest="~/x")
    assert report.get("dest").endswith("/home/x")
    assert host.run("copy", content="x", dest="~nobody-here/x").failed


def test_a_missing_directory_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    path = f"{host.root}/none/x"
    assert host.look("copy", content="x", dest=path).changes == (f"create {path}",)
    report = host.run("copy", content="x", dest=path)
    assert report.failed == (
        f"can't write {path}: there is no directory {host.root}/none/. "
        "Create it in an earlier task."
    )


def test_a_destination_that_ends_in_a_slash_is_made_with_its_parents(host: Host) -> None:
    (host.context.folder / "s").write_text("x")
    arguments = {"src": "s", "dest": f"{host.root}/d/e/", "directory_mode": "0750", "mode": "0600"}
    assert host.look("copy", **arguments).changes
    assert not list(host.root.iterdir())
    report = host.run("copy", **arguments)
    assert report.changes[-1] == f"create {host.root}/d/e/s"
    assert (host.root / "d/e").stat().st_mode & 0o7777 == 0o750
    assert (host.root / "d/e/s").stat().st_mode & 0o7777 == 0o600
    assert not host.run("copy", **arguments).changes


def test_a_directory_in_place_of_the_file_is_a_failure(host: Host) -> None:
    report = host.run("copy", content="x", dest=str(host.root))
    assert "is a directory" in (report.failed or "")


@pytest.fixture
def tree(host: Host) -> Path:
    root = host.context.folder / "tree"
    (root / "sub" / "empty").mkdir(parents=True)
    (root / "a").write_text("A")
    (root / "sub" / "b b").write_bytes(bytes(range(256)) * 300)
    (root / "sub" / "c\nc").write_text("")
    (root / "run").write_text("#!/bin/sh\n")
    (root / "run").chmod(0o755)
    (root / "link").symlink_to("a")
    return root


def test_a_tree_is_copied_whole_and_then_only_what_differs(host: Host, tree: Path) -> None:
    arguments = {"src": "tree", "dest": str(host.root), "mode": "preserve"}
    assert host.look("copy", **arguments).changes
    assert not list(host.root.iterdir())
    assert host.run("copy", **arguments).failed is None
    copied = host.root / "tree"
    assert (copied / "sub" / "b b").read_bytes() == (tree / "sub" / "b b").read_bytes()
    assert (copied / "sub" / "empty").is_dir()
    assert (copied / "link").read_text() == "A"
    assert not (copied / "link").is_symlink()
    assert (copied / "run").stat().st_mode & 0o777 == 0o755
    assert not host.run("copy", **arguments).changes
    (copied / "a").write_text("other")
    (copied / "run").chmod(0o644)
    before = listing(host.root)
    assert host.look("copy", **arguments).changes == (
        f"change {copied}/a",
        f"set mode of {copied}/run: 0755",
    )
    assert listing(host.root) == before
    assert len(host.run("copy", **arguments).changes) == 2
    assert not host.look("copy", **arguments).changes


def test_a_slash_at_the_end_copies_only_the_content_of_a_tree(host: Host, tree: Path) -> None:
    host.run("copy", src="tree/", dest=f"{host.root}/to", local_follow=False)
    assert (host.root / "to" / "a").read_text() == "A"
    assert str((host.root / "to" / "link").readlink()) == "a"
    assert not host.run("copy", src="tree/", dest=f"{host.root}/to", local_follow=False).changes


def test_a_tree_of_several_hundred_files_arrives(host: Host) -> None:
    root = host.context.folder / "many"
    root.mkdir()
    for number in range(70):
        (root / f"file {number}").write_text(str(number) * number)
    arguments = {"src": "many", "dest": str(host.root)}
    assert len(host.run("copy", **arguments).changes) == 71
    for number in range(70):
        assert (host.root / "many" / f"file {number}").read_text() == str(number) * number
    assert not host.run("copy", **arguments).changes


def test_after_a_tree_that_can_not_be_written_the_session_works_on(host: Host, tree: Path) -> None:
    (host.root / "tree" / "run").mkdir(parents=True)
    assert host.run("copy", src="tree", dest=str(host.root)).failed
    assert host.run("command", cmd="echo fine").get("stdout") == "fine\n"


def test_a_file_of_the_host_is_copied_there(host: Host) -> None:
    source = host.root / "from"
    source.write_bytes(bytes(range(256)))
    source.chmod(0o751)
    arguments = {"src": str(source), "dest": f"{host.root}/to", "remote_src": True}
    assert host.look("copy", **arguments).changes
    assert host.run("copy", mode="preserve", **arguments).changes == (f"create {host.root}/to",)
    assert (host.root / "to").read_bytes() == source.read_bytes()
    assert (host.root / "to").stat().st_mode & 0o777 == 0o751
    assert not host.run("copy", mode="preserve", **arguments).changes


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_directory_of_the_host_is_copied_there(host: Host, tree: Path, slash: str) -> None:
    (tree / "it's").write_text("quoted")
    to = host.root / "to"
    arguments = {"src": f"{tree}{slash}", "dest": str(to), "remote_src": True}
    arguments |= {"mode": "preserve", "local_follow": False}
    assert host.look("copy", **arguments).changes
    assert not to.exists()
    assert host.run("copy", **arguments).failed is None
    copied = to if slash else to / "tree"
    assert (copied / "sub" / "b b").read_bytes() == (tree / "sub" / "b b").read_bytes()
    assert (copied / "sub" / "c\nc").exists()
    assert (copied / "it's").read_text() == "quoted"
    assert (copied / "sub" / "empty").is_dir()
    assert str((copied / "link").readlink()) == "a"
    assert (copied / "run").stat().st_mode & 0o777 == 0o755
    assert not host.run("copy", **arguments).changes
    (copied / "a").write_text("other")
    assert host.run("copy", **arguments).changes == (f"change {copied}/a",)


def test_a_wrong_checksum_fails_before_anything_runs(host: Host) -> None:
    (host.context.folder / "s").write_text("x")
    with pytest.raises(ModuleError, match="has the SHA-1"):
        host.run("copy", src="s", dest=f"{host.root}/x", checksum="0" * 40)


def test_the_difference_shows_old_and_new_text(host: Host) -> None:
    path = host.root / "x"
    path.write_text("old\n")
    model = find_module("copy").from_arguments({"content": "new\n", "dest": str(path)})
    program = model.program(host.context)
    report = host.exchange(program, "check")
    (diff,) = model.diff(report)
    assert (diff.before, diff.after) == ("old\n", "new\n")
    (report,) = host.session.exchange([Step(program, "check", diff=False)])
    assert "before" not in report.records


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"src": "a", "content": "b"},
        {"content": "a", "dest": "/x/"},
        {"content": "a", "mode": "0999"},
        {"content": "a", "mode": "u+q"},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("copy").from_arguments({"dest": "/x", **arguments})


@pytest.mark.parametrize("body", [TREE, FROM_HOST], ids=["tree", "from host"])
def test_the_bodies_for_trees_and_remote_sources_pass_shellcheck(body: str) -> None:
    text = f"{shell.SOURCE}\n{shell.define(shell.Program('body', body))}\n_m_body\n"
    assert shellcheck(text, "sh", f"{EXCUSED},SC2154,SC1010,SC2030,SC2031") == ""
