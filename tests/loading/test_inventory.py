"""Inventories that are refused, and inventory scripts. Valid ones are in inventories.yml."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.errors import LoadError
from provisioner.language.templating.template import Template
from provisioner.loading import (
    host_patterns,
    inventory_ini,
    inventory_script,
    inventory_yaml,
    yaml_file,
)
from provisioner.loading.inventory import Inventory, load_inventory
from provisioner.loading.inventory_builder import Builder
from provisioner.loading.variables import host_variables
from provisioner.loading.vault import NO_VAULT
from provisioner.local_files import read_regular
from provisioner.where import Where


def load(folder: Path, name: str, text: str, *, mode: int = 0o644) -> Inventory:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return load_inventory(str(path))


INI = [
    ("[web\nh\n", "1:1", "a section is written [group], [group:children] or [group:vars]", ""),
    ("[web db]\nh\n", "1:1", "a section is written [group], [group:children] or [group:vars]", ""),
    ("[web:childen]\n", "1:1", 'there is no section type "childen"', 'did you mean "children"?'),
    ("[web]\nh x\n", "2:1", '"x" is not key=value', ""),
    ("[web]\n  h x='1\n", "2:3", "quotes don't match: No closing quotation", ""),
    ("[web:vars]\nx\n[web]\n", "2:1", '"x" is not key=value', ""),
    ("[wbe:vars]\nx=1\n[web]\nh\n", "1:1",
     '[wbe:vars] names the group "wbe", which is not declared', 'did you mean "web"?'),
    ("[all:children]\nwbe\n[web]\nh\n", "2:1",
     '[all:children] names the group "wbe", which is not declared', 'did you mean "web"?'),
    ("[a:children]\nb\n[b:children]\nc\n[c:children]\na\n", "1:1",
     "groups contain each other: a → b → c → a", ""),
    ("[a:children]\na\n", "1:1", "groups contain each other: a → a", ""),
    ("h[3:1]\n", "1:1", 'the range "[3:1]" is empty or has more than 100,000 names', ""),
    ("h[1:999999]\n", "1:1", 'the range "[1:999999]" is empty or has more than 100,000 names', ""),
    ("h[1:999][1:999]\n", "1:1", '"h[1:999][1:999]" stands for more than 100,000 hosts', ""),
    ("h[01:100]\n", "1:1", 'the ends of "[01:100]" have different lengths', "as in [01:20]"),
    ("h[1:b]\n", "1:1", '"[1:b]" is not a range', "as in [01:20] or [a:f]"),
    ("h[1:5:0]\n", "1:1", 'the step of "[1:5:0]" is not a number above 0', ""),
    ("h;id\n", "1:1", '"h;id" can\'t be a host\'s name', ""),
    ("../h\n", "1:1", '"../h" can\'t be a host\'s name', ""),
    ("-oProxyCommand=id\n", "1:1", '"-oProxyCommand=id" can\'t be a host\'s name', ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "reason", "hint"), INI)
def test_an_error_in_an_ini_inventory_has_its_place(
    tmp_path: Path, text: str, place: str, reason: str, hint: str
) -> None:
    with pytest.raises(LoadError) as caught:
        load(tmp_path, "hosts", text)
    (problem,) = caught.value.problems
    assert problem.where is not None
    assert problem.where.full == f"{tmp_path}/hosts:{place}"
    assert (problem.reason, problem.hint) == (reason, hint)


YAML = [
    ("- hosts: all\n", "1:1", "an inventory must be a mapping of groups", "is this a playbook?"),
    ("all: [a]", "1:1", 'the group "all" must be a mapping', "with hosts, children or vars"),
    ("all: {hots: {a: }}", "1:7", '"hots" is not a key of a group', 'did you mean "hosts"?'),
    (
        "all: {hosts: [a]}",
        "1:14",
        '"hosts" must be a mapping',
        "write each name with a colon after it",
    ),
    ("all: {vars: x}", "1:13", '"vars" must be a mapping', "write each name with a colon after it"),
    ("all: {hosts: {a: b}}", "1:18", 'the variables of "a" must be a mapping', ""),
    ("all: {hosts: {1: }}", "1:15", "the name of a host must be text, not 1", 'quote it: "1"'),
    ("1: {hosts: {a: }}", "1:1", "the name of a group must be text, not 1", 'quote it: "1"'),
    ("all: {hosts: {'a b': }}", "1:15", "\"a b\" can't be a host's name", ""),
    ("all: {hosts: {a: , a: }}", "1:20", 'the key "a" occurs twice (first in line 1)', ""),
    (
        "g: {vars: {ansible_group_priority: high}}",
        "1:36",
        "ansible_group_priority must be a number",
        "",
    ),
    ("a: {children: {b: {children: {a: }}}}", "1:1", "groups contain each other: a → b → a", ""),
    ("plugin: aws_ec2\n", "1:1", "the inventory plugin aws_ec2 is not supported", "executable"),
]


@pytest.mark.parametrize(("text", "place", "reason", "hint"), YAML)
def test_an_error_in_a_yaml_inventory_has_its_place(
    tmp_path: Path, text: str, place: str, reason: str, hint: str
) -> None:
    with pytest.raises(LoadError) as caught:
        load(tmp_path, "hosts.yml", text)
    (problem,) = caught.value.problems
    assert problem.where is not None
    assert problem.where.full == f"{tmp_path}/hosts.yml:{place}"
    assert problem.reason.startswith(reason)
    assert hint in problem.hint


def test_a_file_that_is_no_inventory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("all: {hosts: {a: }}")
    (tmp_path / "empty").write_text("")
    (tmp_path / "empty.yml").write_text("\n")
    (tmp_path / "dir").mkdir()
    (tmp_path / "passed").mkdir()
    (tmp_path / "passed/hosts.ini").touch()
    messages = []
    for name in ("host.yml", "empty", "empty.yml", "dir", "x" * 300, "a\0b", "passed"):
        with pytest.raises(LoadError) as caught:
            load_inventory(f"{tmp_path}/{name}")
        messages.append(str(caught.value).replace(str(tmp_path), "DIR"))
    assert messages[0] == 'there is no inventory DIR/host.yml\n    did you mean "DIR/hosts.yml"?'
    assert messages[1:4] == ["DIR/empty: the inventory is empty",
                         "DIR/empty.yml: the inventory is empty",
                         "the inventory directory DIR/dir has no inventory file"]  # fmt: skip
    assert "if this is a host, add a comma" in messages[4]
    assert "hosts.ini is ignored by its name" in messages[6]


def test_a_host_that_is_named_several_times_is_one_host(tmp_path: Path) -> None:
    inventory = load(tmp_path, "hosts", "h a=1\n[x]\nh b=2\n[y]\nh a=3\n")
    assert inventory.hosts == ("h",)
    assert host_variables(inventory, "h", []) == {"a": 3, "b": 2}


def test_a_list_of_hosts_has_no_group_vars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars/all.yml").write_text("a: 1")
    monkeypatch.chdir(tmp_path)
    assert host_variables(load_inventory("h,"), "h", []) == {}
    assert host_variables(load_inventory("h,"), "h", [tmp_path]) == {"a": 1}


def test_implicit_localhost_has_the_variables_of_all(tmp_path: Path) -> None:
    inventory = load(tmp_path, "hosts", "h\n[all:vars]\na=1\n")
    assert "localhost" not in inventory.hosts
    assert host_variables(inventory, "localhost", []) == {"a": 1}


def test_each_variables_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inventory = load(tmp_path, "hosts", "h[1:50]\n")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars/all.yml").write_text("a: 1")
    opened = []

    def noted(path: Path, limit: int) -> bytes:
        opened.append(path)
        return read_regular(path, limit)

    monkeypatch.setattr(yaml_file, "read_regular", noted)
    for host in inventory.hosts:
        host_variables(inventory, host, [tmp_path])
    assert opened == [tmp_path / "group_vars/all.yml"]


# Scripts


def script(folder: Path, body: str) -> Inventory:
    return load(folder, "hosts", f"#!/bin/sh\n{body}\n", mode=0o755)


def test_strings_from_a_script_are_templates(tmp_path: Path) -> None:
    made = script(tmp_path, """echo '{"g": {"hosts": ["h"], "vars": {"a": "{{ b }}"}}}'""")
    assert isinstance(made.groups["g"].vars["a"], Template)


def test_a_script_reads_no_stdin_and_gets_its_arguments_unchanged(tmp_path: Path) -> None:
    body = """cat; [ "$1" = --list ] && exec echo '{"g": ["a b;c"]}'; echo "{\\"n\\": \\"$2\\"}\""""
    assert script(tmp_path, body).host_vars["a b;c"] == {"n": "a b;c"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo no luck >&2; exit 3", "hosts --list failed (exit 3)\n    no luck"),
        ("kill -9 $$", "hosts --list failed (signal 9)\n    it printed no message"),
        ("echo all: {}", "hosts --list must print a JSON mapping\n    all: {}"),
        ("echo []", "hosts --list must print a JSON mapping\n    []"),
        ("printf '\\377'", "hosts --list:1:1: the file is not UTF-8"),
        ("""echo '{"g": {"hosts": "h"}}'""", 'hosts: the script\'s hosts of "g" must be a list'),
        ("""echo '{"g": {"children": "h"}}'""", 'the script\'s children of "g" must be a list'),
        ("""echo '{"g": ["h", 1]}'""", "the script printed 1 in place of a name"),
        ("""echo '{"g": {"vars": []}}'""", 'the script\'s variables of "g" must be a mapping'),
        ("""echo '{"g": [], "_meta": {"hostvars": []}}'""", "_meta.hostvars must be a mapping"),
        ("""echo '{"g": ["h"], "_meta": {"hostvars": {"h": [1]}}}'""", '"h" must be a mapping'),
    ],
)
def test_a_failed_script_is_reported_with_its_message(
    tmp_path: Path, body: str, message: str
) -> None:
    with pytest.raises(LoadError) as caught:
        script(tmp_path, body)
    assert message in str(caught.value)


