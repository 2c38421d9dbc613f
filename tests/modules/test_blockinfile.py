"""blockinfile: where a block goes (a table of Ansible's documented behaviour), and on a host."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.blockinfile import BlockInFile
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host

B = "# BEGIN ANSIBLE MANAGED BLOCK\n"
E = "# END ANSIBLE MANAGED BLOCK\n"

CASES = [
    # name of the case, arguments, before, after
    ("a new block goes to the end", {"block": "x\ny"}, "a\n", f"a\n{B}x\ny\n{E}"),
    ("a last line gets its newline", {"block": "x"}, "a", f"a\n{B}x\n{E}"),
    ("an empty file", {"block": "x\n"}, "", f"{B}x\n{E}"),
    ("a block that is right", {"block": "x"}, f"a\n{B}x\n{E}b\n", f"a\n{B}x\n{E}b\n"),
    ("a block is replaced in its place", {"block": "y"}, f"a\n{B}x\n{E}b\n", f"a\n{B}y\n{E}b\n"),
    ("an empty block is removed", {"block": ""}, f"a\n{B}x\n{E}b\n", "a\nb\n"),
    ("absent", {"block": "x", "state": "absent"}, f"a\n{B}z\n{E}b\n", "a\nb\n"),
    ("absent at the end without newline", {"state": "absent"}, f"a\n{B}z\n{E[:-1]}", "a\n"),
    ("absent where none is", {"state": "absent"}, "a\n", "a\n"),
    ("BOF", {"block": "x", "insertbefore": "BOF"}, "a\n", f"{B}x\n{E}a\n"),
    ("EOF", {"block": "x", "insertafter": "EOF"}, "a\n", f"a\n{B}x\n{E}"),
    ("behind the last match", {"block": "x", "insertafter": "^a"}, "a\na2\nb\n", None),
    ("before the last match", {"block": "x", "insertbefore": "^b"}, "a\nb\nb2\n", None),
    ("no match is the end", {"block": "x", "insertafter": "z"}, "a\n", f"a\n{B}x\n{E}"),
    (
        "a pattern over several lines",
        {"block": "x", "insertafter": r"(?m)^a\nb$"},
        "a\nb\nc\n",
        f"a\nb\n{B}x\n{E}c\n",
    ),
    (
        "another marker is another block",
        {"block": "x", "marker": "<!-- {mark} m -->", "marker_begin": "<", "marker_end": ">"},
        f"{B}x\n{E}",
        f"{B}x\n{E}<!-- < m -->\nx\n<!-- > m -->\n",
    ),
    (
        "markers in the wrong order",
        {"block": "y"},
        f"a\n{E}x\n{B}b\n",
        f"a\n{B}y\n{E}b\n",
    ),
    (
        "empty lines around",
        {"block": "x", "prepend_newline": True, "append_newline": True, "insertafter": "a"},
        "a\nb\n",
        f"a\n\n{B}x\n{E}\nb\n",
    ),
    (
        "no empty lines at the ends",
        {"block": "x", "prepend_newline": True, "append_newline": True},
        "",
        f"{B}x\n{E}",
    ),
]
RESULTS = {
    "behind the last match": f"a\na2\n{B}x\n{E}b\n",
    "before the last match": f"a\nb\n{B}x\n{E}b2\n",
}


@pytest.mark.parametrize(("name", "arguments", "before", "after"), CASES)
def test_the_block_is_inserted_once_at_the_expected_place(
    name: str, arguments: dict[str, Any], before: str, after: str | None
) -> None:
    model = BlockInFile.from_arguments({"path": "/x", **arguments})
    expected = (after if after is not None else RESULTS[name]).encode()
    assert model.edited(before.encode()).content == expected
    assert model.edited(expected).content == expected


def test_a_block_is_written_once_changed_and_removed(host: Host) -> None:
    path = host.root / "f"
    arguments: dict[str, Any] = {"path": str(path), "block": "x: 1", "create": True}
    assert host.look("blockinfile", **arguments).changes
    assert not path.exists()
    report = host.run("blockinfile", mode="0600", **arguments)
    assert report.get("msg") == "File created"
    assert (path.read_text(), path.stat().st_mode & 0o777) == (f"{B}x: 1\n{E}", 0o600)
    assert not host.run("blockinfile", **arguments).changes
    report = host.run("blockinfile", path=str(path), block="y", backup=True)
    assert report.get("msg") == "Block inserted"
    assert host.values("blockinfile", report, path=str(path), block="y")["backup"]
    report = host.run("blockinfile", path=str(path), state="absent")
    assert (report.get("msg"), path.read_text()) == ("Block removed", "")


def test_a_missing_file_is_created_with_create_and_a_failure_otherwise(host: Host) -> None:
    path = f"{host.root}/f"
    assert host.look("blockinfile", path=path, block="x").changes
    assert "set create: true" in host.run("blockinfile", path=path, block="x").get("hint")
    assert not host.run("blockinfile", path=path, state="absent").changes
    assert not host.run("blockinfile", path=path, state="absent", create=True).changes
    assert not list(host.root.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [{"insertafter": "a", "insertbefore": "b"}, {"insertafter": "("}, {"marker": "no mark"}],
)
def test_wrong_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("blockinfile").from_arguments({"path": "/x", "block": "x", **arguments})
