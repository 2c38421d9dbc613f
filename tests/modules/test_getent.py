"""The module getent, with a fake getent command."""

from __future__ import annotations

from typing import Any

import pytest

from tests.modules.conftest import Host

PASSWD = "root:x:0:0:root:/root:/bin/bash\nbin:x:1:1::/bin:/sbin/nologin"


def entries(host: Host, **arguments: Any) -> Any:
    report = host.look("getent", **arguments)
    assert report.done, report.failed
    return host.values("getent", report, **arguments)["ansible_facts"]


def test_entries_become_facts_split_at_colons(host: Host) -> None:
    host.fake("getent", f"echo '{PASSWD}'")
    assert entries(host, database="passwd")["getent_passwd"] == {
        "root": ["x", "0", "0", "root", "/root", "/bin/bash"],
        "bin": ["x", "1", "1", "", "/bin", "/sbin/nologin"],
    }


def test_other_databases_are_split_at_spaces_and_repeated_keys_are_lists(host: Host) -> None:
    host.fake("getent", "echo '::1  web\n::1 web2\n10.0.0.1 db a b'")
    assert entries(host, database="hosts")["getent_hosts"] == {
        "::1": [["web"], ["web2"]],
        "10.0.0.1": ["db", "a", "b"],
    }


def test_a_missing_key_fails_or_is_null(host: Host) -> None:
    host.fake("getent", "exit 2")
    assert host.look("getent", database="group", key="x").failed == "group has no entry x"
    facts = entries(host, database="group", key="x", fail_key=False)
    assert facts == {"getent_group": {"x": None}}


@pytest.mark.parametrize(("code", "words"), [(1, "does not know"), (3, "can't be listed")])
def test_other_failures_of_getent_are_explained(host: Host, code: int, words: str) -> None:
    host.fake("getent", f"exit {code}")
    assert words in (host.look("getent", database="nonsense").failed or "")
