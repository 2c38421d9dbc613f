"""ini_file: where an option goes (a table of Ansible's behaviour), and on a host."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.modules.ini_file import IniFile
from tests.modules.conftest import Host, listing

A: dict[str, Any] = {"section": "a", "option": "x"}
GONE: dict[str, Any] = {**A, "state": "absent"}

EDITS = [
    # name of the case, arguments, the file before, after
    ("a new section", {**A, "value": "1"}, "", "\n[a]\nx = 1\n"),
    ("a new section at the end", {**A, "value": "1"}, "y = 2", "y = 2\n[a]\nx = 1\n"),
    ("a new option", {**A, "value": "1"}, "[a]\ny = 2\n\n[b]\n", "[a]\ny = 2\nx = 1\n\n[b]\n"),
    ("in an empty section", {**A, "value": "1"}, "[a]\n[b]\n", "[a]\nx = 1\n[b]\n"),
    ("another value", {**A, "value": "1"}, "[b]\nx = 9\n[a]\nx=2\n", "[b]\nx = 9\n[a]\nx = 1\n"),
    ("right already", {**A, "value": "1"}, "[a]\nx = 1\n", "[a]\nx = 1\n"),
    ("right with no newline at the end", {**A, "value": "1"}, "[a]\nx = 1", "[a]\nx = 1"),
    ("spaces differ", {**A, "value": "1"}, "[a]\nx=1\n", "[a]\nx = 1\n"),
    ("spaces may differ", {**A, "value": "1", "ignore_spaces": True}, "[a]\nx=1\n", "[a]\nx=1\n"),
    ("no spaces", {**A, "value": "1", "no_extra_spaces": True}, "[a]\nx = 1\n", "[a]\nx=1\n"),
    ("an empty value", {**A, "value": ""}, "[a]\nx = 1\n", "[a]\nx = \n"),
    ("the commented line is used", {**A, "value": "1"}, "[a]\n;x = 2\n", "[a]\nx = 1\n"),
    (
        "or left alone",
        {**A, "value": "1", "modify_inactive_option": False},
        "[a]\n;x = 2\n",
        "[a]\nx = 1\n;x = 2\n",
    ),
    ("a remark is no option", {**A, "value": "1"}, "[a]\n; x\nx = 2\n", "[a]\n; x\nx = 1\n"),
    ("comments stay", {**A, "value": "1"}, "[a]\nx = 1\n#x = 2\n", "[a]\nx = 1\n#x = 2\n"),
    ("one of two goes", {**A, "value": "1"}, "[a]\nx = 1\nx = 2\n", "[a]\nx = 1\n"),
    (
        "or both stay",
        {**A, "value": "1", "exclusive": False},
        "[a]\nx = 2\n",
        "[a]\nx = 2\nx = 1\n",
    ),
    ("several values", {**A, "values": ["1", "2"]}, "[a]\n", "[a]\nx = 1\nx = 2\n"),
    (
        "of several values the right ones stay",
        {**A, "values": ["1", "2", "2"]},
        "[a]\nx = 3\nx = 2\nx = 4\n",
        "[a]\nx = 1\nx = 2\n",
    ),
    ("without value", {**A, "allow_no_value": True}, "[a]\nx = 2\n", "[a]\nx\n"),
    ("added without value", {**A, "allow_no_value": True}, "", "\n[a]\nx\n"),
    ("without value already", {**A, "allow_no_value": True}, "[a]\nx\n", "[a]\nx\n"),
    ("before all sections", {"option": "x", "value": "1"}, "[a]\nx=2\n", "x = 1\n[a]\nx=2\n"),
    ("no section", {"option": "x", "value": "1"}, "# hi\nx=2\n", "# hi\nx = 1\n"),
    ("regular signs are text", {**A, "option": "x.y", "value": "1"}, "[a]\nxzy=1\n", None),
    ("an option that begins alike", {**A, "value": "1"}, "[a]\nxx = 1\n", "[a]\nxx = 1\nx = 1\n"),
    ("only the section", {"section": "a"}, "", "\n[a]\n"),
    ("the section is there", {"section": "a"}, "[ a ]\n", "[ a ]\n"),
    ("the option goes", GONE, "[a]\nx = 1\n;x = 2\ny = 3\n", "[a]\n;x = 2\ny = 3\n"),
    ("it is gone", GONE, "[a]\ny = 3\n", "[a]\ny = 3\n"),
    ("its section is gone", GONE, "[b]\nx = 3\n", "[b]\nx = 3\n"),
    (
        "one value goes",
        {**GONE, "exclusive": False, "value": "1"},
        "[a]\nx = 1\nx = 2\n",
        "[a]\nx = 2\n",
    ),
    ("the section goes", {"section": "a", "state": "absent"}, "z\n[a]\nx\n[b]\n", "z\n[b]\n"),
    ("CRLF stays", {**A, "value": "1"}, "[a]\r\nx = 2\r\n", "[a]\r\nx = 1\r\n"),
    ("a byte order mark stays", {**A, "value": "1"}, "\ufeff[a]\nx = 2\n", "\ufeff[a]\nx = 1\n"),
    (
        "the section of two that has a value",
        {**A, "value": "1", "section_has_values": [{"option": "k", "value": 2}]},
        "[a]\nk = 1\n[a]\nk = 2\n",
        "[a]\nk = 1\n[a]\nk = 2\nx = 1\n",
    ),
    (
        "a new section with it",
        {**A, "value": "1", "section_has_values": [{"option": "k", "values": ["2", "3"]}]},
        "[a]\nk = 2\n",
        "[a]\nk = 2\n[a]\nk = 2\nk = 3\nx = 1\n",
    ),
]


@pytest.mark.parametrize(
    ("arguments", "before", "after"), [case[1:] for case in EDITS], ids=[case[0] for case in EDITS]
)
def test_an_edit_has_the_expected_result_and_a_second_one_changes_nothing(
    arguments: dict[str, Any], before: str, after: str | None
) -> None:
    module = IniFile.from_arguments({"path": "/x", **arguments})
    after = before + "x.y = 1\n" if after is None else after
    once = module.edited(before.encode()).content
    assert once.decode() == after
    assert module.edited(once).content == once


def test_the_message_is_that_of_ansible() -> None:
    def message(before: str, **arguments: Any) -> str:
        module = IniFile.from_arguments({"path": "/x", "section": "a", **arguments})
        return module.edited(before.encode()).message

    assert message("", option="x", value="1") == "section and option added"
    assert message("") == "only section added"
    assert message("[a]\n", option="x", value="1") == "option added"
    assert message("[a]\nx=2\n", option="x", value="1") == "option changed"
    assert message("[a]\nx=2\n", option="x", state="absent") == "option changed"
    assert message("[a]\nx=2\n", state="absent") == "section removed"


def test_a_file_is_edited_once_and_a_look_does_not_change_it(host: Host) -> None:
    path = host.root / "my.ini"
    path.write_bytes(b"[a]\nx = \xff\n")
    arguments = {"path": str(path), **A, "value": "it's $(id)", "backup": True}
    before = listing(host.root)
    assert host.look("ini_file", **arguments).changes
    assert listing(host.root) == before
    report = host.run("ini_file", **arguments)
    assert path.read_text() == "[a]\nx = it's $(id)\n"
    values = host.values("ini_file", report, **arguments)
    assert values["msg"] == "option changed"
    assert values["backup_file"].startswith(str(path))
    again = host.run("ini_file", **arguments)
    assert not again.changes
    assert host.values("ini_file", again, **arguments)["msg"] == "OK"


def test_a_missing_file_is_created_unless_create_is_false(host: Host) -> None:
    path = str(host.root / "d" / "my.ini")
    failed = host.run("ini_file", path=path, **A, value="1", create=False)
    assert "does not exist" in (failed.failed or "")
    assert host.look("ini_file", path=path, **A, value="1").changes
    assert host.run("ini_file", path=path, **A, value="1", mode="0600").changes
    assert not host.run("ini_file", path=path, **A, value="1", mode="0600").changes
    assert not host.run("ini_file", path=f"{path}2", **GONE).changes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({**A}, "must be defined if state=present"),
        ({**A, "value": "1", "values": ["2"]}, r"mutually exclusive: value\|values"),
        ({"state": "absent"}, "set option, section"),
        ({**A, "value": "a\nb"}, "single lines"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArguments, match=words):
        find_module("ini_file").from_arguments({"path": "/x", **arguments})
