"""Files of this machine that tasks will send: one that is not there is told before any host is
touched, as far as it is certain that nothing in the run makes it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from provisioner.errors import Problem
from provisioner.language.play import VARIABLE, Play, Task, tasks_of
from provisioner.language.search_paths import places
from provisioner.language.templating.template import Template, is_template, templates_in
from provisioner.language.undefined_variables import certain
from provisioner.loading.yaml_file import place_of
from provisioner.plan.options import Options
from provisioner.where import Where

_SENDERS = {
    "copy": ("src", "files"),
    "template": ("src", "templates"),
    "unarchive": ("src", "files"),
    "script": ("cmd", "files"),
}
"""Modules ▶ the parameter that names the file, and the folder in which it is sought."""

_ELSE = frozenset({"content", "remote_src", "copy", "creates", "removes"})
"""Parameters with which it may be another file, or none."""

_WRITERS = frozenset(
    {"fetch", "synchronize", "include_tasks", "include_role", "add_host", "archive", "pause"}
)
"""Modules that write on this machine, bring tasks that may, or wait for somebody who does."""


def missing(
    plays: Iterable[Play], hosts: Iterable[tuple[str, Mapping[str, Any]]], options: Options
) -> Iterator[Problem]:
    """What tasks of the plays need for certain and is not there; of `hosts` the variables count."""
    plays = [*plays]
    every = [
        task
        for play in plays
        for part in (*play.sections, play.handlers)
        for task in tasks_of(part)
    ]
    here = options.connection not in (None, "ssh") or any(_is_here(*host) for host in hosts)
    if here or any(map(_may_write, every)):
        return
    for play in plays:
        for task in certain(node for section in play.sections for node in section):
            yield from _without_file(task)


def _is_here(name: str, variables: Mapping[str, Any]) -> bool:
    """Whether a host may be this machine."""
    named = variables.get("ansible_host", name)
    local = named in ("localhost", "127.0.0.1", "::1") or isinstance(named, Template)
    return local or variables.get("ansible_connection") not in (None, "ssh")


def _may_write(task: Task) -> bool:
    """Whether a task may make a file on this machine."""
    keywords = task.keywords
    elsewhere = keywords.delegate_to is not None or keywords.connection not in (None, "ssh")
    asks = any("lookup" in template.source for template in templates_in(task.arguments))
    return elsewhere or asks or task.module in _WRITERS


def _without_file(task: Task) -> Iterator[Problem]:
    parameter, folder = _SENDERS.get(task.module, ("", ""))
    name = task.arguments.get(parameter)
    given = {*task.arguments}
    if not isinstance(name, str) or is_template(name) or given & {*_ELSE, VARIABLE}:
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
        yield Problem(reason, _at(task, parameter), f"tried {', '.join(map(str, tried))}")


def _at(task: Task, parameter: str) -> Where:
    return place_of(task.arguments, parameter) or task.where
