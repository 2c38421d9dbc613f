"""--extra-vars, variables files and --limit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.errors import LoadError
from provisioner.language.templating.template import Template
from provisioner.loading import host_patterns
from provisioner.loading.inventory import load_inventory
from provisioner.loading.variables import extra_vars, vars_file


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("a=1", {"a": "1"}),
        ("a=1 b=two", {"a": "1", "b": "two"}),
        ("a='x y' b=\"z w\"", {"a": "x y", "b": "z w"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=", {"a": ""}),
        ("a={{ b }}/c d=1", {"a": "{{ b }}/c", "d": "1"}),
        ('{"a": 1, "b": [true, null]}', {"a": 1, "b": [True, None]}),
        ("{a: 1, b: yes}", {"a": 1, "b": True}),
        ("", {}),
    ],
)
def test_extra_vars_accept_all_forms_of_ansible(argument: str, value: dict[str, Any]) -> None:
    found = extra_vars([argument])
    shown = {k: v.source if isinstance(v, Template) else v for k, v in found.items()}
    assert shown == value


def test_extra_vars_come_from_files_and_later_ones_override(tmp_path: Path) -> None:
    path = tmp_path / "v.yml"
    path.write_text("a: file\nb: file\n")
    assert extra_vars(["a=first", f"@{path}", "b=last"]) == {"a": "file", "b": "last"}


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("a", '--extra-vars: "a" is not name=value'),
        ("a-b=1", '--extra-vars: "a-b=1" is not name=value'),
        ("a='x", "--extra-vars: a quote is not closed: a='x"),
        ("[1]", "--extra-vars:1:1: --extra-vars: this must be a mapping"),
        ("{a: b: c}", "--extra-vars:1:6: this is not YAML"),
        ("./file.yml", "--extra-vars: write @./file.yml for a file"),
        ("@/nowhere.yml", "the variables file /nowhere.yml can't be read"),
    ],
)
def test_wrong_extra_vars_are_refused(argument: str, message: str) -> None:
    with pytest.raises(LoadError) as caught:
        extra_vars([argument])
    assert message in str(caught.value)


def test_a_variables_file_must_be_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "v.yml"
    path.write_text("# nothing\n")
    assert vars_file(path) == {}
    path.write_text("- a\n")
    with pytest.raises(LoadError, match="a mapping of names to values"):
        vars_file(path)


HOSTS = "web1,web2,db1,"


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("web1", {"web1"}),
        ("web*", {"web1", "web2"}),
        ("web1,db1", {"web1", "db1"}),
        ("all:!db1", {"web1", "web2"}),
        ("!db1", {"web1", "web2"}),
        ("~web", {"web1", "web2"}),
        ("all[0]", {"web1"}),
        ("localhost", {"localhost"}),
    ],
)
def test_a_limit_is_a_pattern(text: str, hosts: set[str]) -> None:
    assert host_patterns.limit(load_inventory(HOSTS), text) == hosts


def test_a_limit_may_be_a_file_of_names(tmp_path: Path) -> None:
    path = tmp_path / "failed"
    path.write_text("web1\n\ndb1\n")
    assert host_patterns.limit(load_inventory(HOSTS), f"@{path}") == {"web1", "db1"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wbe1", '--limit: "wbe1" is neither a host nor a group\n    did you mean "web1"?'),
        ("all:!bd1", '"bd1" is neither'),
        ("~web(", '"~web(" is not a regular expression'),
        ("all[7]", '"all[7]": the group has only 3 hosts'),
        ("@/nowhere", "the --limit file /nowhere can't be read"),
    ],
)
def test_a_limit_that_matches_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(LoadError) as caught:
        host_patterns.limit(load_inventory(HOSTS), text)
    assert message in str(caught.value)
