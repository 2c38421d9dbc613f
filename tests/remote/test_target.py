"""Ansible's connection variables and ssh's options are merged into a target."""

from __future__ import annotations

import getpass
from dataclasses import replace
from pathlib import Path

import pytest

from provisioner.errors import ConnectionFailed
from provisioner.remote.channel import LONGEST
from provisioner.remote.ssh import config
from provisioner.remote.target import Defaults, Target, split_hop, target_for

PLAIN = Defaults(config_files=())


@pytest.fixture(autouse=True)
def fresh() -> None:
    config.read.cache_clear()


def from_file(folder: Path, text: str, **changes: object) -> Defaults:
    (folder / "config").write_text(text)
    options = Defaults(config_files=(str(folder / "config"),))
    return replace(options, **changes)  # type: ignore[arg-type]


def test_a_host_without_settings_has_the_defaults() -> None:
    target = target_for("web1", {}, PLAIN)
    assert (target.address, target.port, target.user) == ("web1", 22, getpass.getuser())
    assert (target.timeout, target.host_key_policy) == (10.0, "yes")
    assert target.known_hosts[0] == str(Path("~/.ssh/known_hosts").expanduser())
    assert hash(target) == hash(target_for("web1", {}, PLAIN))


@pytest.mark.parametrize(
    ("variables", "field", "value"),
    [
        ({"ansible_host": "10.0.0.1"}, "address", "10.0.0.1"),
        ({"ansible_ssh_host": "10.0.0.2"}, "address", "10.0.0.2"),
        ({"ansible_host": "a", "ansible_ssh_host": "b"}, "address", "a"),
        ({"ansible_host": "[fe80::1%eth0]"}, "address", "fe80::1%eth0"),
        ({"ansible_port": 2222}, "port", 2222),
        ({"ansible_ssh_port": "2222"}, "port", 2222),
        ({"ansible_user": "u"}, "user", "u"),
        ({"ansible_ssh_user": "u"}, "user", "u"),
        ({"ansible_password": "p"}, "password", "p"),
        ({"ansible_ssh_pass": "{{7*7}}"}, "password", "{{7*7}}"),
        ({"ansible_password": 12345}, "password", "12345"),
        ({"ansible_private_key_file": "/k"}, "key_files", ("/k",)),
        ({"ansible_ssh_private_key_file": "/k%%"}, "key_files", ("/k%",)),
        ({"ansible_ssh_timeout": "3"}, "timeout", 3.0),
        ({"ansible_timeout": 4}, "timeout", 4.0),
        ({"ansible_timeout": "inf"}, "timeout", LONGEST),
        ({"ansible_timeout": "nan"}, "timeout", 10.0),
        ({"ansible_host_key_checking": False}, "host_key_policy", "accept-new"),
        ({"ansible_host_key_checking": True}, "host_key_policy", "yes"),
        ({"ansible_user": None}, "user", getpass.getuser()),
    ],
)
def test_a_variable_sets_a_field(variables: dict[str, object], field: str, value: object) -> None:
    assert getattr(target_for("web1", variables, PLAIN), field) == value


@pytest.mark.parametrize(
    ("arguments", "field", "value"),
    [
        ("-p 2222", "port", 2222),
        ("-p2222", "port", 2222),
        ("-l u", "user", "u"),
        ("-i /a -i /b", "key_files", ("/a", "/b")),
        ("-o User=u", "user", "u"),
        ("-o 'User u'", "user", "u"),
        ("-oUser=u", "user", "u"),
        ("-C -vvv -oPort=7", "port", 7),
        ("-o User=first -o User=second", "user", "first"),
        ("-o StrictHostKeyChecking=no", "host_key_policy", "no"),
        ("-o StrictHostKeyChecking=accept-new", "host_key_policy", "accept-new"),
        ("-o ConnectTimeout=5", "timeout", 5.0),
        ("-o IdentitiesOnly=yes", "identities_only", True),
        ("-o HostKeyAlias=alias", "known_as", "alias"),
        ("-o IdentityAgent=none", "agent", None),
        ("-o IdentityAgent=/run/agent-%p", "agent", "/run/agent-22"),
        ("-o HashKnownHosts=yes", "hash_known_hosts", True),
        ("-o HostName=%h.example", "address", "web1.example"),
        ("-o 'ProxyCommand=nc -q \"0\" %h %p'", "proxy_command", 'nc -q "0" web1 22'),
        (
            "-o UserKnownHostsFile=/dev/null",
            "known_hosts",
            ("/dev/null", "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"),
        ),
    ],
)
def test_an_ssh_option_sets_a_field(arguments: str, field: str, value: object) -> None:
    target = target_for("web1", {"ansible_ssh_common_args": arguments}, PLAIN)
    assert getattr(target, field) == value
    assert target.notices == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("-o ControlMaster=auto", "ControlMaster has no effect here"),
        ("-o PreferredAuthentications=publickey", "PreferredAuthentications has no effect here"),
        ("-o Nonsense=1", "-o Nonsense=1 is not supported"),
        ("-Z", "-Z is not supported"),
        ("-L 1:a:2", "-L is not supported"),
        ("word", "'word' is not an option"),
    ],
)
def test_an_option_without_effect_becomes_a_notice_that_names_the_variable(
    arguments: str, message: str
) -> None:
    target = target_for("web1", {"ansible_ssh_extra_args": arguments}, PLAIN)
    assert target.notices[0].startswith(f"ansible_ssh_extra_args: {message}")


