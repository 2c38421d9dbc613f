"""The module pamd."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing

SERVICE = """#%PAM-1.0
# who you are
auth        required      pam_env.so
auth        sufficient    pam_unix.so nullok try_first_pass

@include common
account     [default=bad success = ok]   pam_unix.so
-session    optional      pam_systemd.so
"""
UNIX = {"type": "auth", "control": "sufficient", "module_path": "pam_unix.so"}
ACCOUNT = {"type": "account", "control": "[default=bad success=ok]", "module_path": "pam_unix.so"}
NEW = {"new_type": "auth", "new_control": "required", "new_module_path": "pam_faillock.so"}

CHANGES: list[tuple[dict[str, Any], list[str], list[str]]] = [
    ({**UNIX, "state": "absent"}, [], ["auth sufficient pam_unix.so nullok try_first_pass"]),
    (
        {**UNIX, "new_control": "required"},
        ["auth required pam_unix.so nullok try_first_pass"],
        ["auth sufficient pam_unix.so nullok try_first_pass"],
    ),
    (
        {**UNIX, "module_arguments": ""},
        ["auth sufficient pam_unix.so"],
        ["auth sufficient pam_unix.so nullok try_first_pass"],
    ),
    (
        {**UNIX, "state": "args_present", "module_arguments": "remember=5,nullok"},
        ["auth sufficient pam_unix.so nullok try_first_pass remember=5"],
        ["auth sufficient pam_unix.so nullok try_first_pass"],
    ),
    (
        {**UNIX, "state": "args_absent", "module_arguments": ["nullok", "other"]},
        ["auth sufficient pam_unix.so try_first_pass"],
        ["auth sufficient pam_unix.so nullok try_first_pass"],
    ),
    (
        {**UNIX, **NEW, "state": "before", "module_arguments": ["preauth deny=[a b]"]},
        ["auth required pam_faillock.so preauth deny=[a b]"],
        [],
    ),
    ({**UNIX, **NEW, "state": "after"}, ["auth required pam_faillock.so"], []),
    (
        {**ACCOUNT, "new_type": "session"},
        ["session [default=bad success=ok] pam_unix.so"],
        ["account [default=bad success = ok] pam_unix.so"],
    ),
]


def words(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.parametrize(("asked", "added", "removed"), CHANGES)
def test_a_rule_is_changed_once(
    host: Host, asked: dict[str, Any], added: list[str], removed: list[str]
) -> None:
    file = host.root / "system-auth"
    file.write_text(SERVICE)
    arguments = {"name": "system-auth", "path": str(host.root), **asked}
    before = listing(host.root)
    assert host.look("pamd", **arguments).changes
    assert listing(host.root) == before
    assert host.run("pamd", **arguments).changes
    now, was = words(file.read_text()), words(SERVICE)
    assert [line for line in now if line not in was] == added
    assert [line for line in was if line not in now] == removed
    assert not host.run("pamd", **arguments).changes


def test_a_new_rule_is_inserted_beside_the_other(host: Host) -> None:
    file = host.root / "x"
    for state, places in (("before", 3), ("after", 4)):
        file.write_text(SERVICE)
        host.run("pamd", name="x", path=str(host.root), **UNIX, **NEW, state=state)
        assert words(file.read_text()).index("auth required pam_faillock.so") == places


@pytest.mark.parametrize(
    "asked",
    [
        {**UNIX, "control": "optional", "state": "absent"},
        {**UNIX, "new_control": "sufficient"},
        {**UNIX, "state": "args_present", "module_arguments": "nullok"},
        {
            "type": "auth", "control": "required", "module_path": "pam_env.so", "state": "after",
            "new_type": "auth", "new_control": "sufficient", "new_module_path": "pam_unix.so",
        },
    ],
)  # fmt: skip
def test_a_rule_that_is_right_or_missing_is_not_changed(host: Host, asked: dict[str, Any]) -> None:
    file = host.root / "x"
    file.write_text(SERVICE)
    assert not host.run("pamd", name="x", path=str(host.root), **asked).changes
    assert file.read_text() == SERVICE


def test_a_missing_service_is_a_failure(host: Host) -> None:
    arguments = {"name": "none", "path": str(host.root), **UNIX, "state": "absent"}
    assert "does not exist" in (host.run("pamd", **arguments).failed or "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "a/b"},
        {"control": "perhaps"},
        {"state": "before"},
        {"state": "args_present"},
        {"state": "args_present", "module_arguments": "[a=b]"},
    ],
)
def test_wrong_arguments_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("pamd").from_arguments({"name": "x", **UNIX, **wrong})
