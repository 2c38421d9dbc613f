"""Errors in playbooks are reported with their place before any host is contacted."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.errors import LoadError
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_playbook
from provisioner.plan import Options, plan

PLAYS = [
    ("serial: many", "2:11", '"serial" must be a number, a percentage or a list, not "many"'),
    ("serial: [1, [2]]", "2:11", "not a list"),
    ("max_fail_percentage: lots", "2:24", '"max_fail_percentage" must be a number, not "lots"'),
    ("serial: .inf", "2:11", '"serial" must be a number, a percentage or a list, not inf'),
    ("max_fail_percentage: .nan", "2:24", '"max_fail_percentage" must be a number, not nan'),
    ("module_defaults: {file: x}", "2:27", 'the parameters of file must be a mapping, not "x"'),
    ("port: ssh", "2:9", '"port" must be a number, not "ssh"'),
    (
        "vars: [1, 2]",
        "2:9",
        "this must be a mapping of names to values, or a list of such mappings",
    ),
    ("vars_files: {a: 1}", "2:15", '"vars_files" must be a name or a list of names'),
    ("vars: {true: 1}", "2:10", "\"True\" can't be a variable's name"),
    ("roles: [{role: a, vars: x}]", "2:27", "this must be a mapping of names to values"),
    ("vars_files: 5", "2:15", "vars_files: 5 was not found"),
    (
        "module_defaults: file",
        "2:20",
        '"module_defaults" must be a mapping of modules to parameters',
    ),
    ("module_defaults: [{fiel: {}}]", "2:22", 'did you mean "file"?'),
    ("become_method: sduo", "2:18", 'did you mean "sudo"?'),
    ("connection: lcoal", "2:15", 'did you mean "local"?'),
    ("module_defaults: {group/dockr: {a: 1}}", "2:21", 'did you mean "docker"?'),
    ("module_defaults: {group/a.b: {a: 1}}", "2:21", "group/namespace.collection.name"),
    ("module_defaults: {5: {a: 1}}", "2:21", "module_defaults: 5 is not the name of a module"),
    ('serial: "{{ {} }}"', "1:3", "not a mapping"),
    ("gather_facts: perhaps", "2:17", "\"gather_facts\" must be true or false, not 'perhaps'"),
    ('serial: "{{ x }}"\n  vars: {x: some}', "1:3", 'not "some"'),
    (
        "max_fail_percentage: \"{{ 'x' }}\"",
        "1:3",
        '"max_fail_percentage" must be a number, not "x"',
    ),
]

TASKS = [
    ("debug:\n      msg: x", "4:7", "indent it further, so that it is below debug"),
    ("copy:\n      src: a\n      dest: b", "4:7", '"src" is a parameter of copy'),
    ("file: path=/x state", "3:13", '"state" has no value'),
    ('file: path="/x', "3:13", "a quote is not closed"),
    ("action: {foo: x}", "3:15", '"action" names no module'),
    ("local_action:", "3:20", '"local_action" names no module'),
    ("1: x", "3:7", '"1" is neither a keyword of a task nor a module'),
    ("import_role: a b=c", "3:7", '"a" is not name=value'),
    ("import_role: {name: a, task_from: b}", "3:30", 'did you mean "tasks_from"?'),
    ("import_tasks: {file: a, apply: {}}", "3:31", 'import_tasks has no parameter "apply"'),
    (
        "user: {name: a, uid: many}",
        "3:28",
        "argument 'uid' is of type <class 'str'>",
    ),
    ("user: {name: a, system: many}", "3:31", "The value 'many' is not a valid boolean."),
    ("reboot: {pre_reboot_delay: .inf}", "3:34", "<class 'float'> cannot be converted to an int"),
    ("yum: {name: a, state: there}", "3:29", "latest, absent, removed, got: there"),
    ("ping:\n      loop: [1]\n      loop_control: {index_var: [i]}", "5:33", "can't be a variable"),
    ("[debug]", "3:7", "a task must be a mapping, not a list"),
    ("ping:\n      retries: many", "4:16", '"retries" must be a number, not "many"'),
    ("ping:\n      retries: 5%", "4:16", '"retries" must be a number, not "5%"'),
    ("ping:\n      delay: .inf", "4:14", '"delay" must be a number, not inf'),
    ("ping:\n      async: soon", "4:14", '"async" must be a number, not "soon"'),
    ("ping:\n      throttle: true", "4:17", '"throttle" must be a number, not True'),
    ("ping:\n      delegate_to: [a]", "4:20", '"delegate_to" must be text, not a list'),
    ("ping:\n      loop: [1]\n      loop_control: x", "5:21", '"loop_control" must be a mapping'),
    (f'debug: {{msg: "{{{{ {"(" * 900}1{")" * 900} }}}}"}}', "3:20", "nested too deeply"),
]

ROWS = [
    (f"- hosts: all\n  {text}\n  tasks: []\n", place, message) for text, place, message in PLAYS
]
ROWS += [
    (f"- hosts: all\n  tasks:\n    - {text}\n", place, message) for text, place, message in TASKS
]


@pytest.mark.parametrize(("text", "place", "message"), ROWS)
def test_an_error_in_a_playbook_has_its_place(
    text: str, place: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "play.yml"
    path.write_text(text)
    with pytest.raises(LoadError) as caught:
        plan(load_inventory("a,"), [load_playbook(path)], Options())
    assert f"play.yml:{place}: " in str(caught.value)
    assert message in str(caught.value)


GOOD = [
    "serial: \"{{ [1, '50%'] }}\"",
    "serial: [1, 30%]",
    "max_fail_percentage: 30%",
    'module_defaults: [{file: {mode: "0644"}}, {group/aws: {}}, {of_a_library: {}}]',
    "become_method: community.general.doas",
    "connection: of_a_plugin_of_its_own",
    "module_defaults: {group/n.c.of_its_own: {}}",
    "vars: [{a: 1}, {b: 2}]",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_ansible_accepts_is_accepted(text: str, tmp_path: Path) -> None:
    path = tmp_path / "play.yml"
    path.write_text(f"- hosts: all\n  {text}\n  tasks: []\n")
    assert plan(load_inventory("a,"), [load_playbook(path)], Options()).hosts == ("a",)
