"""The module replace."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.modules.replace import Replace
from tests.modules.conftest import Host

CASES = [
    ({"regexp": "a", "replace": "b"}, "aXa\n", "bXb\n", "2 replacements made"),
    ({"regexp": "a"}, "aXa\n", "X\n", "2 replacements made"),
    ({"regexp": "z"}, "a\n", "a\n", ""),
    ({"regexp": "a", "replace": "a"}, "a\n", "a\n", ""),
    ({"regexp": r"^(\w+)$", "replace": r"<\1>"}, "a\nb\n", "<a>\n<b>\n", "2 replacements made"),
    ({"regexp": r"(?P<n>a)", "replace": r"\g<n>\n"}, "ab", "a\nb", "1 replacements made"),
    ({"regexp": "a", "replace": "b", "after": "X"}, "aXaX", "aXbX", "1 replacements made"),
    ({"regexp": "a", "replace": "b", "before": "X"}, "a\naXa", "b\nbXa", "2 replacements made"),
    (
        {"regexp": "a", "replace": "b", "after": "<", "before": ">"},
        "a<a\na>a>",
        "a<b\nb>a>",
        "2 replacements made",
    ),
    (
        {"regexp": "a", "after": "Z"},
        "a\n",
        "a\n",
        "",
    ),
]


@pytest.mark.parametrize(("arguments", "before", "after", "message"), CASES)
def test_matches_between_before_and_after_are_replaced(
    arguments: dict[str, Any], before: str, after: str, message: str
) -> None:
    edit = Replace.from_arguments({"path": "/x", **arguments}).edited(before.encode())
    assert (edit.content.decode(), edit.message) == (after, message)


def test_other_encodings_and_invalid_bytes_are_kept() -> None:
    model = Replace.from_arguments({"path": "/x", "regexp": "ü", "replace": "ö"})
    assert model.edited(b"\xff\xc3\xbc").content == b"\xff\xc3\xb6"
    model = Replace.from_arguments(
        {"path": "/x", "regexp": "ü", "replace": "ö", "encoding": "latin-1"}
    )
    assert model.edited(b"\xfc").content == b"\xf6"


def test_matches_are_replaced_once(host: Host) -> None:
    path = host.root / "f"
    path.write_text("port 1\n")
    arguments = {"path": str(path), "regexp": r"port \d+", "replace": "port 22"}
    assert host.look("replace", **arguments).changes
    report = host.run("replace", **arguments)
    assert path.read_text() == "port 22\n"
    assert host.values("replace", report, **arguments)["msg"] == "1 replacements made"
    assert not host.run("replace", **arguments).changes


def test_a_missing_file_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    arguments = {"path": f"{host.root}/none", "regexp": "a"}
    assert host.look("replace", **arguments).changes
    assert "does not exist" in (host.run("replace", **arguments).failed or "")


@pytest.mark.parametrize(
    "arguments",
    [{"regexp": "("}, {"regexp": "a", "replace": r"\1"}, {"regexp": "a", "encoding": "none-such"}],
)
def test_a_wrong_pattern_or_replacement_is_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("replace").from_arguments({"path": "/x", **arguments})
