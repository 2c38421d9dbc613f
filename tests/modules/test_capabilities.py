"""The module capabilities, with fake getcap and setcap commands of both versions."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing

SETCAP = r"""
if [ "$1" = -r ]; then rm -f "$2.caps"; else printf '%s' "$1" >"$2.caps"; fi
"""
GETCAP = {
    "old": r"""[ ! -e "$1.caps" ] || echo "$1 = $(cat "$1.caps")" """,
    "new": r"""[ ! -e "$1.caps" ] || echo "$1 $(sed 's/+/=/g' "$1.caps")" """,
}


@pytest.fixture(params=GETCAP)
def program(host: Host, request: pytest.FixtureRequest) -> Host:
    host.fake("setcap", SETCAP)
    host.fake("getcap", GETCAP[request.param])
    (host.root / "web").touch()
    return host


def run_twice(host: Host, **arguments: Any) -> str | None:
    """Look, run and run again. Return the last call of setcap."""
    arguments = {"path": f"{host.root}/web", **arguments}
    before = listing(host.root)
    assert host.look("capabilities", **arguments).changes
    assert listing(host.root) == before
    assert host.run("capabilities", **arguments).changes
    assert not host.run("capabilities", **arguments).changes
    kept = host.root / "web.caps"
    return kept.read_text() if kept.exists() else None


def test_a_capability_is_set_changed_and_removed(program: Host) -> None:
    assert run_twice(program, capability="cap_net_bind_service=+pe") == "cap_net_bind_service+ep"
    assert run_twice(program, cap="CAP_NET_RAW+p") == "cap_net_raw+p cap_net_bind_service+ep"
    assert run_twice(program, cap="cap_net_raw+ep") == "cap_net_raw+ep cap_net_bind_service+ep"
    gone = {"state": "absent"}
    assert run_twice(program, cap="cap_net_bind_service", **gone) == "cap_net_raw+ep"
    assert run_twice(program, cap="cap_net_raw+ep", **gone) is None


def test_capabilities_with_the_same_flags_are_distinguished(program: Host) -> None:
    (program.root / "web.caps").write_text("cap_net_admin,cap_net_raw+ep")
    path = f"{program.root}/web"
    assert not program.run("capabilities", path=path, cap="cap_net_raw+ep").changes
    assert run_twice(program, cap="cap_net_raw", state="absent") == "cap_net_admin+ep"


def test_a_missing_file_is_a_change_for_a_look_and_a_failure_otherwise(program: Host) -> None:
    arguments = {"path": f"{program.root}/none", "capability": "cap_net_raw+ep"}
    assert program.look("capabilities", **arguments).changes
    assert "does not exist" in (program.run("capabilities", **arguments).failed or "")
    assert not program.run("capabilities", **arguments, state="absent").changes


@pytest.mark.parametrize("capability", ["net_raw+ep", "cap_net_raw", "cap_net_raw+x"])
def test_a_text_that_is_not_a_capability_is_refused(capability: str) -> None:
    with pytest.raises(InvalidArguments):
        find_module("capabilities").from_arguments({"path": "/x", "capability": capability})
