"""Find role arguments that break the role's argument spec, before any host is contacted.

As in Ansible, a role with a spec begins with a task that checks its arguments. Values that are
known without a host are checked here too, with the same messages. Values that depend on facts, on
a lookup or on a variable that a task may set are left to that task.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from provisioner.errors import Problem
from provisioner.language import argument_specs
from provisioner.language.needs import NeedResult
from provisioner.language.play import Block, Node, Play, Task, tasks_of
from provisioner.language.scope import Scope
from provisioner.language.special_values import PENDING, Lazy
from provisioner.language.templating.template import Template, TemplateError
from provisioner.language.undefined_variables import MAY_DEFINE_ANY, is_computed_name, set_by
from provisioner.loading.inventory import Inventory
from provisioner.loading.static_vars import StaticVars
from provisioner.loading.variable_places import place_in_inventory
from provisioner.plan.run_options import Options
from provisioner.where import Where

HostVars = Mapping[str, Mapping[str, Any]]

_MODULE = "validate_argument_spec"


def wrong(
    plays: Sequence[tuple[Play, tuple[str, ...]]],
    inventory: Inventory,
    inventory_vars: HostVars,
    basedirs: Sequence[Path],
    options: Options,
) -> Iterator[Problem]:
    """Yield a problem for each wrong argument of a role, with the hosts that have it."""
    tasks = [task for play, _ in plays for part in _parts(play) for task in tasks_of(part)]
    if any(task.module == "set_fact" and _has_unknown_names(task) for task in tasks):
        return
    set_names = {name for task in tasks for name in set_by(task)}
    checker = _Checker(inventory, inventory_vars, basedirs, options, set_names)
    for play, hosts in plays:
        if any(task.module in MAY_DEFINE_ANY for task in tasks_of(play.handlers)):
            return
        checks, goes_on = _certain_checks(node for section in play.sections for node in section)
        if not any(isinstance(name, Template) for file in play.vars_files for name in file.names):
            for task in checks:
                yield from checker.problems(play, hosts, task)
        if not goes_on:
            return


def _parts(play: Play) -> tuple[tuple[Node, ...], ...]:
    return (*play.sections, play.handlers)


def _checks_role(task: Task) -> bool:
    return task.module == _MODULE and task.role is not None


def _excused(task: Task) -> bool:
    """Whether wrong arguments are ignored, or are checked on one host only (`run_once`)."""
    return bool(task.keywords.ignore_errors or task.keywords.run_once)


def _has_unknown_names(task: Task) -> bool:
    return any(is_computed_name(key) for key in task.arguments)


def _certain_checks(nodes: Iterator[Node]) -> tuple[list[Task], bool]:
    """Return the checks that run in any case, and whether all nodes were examined.

    Nodes are examined up to the first task that may define any variable.
    """
    checks: list[Task] = []
    for node in nodes:
        if isinstance(node, Block):
            inner, goes_on = _certain_checks(iter(node.tasks))
            checks += () if node.rescue else inner
            others = tasks_of((*node.rescue, *node.always))
            if not goes_on or any(task.module in MAY_DEFINE_ANY for task in others):
                return checks, False
        elif node.module in MAY_DEFINE_ANY:
            return checks, False
        elif _checks_role(node) and not _excused(node):
            checks.append(node)
    return checks, True


class _Checker:
    """Checks the arguments of roles for the hosts of a play."""

    def __init__(
        self,
        inventory: Inventory,
        inventory_vars: HostVars,
        basedirs: Sequence[Path],
        options: Options,
        set_names: set[str],
    ) -> None:
        self._inventory, self._inventory_vars = inventory, inventory_vars
        self._basedirs, self._options = basedirs, options
        self._checked: dict[tuple[str, str], list[str]] = {}
        # The value of a variable that a task may set is not known yet.
        self._unknown = {
            **dict.fromkeys(set_names, PENDING),
            **dict.fromkeys(("lookup", "query", "q"), Lazy(_not_yet)),
        }

    def problems(self, play: Play, hosts: Sequence[str], task: Task) -> Iterator[Problem]:
        """Yield the problems of a role's arguments; `task` is the role's task that checks them."""
        static = StaticVars.of(play, self._options.extra_vars)
        wrong: dict[tuple[str, Where], list[str]] = {}
        self._checked.clear()
        for host in hosts:
            scope = self._scope(static, task, host)
            if not _runs(task, scope):
                continue
            for name, spec in task.arguments["argument_spec"].items():
                for message in self._errors(name, spec or {}, task, scope):
                    place = self._place(host, name, scope) or task.where
                    wrong.setdefault((message, place), []).append(host)
        role = task.role.name if task.role is not None else ""
        for (message, place), names in wrong.items():
            yield Problem(f"{message} (role {role}; {_listed(names)})", place)

    def _scope(self, static: StaticVars, task: Task, host: str) -> Scope:
        inventory = self._inventory
        known = {
            "inventory_hostname": host,
            "inventory_hostname_short": host.partition(".")[0],
            "groups": inventory.named,
            "group_names": [*inventory.groups_of.get(host, ())],
        }
        scope = static.with_host(self._inventory_vars[host]).scope(
            task.keywords, task.role, known, missing=_not_yet
        )
        return scope.with_layers(self._unknown)

    def _errors(
        self, name: str, spec: Mapping[str, Any], task: Task, scope: Scope
    ) -> Sequence[str]:
        """Return the errors of one argument; none if its value is not known."""
        provided = task.arguments["provided_arguments"]
        try:
            if name not in provided and name not in scope:
                return ()
            value = scope.render(provided[name]) if name in provided else scope.get(name)
        except (TemplateError, NeedResult):
            return ()
        key = name, repr(value)  # most hosts have the same values
        if key not in self._checked:
            self._checked[key] = argument_specs.errors({name: spec}, {name: value})
        return self._checked[key]

    def _place(self, host: str, name: str, scope: Scope) -> Where | None:
        """Return the place that sets the value, None if it is not known."""
        raw = scope.raw(name)
        if isinstance(raw, Template):
            return raw.where
        if name in self._options.extra_vars:
            return Where("--extra-vars")
        if raw is self._inventory_vars[host].get(name):
            return place_in_inventory(self._inventory, host, name, self._basedirs)
        return None


def _not_yet(_name: str = "") -> Any:
    raise NeedResult


def _runs(task: Task, scope: Scope) -> bool:
    """Whether the task certainly runs: its `when` is true."""
    try:
        return scope.holds(task.keywords.when) is True
    except (TemplateError, NeedResult):
        return False


def _listed(hosts: Sequence[str]) -> str:
    """Return the first three names, and the number of other hosts."""
    more = f" and {len(hosts) - 3} more" if len(hosts) > 3 else ""
    return f"host{'s' if len(hosts) > 1 else ''} {', '.join(hosts[:3])}{more}"