def test_variables_override_options_which_override_ssh_args_and_ssh_config(tmp_path: Path) -> None:
    text = "User file\nPort 4\nConnectTimeout 4\nHostName file\n"
    options = from_file(tmp_path, text, user="option", port=2)
    variables = {
        "ansible_user": "variable",
        "ansible_ssh_common_args": "-l a -p 3 -oConnectTimeout=3",
    }
    target = target_for("web1", variables, options)
    assert (target.user, target.port, target.timeout) == ("variable", 2, 3.0)
    assert target.address == "file"
    del variables["ansible_user"]
    assert target_for("web1", variables, options).user == "option"
    assert target_for("web1", variables, replace(options, user=None)).user == "a"
    assert target_for("web1", {}, replace(options, user=None)).user == "file"


def test_ssh_config_is_searched_for_the_address_as_by_ssh(tmp_path: Path) -> None:
    options = from_file(tmp_path, "Host 10.0.0.1\nUser byaddress\nHost web1\nUser byname\n")
    assert target_for("web1", {"ansible_host": "10.0.0.1"}, options).user == "byaddress"
    assert target_for("web1", {}, options).user == "byname"


def test_the_option_F_names_another_file_or_none(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("User other\n")
    options = from_file(tmp_path, "User file\n")
    named = target_for("web1", {"ansible_ssh_args": f"-F {other}"}, options)
    assert named.user == "other"
    none = target_for("web1", {"ansible_ssh_args": "-F none"}, options)
    assert none.user == getpass.getuser()


def test_default_keys_are_tried_only_where_no_key_is_configured(tmp_path: Path) -> None:
    assert target_for("web1", {}, PLAIN).default_keys
    options = from_file(tmp_path, "IdentityFile /a\nIdentityFile none\n")
    target = target_for("web1", {"ansible_private_key_file": "/k"}, options)
    assert (target.key_files, target.default_keys) == (("/k", "/a"), ())


def hops(target: Target) -> list[tuple[str, str, int]]:
    return [(hop.user, hop.address, hop.port) for hop in target.proxy_jump]


def test_jump_hosts_are_resolved_by_the_file_and_get_no_password(tmp_path: Path) -> None:
    text = (
        "Host gate\nHostName gate.example\nUser g\nPort 44\nHost *.lan\nProxyJump gate,x@[::1]:5\n"
    )
    options = from_file(tmp_path, text, user="deploy", password="secret")
    target = target_for("web.lan", {}, options)
    assert hops(target) == [("g", "gate.example", 44), ("x", "::1", 5)]
    assert target.password == "secret"
    assert [hop.password for hop in target.proxy_jump] == [None, None]


def test_a_jump_host_that_matches_its_own_rule_is_reached_directly(tmp_path: Path) -> None:
    options = from_file(tmp_path, "Host *\nProxyJump gate\n")
    target = target_for("web1", {}, options)
    assert [hop.address for hop in target.proxy_jump] == ["gate"]
    assert target.proxy_jump[0].proxy_jump == ()


def test_a_circle_of_jump_hosts_is_an_error_that_names_them(tmp_path: Path) -> None:
    options = from_file(tmp_path, "Host a\nProxyJump b\nHost b\nProxyJump a\n")
    with pytest.raises(ConnectionFailed, match="circle: a > b > a"):
        target_for("a", {}, options)


def test_a_proxy_option_overrides_ssh_config(tmp_path: Path) -> None:
    options = from_file(tmp_path, "ProxyJump gate\n")
    assert target_for("w", {"ansible_ssh_args": "-o ProxyJump=none"}, options).proxy_jump == ()
    assert hops(target_for("w", {"ansible_ssh_args": "-J u@other:7"}, options)) == [
        ("u", "other", 7)
    ]
    command = target_for("w", {"ansible_ssh_args": "-o ProxyCommand=nc"}, options)
    assert (command.proxy_jump, command.proxy_command) == ((), "nc")


@pytest.mark.parametrize("name", ["a;touch x", "$(id)", "-oProxyCommand=x", "a b", "`id`"])
def test_a_name_with_shell_characters_is_refused_for_a_proxy_command(name: str) -> None:
    variables = {"ansible_host": name, "ansible_ssh_common_args": "-o 'ProxyCommand nc %h %p'"}
    with pytest.raises(ConnectionFailed, match="can't be given to a ProxyCommand"):
        target_for("web1", variables, PLAIN)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"ansible_port": "ssh"}, "the SSH port is 'ssh'"),
        ({"ansible_port": 70000}, "the SSH port is '70000'"),
        ({"ansible_timeout": "soon"}, "the timeout 'soon' is not a number"),
        ({"ansible_ssh_args": "-o 'User"}, "ansible_ssh_args: a quote is not closed"),
        ({"ansible_ssh_args": "-p"}, "ansible_ssh_args: -p has no value"),
        ({"ansible_ssh_args": "-J a:b"}, "'b' is not a port"),
    ],
)
def test_an_invalid_value_is_reported_with_the_host(
    variables: dict[str, object], message: str
) -> None:
    with pytest.raises(ConnectionFailed, match="web1: .*" + message):
        target_for("web1", variables, PLAIN)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("host", (None, "host", None)),
        ("u@host:22", ("u", "host", 22)),
        ("u@domain@host", ("u@domain", "host", None)),
        ("[::1]:22", (None, "::1", 22)),
        ("::1", (None, "::1", None)),
        ("ssh://u@host:22/", ("u", "host", 22)),
    ],
)
def test_a_jump_host_is_split_into_user_host_and_port(
    text: str, parts: tuple[str | None, str, int | None]
) -> None:
    assert split_hop(text) == parts


def test_the_text_of_a_target_has_no_password() -> None:
    options = replace(PLAIN, password="s3cret")
    target = target_for("web1", {}, options)
    assert "s3cret" not in f"{target} {target!r} {options!r}"
