"""Find local files that tasks will send but that do not exist, before any host is contacted.

A file counts as missing only if no task of the run could create it first.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from provisioner.errors import Problem
from provisioner.language.play import ALL_ARGUMENTS, Play, Task, tasks_of
from provisioner.language.search_paths import places
from provisioner.language.templating.template import Template, is_template, templates_in
from provisioner.language.undefined_variables import unconditional_tasks
from provisioner.language.yaml_values import place_of
from provisioner.plan.run_options import Options
from provisioner.where import Where

_SENDERS = {
    "copy": ("src", "files"),
    "template": ("src", "templates"),
    "unarchive": ("src", "files"),
    "script": ("cmd", "files"),
}
"""Module ▶ its parameter with the name of the file, and the role folder that is searched."""

_NO_LOCAL_FILE = frozenset({"content", "remote_src", "copy", "creates", "removes"})
"""With one of these parameters the task may send no local file, or another one."""

_WRITERS = frozenset(
    {"fetch", "synchronize", "include_tasks", "include_role", "add_host", "archive", "pause"}
)
"""Modules that may lead to new local files: they write here, add tasks, or wait for the operator.
"""


def missing(
    plays: Iterable[Play], hosts: Iterable[tuple[str, Mapping[str, Any]]], options: Options
) -> Iterator[Problem]:
    """Yield a problem for each local file that a task certainly needs and that does not exist.

    `hosts` are names with their variables: if a host may be this machine, tasks may create files
    here, and nothing is reported.
    """
    plays = [*plays]
    all_tasks = [
        task
        for play in plays
        for part in (*play.sections, play.handlers)
        for task in tasks_of(part)
    ]
    local = options.connection not in (None, "ssh") or any(_is_local(*host) for host in hosts)
    if local or any(map(_may_write, all_tasks)):
        return
    for play in plays:
        for task in unconditional_tasks(node for section in play.sections for node in section):
            yield from _without_file(task)


def _is_local(name: str, variables: Mapping[str, Any]) -> bool:
    """Whether a host may be this machine."""
    address = variables.get("ansible_host", name)
    loopback = address in ("localhost", "127.0.0.1", "::1") or isinstance(address, Template)
    return loopback or variables.get("ansible_connection") not in (None, "ssh")


def _may_write(task: Task) -> bool:
    """Whether a task may create a file on this machine."""
    keywords = task.keywords
    may_run_here = keywords.delegate_to is not None or keywords.connection not in (None, "ssh")
    has_lookup = any("lookup" in template.source for template in templates_in(task.arguments))
    return may_run_here or has_lookup or task.module in _WRITERS


def _without_file(task: Task) -> Iterator[Problem]:
    """Yield a problem if the file that the task sends does not exist."""
    parameter, folder = _SENDERS.get(task.module, ("", ""))
    name = task.arguments.get(parameter)
    if (
        not isinstance(name, str)
        or is_template(name)
        or {*task.arguments} & {*_NO_LOCAL_FILE, ALL_ARGUMENTS}
    ):
        return
    if task.module_template is not None or any(task.keywords.module_defaults):
        return
    if task.module == "script":
        name = next(iter(shlex.split(name)), "")
    if not name or "://" in name:
        return
    tried = places(task.roots, folder, name)
    if not any(path.exists() for path in tried):
        reason = f"the file {name} was not found on this machine"
        yield Problem(reason, _where_is(task, parameter), f"tried {', '.join(map(str, tried))}")


def _where_is(task: Task, parameter: str) -> Where:
    return place_of(task.arguments, parameter) or task.where
