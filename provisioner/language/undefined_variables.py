"""Variables that nobody defines: found before any host is touched, as far as that is certain.

Only tasks that run in any case are looked at (no `when`, no rescue, no handler, no loop), and only
names that no inventory, play, role, file, earlier task or fact could give. Nothing is said about a
playbook that gets variables while it runs (include_vars, included roles, add_host, group_by).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from provisioner.errors import Problem
from provisioner.language.play import VARIABLE, Block, Node, Play, Task, tasks_of
from provisioner.language.templating.render import check, needs
from provisioner.language.templating.template import Template, templates_in
from provisioner.where import nearest

UNKNOWABLE = frozenset({"include_vars", "include_role", "include_tasks", "add_host", "group_by"})
"""Modules after which a host may have any variable."""


def problems(
    plays: Sequence[Play], known: frozenset[str], layers: Iterable[Mapping[str, Any]]
) -> Iterator[Problem]:
    """What is certain to be undefined. `known` are the names that every scope has, `layers` the
    variables of hosts and of the command line."""
    every = [
        task
        for play in plays
        for part in (*play.sections, play.handlers)
        for task in tasks_of(part)
    ]
    if any(task.module in UNKNOWABLE for task in every):
        return
    if any(made_while_running(key) for task in every for key in task.arguments):
        return  # names are made while the playbook runs
    names = set(known).union(*layers, *(set_by(task) for task in every))
    for play in plays:
        yield from _in_play(play, names)


def made_while_running(key: Any) -> bool:
    """Whether the name of an argument is known only while the task runs."""
    return isinstance(key, Template) or "{{" in str(key) or key == VARIABLE


def set_by(task: Task) -> Iterator[str]:
    """The names of variables that the task sets."""
    if task.register:
        yield task.register
    if task.module in ("set_fact", "set_stats"):
        yield from map(str, task.arguments)
    if task.module in ("getent", "package_facts", "service_facts"):
        yield from ("ansible_facts",)
    if task.module == "getent":
        yield f"getent_{task.arguments.get('database')}"
    if task.loop is not None:
        yield from filter(None, (task.loop.variable, task.loop.index_variable))


def _in_play(play: Play, known: set[str]) -> Iterator[Problem]:
    if any(isinstance(name, Template) for entry in play.vars_files for name in entry.names):
        return
    roles = (layer for role in play.roles for layer in (*role.exported_vars, *role.all_defaults))
    given = (play.vars, *roles)
    variables = {name: value for layer in reversed(given) for name, value in layer.items()}
    for task in certain(node for section in play.sections for node in section):
        own = {name: value for layer in task.keywords.vars for name, value in layer.items()}
        if task.role is not None:
            role = task.role
            layers = (own, *role.all_params, *role.all_vars, *role.all_defaults)
            own = {name: value for layer in reversed(layers) for name, value in layer.items()}
        yield from _in_task(task, {**variables, **own}, known)


def certain(nodes: Iterable[Node]) -> Iterator[Task]:
    """Tasks that every host runs that comes so far."""
    for node in nodes:
        if isinstance(node, Block):
            yield from certain(() if node.rescue else node.tasks)
        elif not (node.keywords.when or node.loop or _may_fail(node)):
            yield node


def _may_fail(task: Task) -> bool:
    """Whether what is undefined in it may be just what the playbook expects."""
    shows = task.module == "debug" and "var" in task.arguments
    asks = task.module == "assert" and any(
        " is defined" in template.source for template in templates_in(task.arguments)
    )  # and says in its own words what is missing
    return shows or asks or bool(task.keywords.ignore_errors) or task.failed_when is not None


def _anything(kind: str, name: str) -> bool:
    return True


def _in_task(task: Task, variables: Mapping[str, Any], known: set[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    shown = "var" if task.module == "debug" else ""  # it shows what is undefined, too
    given = {key: value for key, value in task.arguments.items() if key != shown}
    waiting = list(templates_in(given))
    while waiting:
        template = waiting.pop()
        error = check(template, _anything)  # the loader has looked for filters and their like
        if error is not None:
            yield Problem(error.reason, template.where)
            continue
        for name in needs(template.source, template.expression) - seen:
            seen.add(name)
            if name in variables:
                waiting += templates_in(variables[name])
            elif name not in known and not name.startswith("ansible_"):
                hint = nearest(name, {*known, *variables})
                yield Problem(f'the variable "{name}" is defined nowhere', template.where, hint)
