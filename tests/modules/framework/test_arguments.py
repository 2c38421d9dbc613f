"""The check of a task's arguments: before its templates are rendered, and after that."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.language.play import ALL_ARGUMENTS
from provisioner.language.templating.template import Template
from provisioner.modules import find_module
from provisioner.modules.framework.arguments import build, check
from provisioner.modules.framework.base import ModuleError
from provisioner.where import Where

AT = Where("play.yml", 1, 1)
TEMPLATE = Template("{{ x }}", AT)

CHECKED: dict[str, tuple[str, dict[Any, Any], list[str]]] = {
    "right": ("file", {"path": "/a", "state": "touch"}, []),
    "a template may have any value": ("file", {"path": "/a", "state": TEMPLATE}, []),
    "a template is not missing": ("file", {"path": TEMPLATE}, []),
    "an alias with a template is not missing": ("file", {"dest": TEMPLATE}, []),
    "all arguments may be in a template": ("file", {ALL_ARGUMENTS: TEMPLATE}, []),
    "missing beside a template": (
        "file",
        {"state": TEMPLATE},
        ["file: missing required arguments: path"],
    ),
    "wrong beside a template": (
        "file",
        {"path": TEMPLATE, "state": "gone"},
        [
            "file: value of state must be one of: absent, directory, file, hard, link, touch, "
            "got: gone"
        ],
    ),
    "one field beside a template": (
        "hostname",
        {"name": "a b", "use": TEMPLATE},
        [
            "hostname: name: 'a b' is not a valid hostname: use letters, digits, - and . only",
        ],
    ),
    "the whole is checked without templates": (
        "file",
        {"path": "/a", "src": "/b"},
        ["file: src option requires state to be 'link' or 'hard'"],
    ),
    "the whole is not checked with a template": ("file", {"path": TEMPLATE, "src": "/b"}, []),
    "Ansible's own message": ("copy", {"src": "a"}, ["copy: dest is required"]),
    "unsupported": ("file", {"pth": "/a"}, ['the module file has no parameter "pth"']),
    "any parameter": ("set_fact", {"a": 1}, []),
}


@pytest.mark.parametrize("case", CHECKED)
def test_what_is_certain_before_templates_are_rendered(case: str) -> None:
    name, arguments, messages = CHECKED[case]
    problems = check(find_module(name), name, arguments, AT)
    assert [problem.reason for problem in problems] == messages


FAILED: dict[str, tuple[str, dict[str, Any], str]] = {
    "with a similar name": (
        "file",
        {"path": "/a", "stat": "touch"},
        'Unsupported parameters for (file) module: stat; did you mean "state"?',
    ),
    "without a similar name": (
        "ping",
        {"xyz": 1},
        "Unsupported parameters for (ping) module: xyz. Supported parameters include: data",
    ),
    "nested": (
        "iptables",
        {"chain": "INPUT", "tcp_flags": {"flags": ["SYN"], "other": 1}},
        "Unsupported parameters for (iptables) module: tcp_flags.other. "
        "Supported parameters include: flags, flags_set",
    ),
    "missing and wrong": (
        "file",
        {"recurse": "maybe"},
        "missing required arguments: path; argument 'recurse' is of type <class 'str'> and we were "
        "unable to convert to bool: The value 'maybe' is not a valid boolean.  Valid booleans "
        "include: y, yes, on, 1, true, t, n, no, off, 0, false, f",
    ),
}


@pytest.mark.parametrize("case", FAILED)
def test_wrong_arguments_fail_the_task_with_ansibles_messages(case: str) -> None:
    name, arguments, message = FAILED[case]
    with pytest.raises(ModuleError) as caught:
        build(find_module(name), name, arguments)
    assert str(caught.value) == message
