"""The module user, with fake account commands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.remote.shell import Report
from tests.modules import fake_accounts
from tests.modules.conftest import FakeContext, Host, listing


@pytest.fixture
def etc(host: Host) -> Path:
    """The folder with the fake passwd, group and shadow files."""
    return fake_accounts.install(host)


WANTED = {
    "name": "deploy",
    "uid": 2001,
    "groups": ["docker"],
    "append": True,
    "shell": "/bin/zsh",
    "comment": "De Ploy; $(id)",
    "password": "$6$salt$it's",
}


@pytest.mark.parametrize(
    ("password", "warned"),
    [
        ("*", False),
        ("!", False),
        ("plain", True),
        ("$6$salt$short", True),
        ("$6$rounds=656000$salt$" + "a/." * 28 + "ab", False),
        ("$6$salt$" + "+" * 86, True),
        ("$5$salt$" + "a" * 43, False),
        ("$1$salt$" + "a" * 22, False),
        ("$2b$10$" + "a" * 53, False),
        ("$y$j9T$salt$" + "a" * 43, False),
    ],
)
def test_a_password_that_is_not_a_hash_has_a_warning(password: str, warned: bool) -> None:
    module = find_module("user").from_arguments({"name": "x", "password": password})
    assert ("warnings" in module.returns(Report())) is warned


def test_a_user_is_created_once(host: Host, etc: Path) -> None:
    before = listing(host.root)
    assert host.look("user", **WANTED).changes == ("create user deploy",)
    assert listing(host.root) == before
    assert host.run("user", **WANTED).changes == ("create user deploy", "set password of deploy")
    report = host.run("user", **WANTED)
    assert not report.changes
    entry = (etc / "passwd").read_text()
    assert entry == f"deploy:x:2001:2001:De Ploy; $(id):{etc}/home/deploy:/bin/zsh\n"
    assert (etc / "group").read_text() == "docker:x:990:deploy\n"
    assert (etc / "shadow").read_text().startswith("deploy:$6$salt$it's:")
    values = host.values("user", report, **WANTED)
    assert (values["uid"], values["group"], values["shell"]) == (2001, 2001, "/bin/zsh")
    assert values["password"] == "NOT_LOGGING_PASSWORD"


def test_a_password_is_in_no_command_line(host: Host, etc: Path) -> None:
    host.run("user", **WANTED)
    assert not any("$6$salt" in call for call in host.calls())


def test_a_look_at_an_unchanged_user_needs_three_processes(host: Host, etc: Path) -> None:
    host.run("user", **WANTED)
    host.calls()
    assert not host.look("user", **WANTED).changes
    assert len(host.calls()) == 3  # getent passwd, group, shadow


CHANGES = [
    ({"shell": "/bin/false"}, "set shell of deploy: /bin/false"),
    ({"comment": "New"}, "set comment of deploy"),
    ({"expires": 1893456000}, "set expiry of deploy: 2030-01-01"),
    ({"password": "$6$other"}, "set password of deploy"),
    ({"password_lock": True}, "lock password of deploy"),
    ({"password_expire_max": 90}, "set maximum password age of deploy"),
]


@pytest.mark.parametrize(("wanted", "change"), CHANGES)
def test_each_difference_is_one_change(
    host: Host, etc: Path, wanted: dict[str, object], change: str
) -> None:
    host.run("user", **WANTED)
    wanted = {"name": "deploy", **wanted}
    assert host.look("user", **wanted).changes == (change,)
    assert host.run("user", **wanted).changes == (change,)
    assert host.run("user", **wanted).changes == ()


def test_with_on_create_the_password_of_an_existing_user_is_not_changed(
    host: Host, etc: Path
) -> None:
    host.run("user", **WANTED)
    later = {**WANTED, "password": "$6$new", "update_password": "on_create"}
    assert not host.run("user", **later).changes


def test_a_missing_group_is_a_change_for_a_look_and_a_failure_otherwise(
    host: Host, etc: Path
) -> None:
    wanted = {**WANTED, "groups": ["later"]}
    assert host.look("user", **wanted).changes
    report = host.run("user", **wanted)
    assert "there is no group later: create it" in (report.failed or "")
    host.run("user", **WANTED)
    report = host.look("user", **wanted)
    assert report.changes == ("set groups of deploy: later",)


def test_without_append_the_user_is_removed_from_other_groups(host: Host, etc: Path) -> None:
    host.run("user", **WANTED)
    assert not host.look("user", name="deploy", groups=[], append=True).changes
    assert host.look("user", name="deploy", groups=[]).changes == ("set groups of deploy: none",)


def test_absent_removes_the_user_once(host: Host, etc: Path) -> None:
    gone = {"name": "deploy", "state": "absent", "remove": True}
    assert not host.run("user", **gone).changes
    host.run("user", **WANTED)
    host.calls()
    assert host.run("user", **gone).changes == ("remove user deploy",)
    assert "userdel -r deploy" in host.calls()
    assert not host.run("user", **gone).changes


@pytest.mark.parametrize(
    ("arguments", "freed"),
    [
        ({"state": "absent"}, "deploy"),
        ({"uid": 7}, "deploy"),
        ({"home": "/srv"}, "deploy"),
        ({}, ""),
    ],
)
def test_changes_that_need_a_user_without_processes_say_so(
    arguments: dict[str, object], freed: str
) -> None:
    module = find_module("user").from_arguments({"name": "deploy", **arguments})
    assert module.program(FakeContext(Path())).frees_user == freed


def test_a_key_gets_its_passphrase_on_stdin_and_is_replaced_only_with_force(
    host: Host, etc: Path
) -> None:
    host.fake("runuser", 'shift 3; exec "$@"')
    secret = "well kept"
    wanted = {**WANTED, "generate_ssh_key": True, "ssh_key_passphrase": secret}
    wanted |= {"ssh_key_type": "ed25519"}
    report = host.run("user", **wanted)
    assert report.changes[-1] == "create SSH key of deploy", report
    assert not any(secret in call for call in host.calls())
    key = Path(host.values("user", report, **wanted)["ssh_key_file"])
    opened = ["ssh-keygen", "-y", "-P", secret, "-f", str(key)]
    public = subprocess.run(opened, check=True, capture_output=True, text=True).stdout
    assert public.split()[:2] == (key.parent / "id_ed25519.pub").read_text().split()[:2]
    assert not host.run("user", **wanted).changes
    forced = wanted | {"force": True}
    assert host.run("user", **forced).changes == ("replace SSH key of deploy",)
    assert public.split()[1] not in (key.parent / "id_ed25519.pub").read_text()


def test_the_message_of_useradd_is_the_reason_of_a_failure(host: Host, etc: Path) -> None:
    host.fake("useradd", "echo 'useradd: UID 2001 is not unique' >&2; exit 4")
    report = host.run("user", **WANTED)
    assert report.failed == "create user deploy: exit 4"
    assert "not unique" in report.get("stderr")


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "-x"},
        {"name": "a:b"},
        {"name": "a", "password": "x\ny"},
        {"name": "a", "non_unique": True},
        {"name": "a", "expires": 1e30},
        {"name": "a", "expires": float("nan")},
    ],
)
def test_wrong_arguments_are_refused(
    arguments: dict[str, object],
) -> None:
    with pytest.raises(InvalidArguments):
        find_module("user").from_arguments(arguments)
