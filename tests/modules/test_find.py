"""The module find."""

from __future__ import annotations

import hashlib
import os
import time
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing


@pytest.fixture
def top(host: Host) -> str:
    root = host.root
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "a.conf").write_text("Port 22\nx")
    (root / "b.txt").write_text("y" * 3000)
    (root / ".hidden").touch()
    (root / "sub" / "c.conf").write_text("# Port\n")
    (root / "sub" / "deep" / "d\ne.conf").write_text("")
    (root / "link").symlink_to("sub")
    (root / "a.conf").chmod(0o640)
    old = time.time() - 10 * 86400
    os.utime(root / "b.txt", (old, old))
    return str(root)


CASES: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"a.conf", "b.txt"}),
    ({"hidden": True}, {"a.conf", "b.txt", ".hidden"}),
    ({"recurse": True}, {"a.conf", "b.txt", "sub/c.conf", "sub/deep/d\ne.conf"}),
    ({"recurse": True, "depth": 2}, {"a.conf", "b.txt", "sub/c.conf"}),
    ({"recurse": True, "patterns": "*.conf"}, {"a.conf", "sub/c.conf", "sub/deep/d\ne.conf"}),
    ({"patterns": ["[ab].*"], "excludes": "*.txt"}, {"a.conf"}),
    ({"patterns": "^[a-b]\\.c", "use_regex": True}, {"a.conf"}),
    ({"file_type": "directory", "recurse": True}, {"sub", "sub/deep"}),
    ({"file_type": "link"}, {"link"}),
    ({"file_type": "any"}, {"a.conf", "b.txt", "sub", "link"}),
    ({"follow": True, "file_type": "directory"}, {"sub", "link"}),
    ({"age": "1w"}, {"b.txt"}),
    ({"age": "-1w"}, {"a.conf"}),
    ({"size": "2k"}, {"b.txt"}),
    ({"size": "-2k"}, {"a.conf"}),
    ({"mode": "0640"}, {"a.conf"}),
    ({"mode": "u=rw,g=r"}, {"a.conf"}),
    ({"mode": "o+r", "exact_mode": False}, {"b.txt"}),
    ({"contains": "Port"}, {"a.conf"}),
    ({"contains": r"P\w+\s+\d"}, {"a.conf"}),
    ({"contains": ".*Port", "recurse": True}, {"a.conf", "sub/c.conf"}),
    ({"contains": "22\\nx", "read_whole_file": True}, {"a.conf"}),
    ({"contains": "22\nx", "read_whole_file": True}, {"a.conf"}),
    ({"contains": "x$", "read_whole_file": True}, {"a.conf"}),
    ({"contains": "22$", "read_whole_file": True}, set()),
    ({"contains": "^x", "read_whole_file": True}, set()),
]


@pytest.mark.parametrize(("arguments", "names"), CASES)
def test_only_files_that_meet_the_conditions_are_returned(
    host: Host, top: str, arguments: dict[str, Any], names: set[str]
) -> None:
    before = listing(host.root)
    arguments = {"paths": top, **arguments}
    report = host.look("find", **arguments)
    assert report.failed is None
    values = host.values("find", report, **arguments)
    assert {found["path"].removeprefix(f"{top}/") for found in values["files"]} == names
    assert values["matched"] == len(names)
    assert listing(host.root) == before


def test_a_files_values_are_those_of_stat(host: Host, top: str) -> None:
    arguments = {"paths": top, "patterns": "a.conf", "get_checksum": True}
    (found,) = host.values("find", host.look("find", **arguments), **arguments)["files"]
    own = (host.root / "a.conf").stat()
    assert (found["mode"], found["size"], found["inode"]) == ("0640", 9, own.st_ino)
    assert (found["isreg"], found["wgrp"], found["pw_name"]) == (True, False, "root")
    assert found["mtime"] == pytest.approx(own.st_mtime, abs=1e-6)
    assert found["checksum"] == hashlib.sha1(b"Port 22\nx").hexdigest()


def test_a_path_that_is_not_a_directory_is_reported_as_skipped(host: Host, top: str) -> None:
    arguments = {"paths": [top, f"{top}/none"], "hidden": True}
    values = host.values("find", host.look("find", **arguments), **arguments)
    assert values["skipped_paths"] == {f"{top}/none": f"'{top}/none' is not a directory"}
    assert (values["matched"], values["examined"]) == (3, 5)


@pytest.mark.parametrize(
    "arguments", [{"age": "old"}, {"size": "1q"}, {"patterns": "(", "use_regex": True}]
)
def test_wrong_conditions_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("find").from_arguments({"paths": "/x", **arguments})
