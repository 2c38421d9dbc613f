"""provision inventory: the subcommand. tests/loading compares its output with Ansible's."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.cli.conftest import Command

HOSTS = """\
loose
[web]
w1 a="{{ b }}"
w2
[web:vars]
c=1
"""


@pytest.fixture
def hosts(provision: Command) -> str:
    provision.write("hosts", HOSTS)
    return "hosts"


def test_the_list_is_json(provision: Command, hosts: str) -> None:
    done = provision("inventory", hosts, "--list")
    assert done.exit == 0
    assert json.loads(done.out) == {
        "_meta": {"hostvars": {"w1": {"a": "{{ b }}", "c": 1}, "w2": {"c": 1}}},
        "all": {"children": ["ungrouped", "web"]},
        "ungrouped": {"hosts": ["loose"]},
        "web": {"hosts": ["w1", "w2"]},
    }


def test_the_list_can_be_yaml_and_limited(provision: Command, hosts: str) -> None:
    done = provision("inventory", hosts, "--list", "--yaml", "--limit", "w2")
    assert yaml.safe_load(done.out) == {"all": {"children": {"web": {"hosts": {"w2": {"c": 1}}}}}}


def test_the_graph_is_a_tree(provision: Command, hosts: str) -> None:
    assert provision("inventory", hosts, "--graph", "--vars").out.splitlines() == [
        "@all:",
        "  |--@ungrouped:",
        "  |  |--loose",
        "  |--@web:",
        "  |  |--w1",
        "  |  |  |--{a = {{ b }}}",
        "  |  |  |--{c = 1}",
        "  |  |--w2",
        "  |  |  |--{c = 1}",
        "  |  |--{c = 1}",
    ]
    assert provision("inventory", hosts, "web", "--graph").out.splitlines() == [
        "@web:",
        "  |--w1",
        "  |--w2",
    ]


def test_host_prints_all_variables_of_a_host(provision: Command, hosts: str) -> None:
    done = provision("inventory", hosts, "--host", "w1", "-e", "d=2")
    assert json.loads(done.out) == {"a": "{{ b }}", "c": 1, "d": "2"}
    assert yaml.safe_load(provision("inventory", hosts, "--host", "w2", "-y").out) == {"c": 1}


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--host", "w11"], 5, 'did you mean "w1"?'),
        (["--host", "web"], 5, '"web" must be exactly one host'),
        (["--graph", "wbe"], 5, 'did you mean "web"?'),
        (["--list", "--limit", "w3"], 3, "--limit"),
        (["--list", "--graph"], 5, "one of --list, --graph and --host"),
        (["--list", "--output", "/nowhere/x"], 7, "/nowhere/x can't be written"),
    ],
)
def test_invalid_options_and_unknown_names_are_refused(
    provision: Command, hosts: str, arguments: list[str], status: int, message: str
) -> None:
    done = provision("inventory", hosts, *arguments)
    assert (done.exit, done.out) == (status, "")
    assert message in done.err


def test_the_output_can_be_written_to_a_file(provision: Command, hosts: str) -> None:
    assert provision("inventory", hosts, "--list", "--output", "out").out == ""
    assert "_meta" in json.loads((provision.folder / "out").read_text())


def test_encrypted_values_stay_encrypted(provision: Command) -> None:
    provision.write("pw", "x")
    encrypted = provision("vault", "encrypt_string", "-n", "a", "word", "--vault-id", "pw").out
    provision.write("hosts.yml", "all: {hosts: {h: }}")
    provision.write("group_vars/all.yml", encrypted)
    for arguments in ([], ["--vault-id", "pw"]):
        shown = json.loads(provision("inventory", "hosts.yml", "--host", "h", *arguments).out)
        assert shown["a"]["__ansible_vault"].startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    assert "a: !vault |" in provision("inventory", "hosts.yml", "--host", "h", "-y").out


def test_encrypted_files_need_their_password(provision: Command) -> None:
    provision.write("pw", "x")
    provision.write("hosts.yml", "all: {hosts: {h: }}")
    provision.write("group_vars/all.yml", "a: 1")
    provision("vault", "encrypt", "group_vars/all.yml", "--vault-id", "pw")
    assert provision("inventory", "hosts.yml", "--list").exit == 3
    done = provision("inventory", "hosts.yml", "--host", "h", "--vault-id", "pw")
    assert json.loads(done.out) == {"a": 1}


def test_variables_of_the_playbook_folder_are_printed_on_request(
    provision: Command, hosts: str
) -> None:
    provision.write("play/group_vars/web.yml", "from: play")
    done = provision("inventory", hosts, "--host", "w2", "--playbook-dir", "play")
    assert json.loads(done.out) == {"c": 1, "from": "play"}


def test_an_inventory_file_may_be_named_inventory(provision: Command) -> None:
    provision.write("inventory/hosts", "h1 ansible_connection=local\n")
    provision.write("site.yml", "- {hosts: all, tasks: [{debug: msg=here}]}\n")
    assert "here" in provision("inventory", "site.yml").out
    assert "h1" in provision("inventory", "--check", "site.yml", "--list-hosts").out
    assert provision("inventory", "inventory", "--graph").out.endswith("h1\n")
    assert "write ./inventory" in provision("inventory", "-l", "h1").err


def test_without_a_file_of_that_name_inventory_is_the_subcommand(provision: Command) -> None:
    provision.write("hosts.yml", "all: {hosts: {h1: }}\n")
    done = provision("inventory", "hosts.yml")
    assert (done.exit, "./inventory" in done.err) == (5, False)
