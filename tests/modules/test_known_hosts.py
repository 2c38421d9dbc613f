"""The module known_hosts."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.modules.known_hosts import KnownHosts, matches
from tests.modules.conftest import Host

GIT = "git.example.org ssh-ed25519 AAAAone"

OTHER = "other ssh-ed25519 AAAAo"

HASHED = "|1|3/2fWFiBjLpg2cwWj8drtGbcMps=|IZJadkXziD7yahwbM6l/iB86XXc="
"""git.example.org, written by `ssh-keygen -H` of OpenSSH 9.2."""

KNOWN: list[tuple[str, dict[str, Any], str]] = [
    ("", {"key": GIT}, f"{GIT}\n"),
    (f"{OTHER}\n", {"key": GIT}, f"{OTHER}\n{GIT}\n"),
    (f"git.example.org ssh-ed25519 OLD\n{OTHER}\n", {"key": GIT}, f"{OTHER}\n{GIT}\n"),
    (
        "git.example.org ssh-rsa AAAAr\n",
        {"key": GIT},
        f"git.example.org ssh-rsa AAAAr\n{GIT}\n",
    ),
    (f"{GIT}\n{OTHER}\n", {"state": "absent"}, f"{OTHER}\n"),
    (f"{HASHED} ssh-rsa AAAAr\n{OTHER}\n", {"state": "absent"}, f"{OTHER}\n"),
]


@pytest.mark.parametrize(("before", "arguments", "after"), KNOWN)
def test_the_file_is_changed_once_to_the_expected_lines(
    host: Host, before: str, arguments: dict[str, Any], after: str
) -> None:
    path = host.root / "known_hosts"
    path.write_text(before)
    args = {"name": "git.example.org", "path": str(path), **arguments}
    assert host.look("known_hosts", **args).changes
    assert path.read_text() == before
    assert host.run("known_hosts", **args).changes
    assert path.read_text() == after
    assert not host.run("known_hosts", **args).changes


def test_a_hashed_name_is_recognized() -> None:
    module = KnownHosts.from_arguments({"name": "git.example.org", "key": GIT, "hash_host": True})
    once = module.edited("")
    assert once.startswith("|1|")
    assert matches(once.split()[0], "git.example.org")
    assert module.edited(once) == once


def test_a_hash_of_openssh_is_recognized() -> None:
    assert matches(HASHED, "git.example.org")
    assert not matches(HASHED, "example.org")


def test_a_key_of_another_host_is_refused() -> None:
    with pytest.raises(InvalidArguments, match="does not match hashed host field"):
        find_module("known_hosts").from_arguments({"name": "a", "key": GIT})
