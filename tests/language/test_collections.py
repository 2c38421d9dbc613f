"""Plugins of ansible.utils and community.general against the values that Ansible returns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.language.functions import functions
from provisioner.language.lookups.context import LookupContext
from provisioner.language.scope import Scope
from provisioner.language.templating.render import render
from provisioner.language.templating.template import Template, TemplateError
from provisioner.where import Where

HOST = {
    "d": {"name": "a", "mode": "x", "deep": [{"name": "b", "n": 1}, {"n": 2}], "l": ["s", "t"]},
    "part_1": {"a": 1, "l": [1]},
    "part_2": {"b": 2, "l": [2]},
    "list_1": [1],
    "list_2": [2, 1],
    "clash_1": {"a": 1},
    "clash_2": {"a": 2},
}

VALUES: list[tuple[str, Any]] = [
    ("d | ansible.utils.keep_keys(['name'])", {"name": "a", "deep": [{"name": "b"}]}),
    (
        "d | ansible.utils.keep_keys(['n', 'm'], 'starts_with')",
        {"name": "a", "mode": "x", "deep": [{"name": "b", "n": 1}, {"n": 2}]},
    ),
    (
        "d | ansible.utils.remove_keys(['n'])",
        {"name": "a", "mode": "x", "deep": [{"name": "b"}], "l": ["s", "t"]},
    ),
    ("d | ansible.utils.remove_keys(['e$', 'p$', 'ode'], 'regex') | length", 4),
    ("d | ansible.utils.remove_keys(['e', 'p'], 'ends_with')", {"l": ["s", "t"]}),
    (
        "d.deep | ansible.utils.replace_keys([{'before': 'n', 'after': 'm'}])",
        [{"name": "b", "m": 1}, {"m": 2}],
    ),
    ("'10.0.0.0/30' | ansible.utils.usable_range | dict2items | last", ("number_of_ips", 4)),
    ("'10.1.1.1' is ansible.utils.in_network('10.0.0.0/8')", True),
    ("'10.1.0.0/16' is ansible.utils.subnet_of('10.0.0.0/8')", True),
    ("'10.0.0.0/8' is ansible.utils.supernet_of('10.1.0.0/16')", True),
    ("'x' is ansible.utils.in_network('10.0.0.0/8')", False),
    ("'10.1.1.1' is ansible.utils.in_any_network(['1.0.0.0/8', '10.0.0.0/8'])", True),
    ("'10.1.1.1' is ansible.utils.in_one_network(['10.0.0.0/8', '10.1.0.0/16'])", False),
    ("['1.2.3.4', '::1', '1.2.3.0/24', 'x'] | select('ansible.utils.ip') | length", 3),
    ("['1.2.3.4', '::1', 'x'] | select('ansible.utils.ipv4_address')", ["1.2.3.4"]),
    ("['1.2.3.4', '::1', 'x'] | select('ansible.utils.ipv6')", ["::1"]),
    ("'255.255.0.0' is ansible.utils.ipv4_netmask", True),
    ("'0.0.255.255' is ansible.utils.ipv4_hostmask", True),
    ("'127.0.0.1' is ansible.utils.loopback and '10.0.0.1' is ansible.utils.private", True),
    ("['0a:1b:2c:3d:4e:5f', '0a1b.2c3d.4e5f', 'x'] | select('ansible.utils.mac') | length", 2),
    ("lookup('ansible.utils.get_path', d, 'deep[0].name')", "b"),
    ("lookup('ansible.utils.to_paths', {'a': [{'b': 1}]})", {"a[0].b": 1}),
    ("lookup('ansible.utils.index_of', [3, 4], 'eq', 4)", 1),
    (
        "lookup('community.general.merge_variables', '^part_')",
        {"a": 1, "b": 2, "l": [1, 2]},
    ),
    ("lookup('community.general.merge_variables', 'list_', pattern_type='prefix')", [1, 2, 1]),
    (
        "lookup('community.general.merge_variables', 'clash_', override='ignore')",
        {"a": 2},
    ),
    ("lookup('community.general.random_string', length=9) | length", 9),
    ("lookup('community.general.random_string', override_all='a', length=3)", "aaa"),
    (
        "lookup('community.general.random_string', length=4, min_numeric=4) is match('^[0-9]{4}$')",
        True,
    ),
    ("query('community.general.collection_version', 'a.b', result_not_found='no')", ["no"]),
]

REFUSED = [
    ("lookup('community.general.merge_variables', 'clash_')", "two values"),
    ("lookup('community.general.merge_variables', '1$')", "can't be merged"),
    ("lookup('community.general.merge_variables', '[')", "is not valid"),
    ("1 | ansible.utils.keep_keys(['a'])", "a dict or a list is needed"),
    ("d | ansible.utils.keep_keys(['a'], 'like')", "matching_parameter must be one of"),
]


def value(expression: str) -> Any:
    def context(scope: Scope) -> LookupContext:
        return LookupContext(scope, lambda a, b: Path(b), lambda a, b, c: "", Path())

    scope = Scope([HOST, functions(context)])
    return render(Template(expression, Where("play.yml", 1, 1), expression=True), scope)


@pytest.mark.parametrize(("expression", "expected"), VALUES)
def test_a_plugin_of_a_collection_returns_the_same_value_as_in_ansible(
    expression: str, expected: Any
) -> None:
    found = value(expression)
    if isinstance(expected, tuple):
        found = tuple(found.values())
    assert found == expected


@pytest.mark.parametrize(("expression", "reason"), REFUSED)
def test_a_plugin_of_a_collection_refuses_invalid_arguments(expression: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason):
        value(expression)
