"""The module assemble."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing

FRAGMENTS = {"10-a": b"a\n", "9 it's": b"\xffb", "20-c": b"c\0\n", ".hid": b"h\n"}

CASES = [
    # name of the case, arguments, the file
    ("all, by name", {}, b"h\na\nc\0\n\xffb"),
    ("none that is hidden", {"ignore_hidden": True}, b"a\nc\0\n\xffb"),
    ("only some", {"regexp": "^[0-9]+-"}, b"a\nc\0\n"),
    ("no fragment at all", {"regexp": "none"}, b""),
    (
        "something between them",
        {"delimiter": "## \\x41 ##", "ignore_hidden": True},
        b"a\n## A ##\nc\0\n## A ##\n\xffb",
    ),
    ("a newline between them", {"delimiter": "\\n", "regexp": "-"}, b"a\n\nc\0\n"),
    ("a line that lacks its end", {"regexp": "^(9|.hid)"}, b"h\n\xffb"),
]


def fragments(folder: Path) -> Path:
    """Return a directory with the fragments and a subdirectory, which is not a fragment."""
    (folder / "d" / "sub").mkdir(parents=True)
    for name, content in FRAGMENTS.items():
        (folder / "d" / name).write_bytes(content)
    return folder / "d"


@pytest.mark.parametrize(
    ("arguments", "content"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
@pytest.mark.parametrize("remote", [False, True], ids=["controller", "host"])
def test_a_file_is_assembled_once(
    host: Host, remote: bool, arguments: dict[str, Any], content: bytes
) -> None:
    source = str(fragments(host.root)) if remote else fragments(host.context.folder).name
    path = host.root / "file"
    path.write_bytes(b"old")
    arguments = {"src": source, "dest": str(path), "remote_src": remote, "mode": "0600"} | arguments
    before = listing(host.root)
    assert host.look("assemble", **arguments).changes
    assert listing(host.root) == before
    report = host.run("assemble", **arguments)
    assert (report.failed, path.read_bytes()) == (None, content)
    assert path.stat().st_mode & 0o777 == 0o600
    before = listing(host.root)
    again = host.run("assemble", **arguments)
    assert (again.failed, again.changes) == (None, ())
    assert not host.look("assemble", **arguments).changes
    assert listing(host.root) == before


def test_the_attributes_are_set_if_only_they_differ(host: Host) -> None:
    source = fragments(host.root)
    arguments: dict[str, Any] = {"src": str(source), "dest": f"{host.root}/file"}
    assert host.run("assemble", **arguments).changes
    report = host.run("assemble", **arguments, mode="0640")
    assert report.changes == (f"set mode of {host.root}/file: 0640",)
    assert len(host.values("assemble", report, **arguments)["checksum"]) == 40


def test_a_file_that_validate_refuses_is_not_replaced(host: Host) -> None:
    source, path = fragments(host.root), host.root / "file"
    path.write_bytes(b"old")
    report = host.run("assemble", src=str(source), dest=str(path), validate="false %s")
    assert "invalid" in (report.failed or "")
    assert path.read_bytes() == b"old"


def test_a_missing_directory_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    arguments = {"src": f"{host.root}/no", "dest": f"{host.root}/file"}
    assert host.look("assemble", **arguments).changes
    assert "does not exist" in (host.run("assemble", **arguments).failed or "")


def test_a_wrong_regular_expression_is_refused() -> None:
    with pytest.raises(InvalidArguments, match="is not a regular expression"):
        find_module("assemble").from_arguments({"src": "a", "dest": "b", "regexp": "("})
