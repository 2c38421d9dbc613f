"""Find variables that are certain to be undefined, before any host is contacted.

Only tasks that run in any case are checked: without `when` and loop, outside of rescue and of
handlers. A variable is undefined if no inventory, play, role, file, task or fact can set it.
Playbooks that load variables while they run (include_vars, included roles, add_host, group_by) are
not checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from provisioner.errors import Problem
from provisioner.language.play import ALL_ARGUMENTS, Block, Node, Play, Task, tasks_of
from provisioner.language.templating.check import check, required_variables
from provisioner.language.templating.template import Template, templates_in
from provisioner.where import nearest

MAY_DEFINE_ANY = frozenset(
    {"include_vars", "include_role", "include_tasks", "add_host", "group_by"}
)
"""Modules that may define variables which are unknown before the run."""


def problems(
    plays: Sequence[Play], defined: frozenset[str], layers: Iterable[Mapping[str, Any]]
) -> Iterator[Problem]:
    """Yield the undefined variables of the plays.

    `defined` are the names that every scope has, `layers` the variables of the hosts and of the
    command line.
    """
    all_tasks = [
        task
        for play in plays
        for part in (*play.sections, play.handlers)
        for task in tasks_of(part)
    ]
    if any(task.module in MAY_DEFINE_ANY for task in all_tasks):
        return
    if any(is_computed_name(key) for task in all_tasks for key in task.arguments):
        return
    names = set(defined).union(*layers, *(set_by(task) for task in all_tasks))
    for play in plays:
        yield from _in_play(play, names)


def is_computed_name(key: Any) -> bool:
    """Whether the name of a set_fact argument is a template, rendered during the run."""
    return isinstance(key, Template) or "{{" in str(key) or key == ALL_ARGUMENTS


def set_by(task: Task) -> Iterator[str]:
    """Yield the names of variables that the task sets."""
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


def _in_play(play: Play, defined: set[str]) -> Iterator[Problem]:
    """Yield the undefined variables in the tasks of a play.

    None are reported if the name of a variables file is a template, because its variables are
    unknown.
    """
    if any(isinstance(name, Template) for entry in play.vars_files for name in entry.names):
        return
    role_layers = [
        layer for role in play.roles for layer in (*role.exported_vars, *role.all_defaults)
    ]
    play_vars = _merged([play.vars, *role_layers])
    for task in unconditional_tasks(node for section in play.sections for node in section):
        task_layers = [*reversed(task.keywords.vars)]
        if (role := task.role) is not None:
            task_layers += [*role.all_params, *role.all_vars, *role.all_defaults]
        yield from _in_task(task, {**play_vars, **_merged(task_layers)}, defined)


def _merged(layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the variables of all layers, of which the first has the highest precedence."""
    variables: dict[str, Any] = {}
    for layer in reversed(layers):
        variables.update(layer)
    return variables


def unconditional_tasks(nodes: Iterable[Node]) -> Iterator[Task]:
    """Yield the tasks that run on every host that has not failed before."""
    for node in nodes:
        if isinstance(node, Block):
            yield from unconditional_tasks(() if node.rescue else node.tasks)
        elif not (node.keywords.when or node.loop or _may_fail(node)):
            yield node


def _may_fail(task: Task) -> bool:
    """Whether the playbook may expect that a variable of the task is undefined."""
    prints_variable = task.module == "debug" and "var" in task.arguments
    # An assert with `is defined` has its own message for that.
    asserts_defined = task.module == "assert" and any(
        " is defined" in template.source for template in templates_in(task.arguments)
    )
    handles_failure = bool(task.keywords.ignore_errors) or task.failed_when is not None
    return prints_variable or asserts_defined or handles_failure


def _has_every_plugin(kind: str, name: str) -> bool:
    """Return true. `check` calls it; the loader has already reported unknown plugins."""
    return True


def _in_task(task: Task, variables: Mapping[str, Any], defined: set[str]) -> Iterator[Problem]:
    """Yield the undefined variables in the arguments of a task, and in variables that these use."""
    seen: set[str] = set()
    # `debug: var=` prints undefined variables, too.
    ignored = "var" if task.module == "debug" else ""
    arguments = {key: value for key, value in task.arguments.items() if key != ignored}
    pending = list(templates_in(arguments))
    while pending:
        template = pending.pop()
        error = check(template, _has_every_plugin)
        if error is not None:
            yield Problem(error.reason, template.where)
            continue
        for name in required_variables(template.source, template.expression) - seen:
            seen.add(name)
            if name in variables:
                pending += templates_in(variables[name])
            elif name not in defined and not name.startswith("ansible_"):
                hint = nearest(name, {*defined, *variables})
                yield Problem(
                    f'the variable "{name}" is not defined anywhere', template.where, hint
                )