def test_a_script_that_can_not_be_run_is_reported(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="hosts --list can't be run: No such file"):
        load(tmp_path, "hosts", "#!/nowhere/interpreter\n", mode=0o755)


# Anything at all


INI_PARTS = st.sampled_from(
    ["[", "]", ":", "children", "vars", "\n", "=", "a", "b", " ", "#", ";", "'", '"', "\\", "[1:3]",
     "[a:", "{{", "0644", "(" * 300, "{}", "-", "!", "\t", "\x00", "é", "2001:db8::1", "1e999"]
)  # fmt: skip


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.lists(INI_PARTS, max_size=30).map("".join))
def test_any_ini_is_an_inventory_or_a_load_error(text: str) -> None:
    builder = Builder("hosts", (), NO_VAULT)
    with suppress(LoadError):
        inventory_ini.load(builder, text, "hosts")
        made = builder.finish()
        assert set(made.members["all"]) == set(made.hosts)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 9)
    | st.sampled_from(["a", "b", "a b", "[1:2]", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "hosts", "children", "vars", "a", "b", "_meta", "hostvars"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(VALUES)
def test_any_mapping_is_an_inventory_or_a_load_error(value: object) -> None:
    data = yaml_file.parse(json.dumps(value).encode(), "hosts.yml")
    builder = Builder("hosts.yml", (), NO_VAULT)
    with suppress(LoadError):
        inventory_yaml.load(builder, data, Where("hosts.yml", 1, 1))
        builder.finish()
    builder = Builder("script", (), NO_VAULT)
    with suppress(LoadError):
        inventory_script.read(builder, data, Where("script"), lambda host: {})
        builder.finish()


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from([*"!&~[]:,-*?.()\\19aw"]), max_size=12).map("".join))
def test_any_pattern_selects_hosts_or_is_a_load_error(text: str) -> None:
    inventory = load_inventory("a1,a9,w1,")
    with suppress(LoadError):
        assert set(host_patterns.select(inventory, text)) <= {
            *inventory.hosts,
            *host_patterns.LOCALHOST,
        }
