"""The module acl, with the setfacl of this machine if there is one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host

needs_setfacl = pytest.mark.skipif(shutil.which("setfacl") is None, reason="needs setfacl")

CASES = [
    # arguments, the line in the list
    ({"etype": "user", "entity": "daemon", "permissions": "r"}, "user:daemon:r--"),
    ({"etype": "group", "entity": "daemon", "permissions": "rwX"}, "group:daemon:rwx"),
    ({"entry": "u:daemon:rx"}, "user:daemon:r-x"),
    ({"entry": "default:user:daemon:rwx"}, "default:user:daemon:rwx"),
    (
        {"etype": "user", "entity": "1", "permissions": "x", "default": True},
        "default:user:daemon:--x",
    ),
    ({"etype": "other", "permissions": "-"}, "other::---"),
]


def lines(host: Host, path: Path) -> list[str]:
    report = host.run("acl", path=str(path))
    assert (report.failed, report.changes) == (None, ())
    values = host.values("acl", report, path=str(path))
    return [line.split("\t")[0] for line in values["acl"]]


@needs_setfacl
@pytest.mark.parametrize(("arguments", "line"), CASES, ids=[line for _, line in CASES])
def test_an_entry_is_set_once_and_removed(host: Host, arguments: dict[str, Any], line: str) -> None:
    path = host.root / "it's a directory"
    path.mkdir()
    args = {"path": str(path), "state": "present", **arguments}
    before = lines(host, path)
    assert host.look("acl", **args).changes
    assert lines(host, path) == before
    report = host.run("acl", **args)
    assert (report.failed, len(report.changes)) == (None, 1)
    assert line in lines(host, path)
    assert not host.run("acl", **args).changes
    if "other" in line:
        return
    gone = {**arguments, "state": "absent"}
    gone.pop("permissions", None)
    if "entry" in gone:
        gone["entry"] = gone["entry"].rpartition(":")[0]
    assert host.run("acl", path=str(path), **gone).changes
    assert line not in lines(host, path)
    assert not host.run("acl", path=str(path), **gone).changes


@needs_setfacl
def test_an_entry_is_removed_even_if_its_text_has_permissions(host: Host) -> None:
    host.run("acl", path=str(host.root), state="present", entry="user:daemon:rx")
    gone = {"path": str(host.root), "state": "absent", "entry": "user:daemon:rwx"}
    assert host.run("acl", **gone).changes
    assert not [line for line in lines(host, host.root) if "daemon" in line]


@needs_setfacl
def test_recursive_changes_everything_below_the_directory(host: Host) -> None:
    (host.root / "d" / "e").mkdir(parents=True)
    (host.root / "d" / "e" / "f").touch()
    args = {"path": f"{host.root}/d", "recursive": True, "etype": "user", "entity": "daemon"}
    args |= {"permissions": "rX", "state": "present"}
    assert host.run("acl", **args).changes
    assert "user:daemon:r--" in lines(host, host.root / "d" / "e" / "f")
    assert not host.run("acl", **args).changes


@needs_setfacl
def test_the_message_of_setfacl_is_the_reason_of_a_failure(host: Host) -> None:
    args = {"path": str(host.root), "state": "present", "entry": "user:no-such-one:r"}
    report = host.run("acl", **args)
    assert "no-such-one" in (report.failed or "")
    assert report.get("stderr").startswith("setfacl: ")


def test_a_missing_file_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    args = {"path": f"{host.root}/no", "state": "present", "entry": "user:daemon:r"}
    assert host.look("acl", **args).changes
    assert "does not exist" in (host.run("acl", **args).failed or "")


@pytest.mark.parametrize(
    "arguments",
    [
        {"state": "present", "etype": "user"},
        {"state": "present", "permissions": "r"},
        {"state": "absent", "etype": "user", "permissions": "r"},
        {"state": "present", "entry": "user:a:q"},
        {"state": "present", "entry": "user:a:r", "etype": "user"},
        {"use_nfsv4_acls": True},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("acl").from_arguments({"path": "/x", **arguments})
