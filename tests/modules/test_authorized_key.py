"""The module authorized_key: the lines of the file, and links that could mislead root."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.authorized_key import Key, parse
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.remote.shell import Report
from tests.modules.conftest import Host, listing

ONE = "ssh-ed25519 AAAAone me@home"
TWO = "ssh-rsa AAAAtwo"
ME = pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def keys(host: Host) -> Path:
    """The file of the user that runs the tests, in a temporary home directory."""
    home = host.root / "home"
    home.mkdir()
    entry = f"{ME}:x:{os.geteuid()}:{os.getegid()}::{home}:/bin/sh"
    host.fake("getent", f'[ "$2" != nobody2 ] && echo "{entry}"')
    return home / ".ssh" / "authorized_keys"


def run(host: Host, how: str = "apply", **arguments: Any) -> Report:
    args = {"user": ME, "key": ONE, **arguments}
    return host.run("authorized_key", how, **args)  # type: ignore[arg-type]


def test_a_key_is_added_once_with_the_right_modes(host: Host, keys: Path) -> None:
    before = listing(host.root)
    assert run(host, "look").changes == (f"create {keys.parent}", f"set SSH keys of {ME}")
    assert listing(host.root) == before
    assert run(host).changes == (f"create {keys.parent}", f"set SSH keys of {ME}")
    assert keys.read_text() == f"{ONE}\n"
    assert keys.stat().st_mode & 0o777 == 0o600
    assert keys.parent.stat().st_mode & 0o777 == 0o700
    assert not run(host).changes


EDITS: list[tuple[str, dict[str, Any], str]] = [
    (f"# mine\n{TWO}", {}, f"# mine\n{TWO}\n{ONE}\n"),
    (f"{TWO}\n", {"key": f"{ONE}\n\n# c\n{TWO}\n"}, f"{TWO}\n{ONE}\n"),
    (f"# c\n{TWO}\n{ONE}\n", {"exclusive": True}, f"{ONE}\n"),
    (f"{ONE}\n{TWO}\n", {"state": "absent"}, f"{TWO}\n"),
    (f"no-pty {ONE}\n", {"state": "absent"}, ""),
    (f"{ONE}\n", {"key_options": 'from="a b"'}, f'from="a b" {ONE}\n'),
    (f"{ONE}\n", {"comment": "new one"}, "ssh-ed25519 AAAAone new one\n"),
    (f"{ONE}\n{TWO}\n{ONE}\n", {"comment": "x"}, f"ssh-ed25519 AAAAone x\n{TWO}\n"),
]


@pytest.mark.parametrize(("before", "arguments", "after"), EDITS)
def test_the_file_is_changed_once_to_the_expected_lines(
    host: Host, keys: Path, before: str, arguments: dict[str, Any], after: str
) -> None:
    keys.parent.mkdir(0o700)
    keys.write_text(before)
    assert run(host, "look", **arguments).changes
    assert keys.read_text() == before
    assert run(host, **arguments).changes
    assert keys.read_text() == after
    assert not run(host, **arguments).changes


LINES = [
    ("ssh-rsa AAAA c d", Key("", "ssh-rsa", "AAAA", "c d")),
    ("no-pty ssh-rsa AAAA", Key("no-pty", "ssh-rsa", "AAAA", "")),
    ("tunnel=0,no-pty ssh-rsa AAAA", Key("tunnel=0,no-pty", "ssh-rsa", "AAAA", "")),
    (
        'command="echo \\"ssh-rsa x\\"",no-pty ecdsa-sha2-nistp256 AAAA',
        Key('command="echo \\"ssh-rsa x\\"",no-pty', "ecdsa-sha2-nistp256", "AAAA", ""),
    ),
    ("# ssh-rsa AAAA", None),
    ("nonsense", None),
    ("", None),
]


@pytest.mark.parametrize(("line", "key"), LINES)
def test_a_line_is_parsed_into_options_type_key_and_comment(line: str, key: Key | None) -> None:
    assert parse(line) == key


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_link_is_not_followed(host: Host, keys: Path, what: str) -> None:
    elsewhere = host.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "authorized_keys").write_text("secret\n")
    if what == "folder":
        keys.parent.symlink_to(elsewhere)
    else:
        keys.parent.mkdir(0o700)
        keys.symlink_to(elsewhere / "authorized_keys")
    report = run(host)
    assert "is a link, which may lead anywhere" in (report.failed or "")
    assert "secret" not in report.get("before")
    assert (elsewhere / "authorized_keys").read_text() == "secret\n"


def test_a_link_is_followed_with_follow(host: Host, keys: Path) -> None:
    keys.parent.mkdir(0o700)
    target = keys.parent / "real"
    target.write_text(f"{TWO}\n")
    keys.symlink_to(target)
    assert run(host, follow=True).changes
    assert keys.is_symlink()
    assert target.read_text() == f"{TWO}\n{ONE}\n"


def test_a_missing_user_is_a_change_for_a_look_and_a_failure_otherwise(
    host: Host, keys: Path
) -> None:
    assert run(host, "look", user="nobody2").changes
    assert "there is no user nobody2" in (run(host, user="nobody2").failed or "")


def test_a_directory_that_others_can_write_to_is_corrected(host: Host, keys: Path) -> None:
    keys.parent.mkdir()
    keys.parent.chmod(0o777)
    assert run(host).changes
    assert keys.parent.stat().st_mode & 0o022 == 0


@pytest.mark.parametrize("key", ["nonsense", "https://example.org/me.keys", "ssh-rsa"])
def test_a_text_that_is_not_a_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidArguments):
        find_module("authorized_key").from_arguments({"user": "a", "key": key})
