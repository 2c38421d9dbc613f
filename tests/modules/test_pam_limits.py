"""The module pam_limits."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.modules.pam_limits import PamLimits
from tests.modules.conftest import Host, listing

LIMIT: dict[str, Any] = {"domain": "*", "limit_type": "soft", "limit_item": "nofile"}

EDITS = [
    # name of the case, arguments, the file before, after
    ("a new line", {"value": 9}, "# x\n", "# x\n*\tsoft\tnofile\t9\n"),
    ("right already", {"value": 9}, "* soft  nofile 9 # x\n", "* soft  nofile 9 # x\n"),
    ("another value", {"value": 9}, "* soft nofile 8 # x\n", "*\tsoft\tnofile\t9\t#x\n"),
    (
        "a new comment",
        {"value": 9, "comment": "c"},
        "* soft nofile 8\n",
        "*\tsoft\tnofile\t9\t#c\n",
    ),
    ("a commented line", {"value": 9}, "#* soft nofile 9\n", None),
    ("another type", {"value": 9}, "* hard nofile 9\n", None),
    (
        "a higher one stays",
        {"value": 9, "use_max": True},
        "* soft nofile 10\n",
        "* soft nofile 10\n",
    ),
    (
        "a lower one goes",
        {"value": 9, "use_max": True},
        "* soft nofile 8\n",
        "*\tsoft\tnofile\t9\n",
    ),
    (
        "unlimited is the highest",
        {"value": 9, "use_max": True},
        "* soft nofile -1\n",
        "* soft nofile -1\n",
    ),
    (
        "and is set",
        {"value": "unlimited", "use_max": True},
        "* soft nofile 5\n",
        "*\tsoft\tnofile\tunlimited\n",
    ),
    ("a lower one stays", {"value": 9, "use_min": True}, "* soft nofile 8\n", "* soft nofile 8\n"),
    (
        "a nice value of -1 is a number",
        {"value": 5, "use_max": True, "limit_item": "nice"},
        "* soft nice -1\n",
        "*\tsoft\tnice\t5\n",
    ),
    ("no newline at the end", {"value": 9}, "x", "x\n*\tsoft\tnofile\t9\n"),
]


@pytest.mark.parametrize(
    ("arguments", "before", "after"), [case[1:] for case in EDITS], ids=[case[0] for case in EDITS]
)
def test_an_edit_has_the_expected_result_and_a_second_one_changes_nothing(
    arguments: dict[str, Any], before: str, after: str | None
) -> None:
    module = PamLimits.from_arguments(LIMIT | arguments)
    after = before + "*\tsoft\tnofile\t9\n" if after is None else after
    once = module.edited(before.encode()).content
    assert once.decode() == after
    assert module.edited(once).content == once


def test_a_limit_is_set_once_and_a_look_does_not_change_the_file(host: Host) -> None:
    path = host.root / "limits.conf"
    path.write_text("# limits\n")
    arguments = {**LIMIT, "value": 65536, "dest": str(path)}
    before = listing(host.root)
    assert host.look("pam_limits", **arguments).changes
    assert listing(host.root) == before
    report = host.run("pam_limits", **arguments)
    assert host.values("pam_limits", report, **arguments)["msg"] == "*\tsoft\tnofile\t65536"
    assert path.read_text() == "# limits\n*\tsoft\tnofile\t65536\n"
    assert not host.run("pam_limits", **arguments).changes


@pytest.mark.parametrize(
    "arguments",
    [
        {"value": "many"},
        {"value": -2},
        {"value": 1, "use_max": True, "use_min": True},
        {"value": 1, "domain": "a b"},
        {"value": 1, "limit_item": "files"},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("pam_limits").from_arguments(LIMIT | arguments)
