"""Load the files of include_tasks and include_role while the play runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from provisioner.engine import results, task_loops, task_runs
from provisioner.engine.host_state import HostState
from provisioner.engine.task_runs import TaskRun
from provisioner.engine.world import PlayWorld
from provisioner.errors import IncludeNotFound, InvalidInclude, LoadError, Problem
from provisioner.language.play import Keywords, Node, Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import TemplateError
from provisioner.language.yaml_values import YamlMap
from provisioner.loading import keywords as kw
from provisioner.loading.nodes import Folder, NodeLoader
from provisioner.loading.static_vars import StaticVars
from provisioner.modules.include import IncludeRole, IncludeTasks
from provisioner.result import Outcome, Result

FOLLOW = "_follow_include"
"""Return value of an include that one host has run for all: the others must enter it too."""

MAX_DEPTH = 200
"""How deep includes can be nested. Ansible ends near this depth with a RecursionError."""

SHOWN_DEPTH = 5
"""How many of the outer includes the error names."""


def check_depth(task: Task, outer: Sequence[Task]) -> None:
    """Raise InvalidInclude if the include `task` runs in MAX_DEPTH `outer` includes."""
    if len(outer) < MAX_DEPTH:
        return
    chain = " -> ".join(str(include.where) for include in (*outer[-SHOWN_DEPTH:], task))
    raise InvalidInclude(
        f"includes are nested more than {MAX_DEPTH} deep, the last ones: {chain}",
        task.where,
        "does a file include itself? Give the include a condition (when) that ends this",
    )


def load_parts(
    play_world: PlayWorld, state: HostState, task_run: TaskRun, scope: Scope, has_rescue: bool
) -> tuple[list[tuple[Node, ...]], Result]:
    """Return the nodes to include for each item of the task's loop, and the task's result.

    Raises LoadError if the files are wrong, InvalidInclude if no rescue catches that, and
    TemplateError for the task's own templates. If the task `has_rescue`, wrong arguments of an
    included task raise no error here: that task will fail.
    """
    task = task_run.task
    if task.loop is None:
        return [_load(play_world, state, task_run, {}, has_rescue)], _result(task_run)
    parts: list[tuple[Node, ...]] = []
    item_results: list[tuple[Any, Result]] = []
    items = task_loops.items_of(task, scope)
    for index in range(len(items)):
        item_scope = task_loops.item_scope(task, scope, items, index)
        item_run = task_runs.prepare_task(play_world, state.name, task, item_scope)
        if item_run.result is not None and item_run.result.outcome is Outcome.FAILED:
            raise TemplateError(item_run.result.message, task.where)
        if item_run.result is None:
            variables = task_loops.item_variables(task, items, index)
            parts.append(_load(play_world, state, item_run, variables, has_rescue))
        item_results.append((items[index], item_run.result or _result(item_run)))
    return parts, results.loop_result(item_results, task.loop.variable, task.loop.index_variable)


def _result(task_run: TaskRun) -> Result:
    """Return the result of the include itself, as Ansible registers it."""
    module = task_run.module
    if isinstance(module, IncludeTasks):
        return Result(Outcome.OK, returns={"include": module.file, "include_args": {}})
    values = module.as_dict() if module is not None else {}
    own = {key: value for key, value in values.items() if key in task_run.task.arguments}
    return Result(Outcome.OK, returns={"include_args": own})


def returns_for_others(task_run: TaskRun) -> dict[str, bool]:
    """Return the values for the other hosts, of an include that one host has run for all.

    If the included tasks also run once, the others must enter it to take over their results.
    """
    run_once = _inherited(task_run.task, task_run.module, {}).run_once
    return {} if run_once in (None, False) else {FOLLOW: True}


def _load(
    play_world: PlayWorld,
    state: HostState,
    task_run: TaskRun,
    item_variables: dict[str, Any],
    has_rescue: bool,
) -> tuple[Node, ...]:
    nodes, loader, problems = _read(play_world, task_run, item_variables, has_rescue)
    if problems:
        # If the files load without the arguments of their tasks, only the arguments are wrong.
        broken = has_rescue or _read(play_world, task_run, item_variables, True)[2]
        raise (InvalidInclude if broken else LoadError).of(problems)
    if isinstance(task_run.module, IncludeRole):
        state.add_role((*loader.handlers, *loader.imported), loader.exported)
    return nodes


def _read(
    play_world: PlayWorld, task_run: TaskRun, item_variables: dict[str, Any], rescued: bool
) -> tuple[tuple[Node, ...], NodeLoader, list[Problem]]:
    """Return the included nodes, the loader that has read them, and the problems of the files."""
    task, module = task_run.task, task_run.module
    problems: list[Problem] = []
    world = play_world.world
    static_vars = StaticVars.of(play_world.play, world.extra_vars, world.inventory.vault)
    loader = NodeLoader(problems, static_vars)
    inherited = _inherited(task, module, item_variables)
    path = task.roots[0] if task.roots else play_world.play.basedir
    folder = Folder(path, task.role, rescued=rescued)
    try:
        if isinstance(module, IncludeTasks):
            if len(task.roots) > 1:
                folder = replace(folder, path=task.roots[-2])
            file = loader.tasks_file(module.file, folder, task.where)
            nodes = loader.file(file, inherited, folder, task.where)
        else:
            assert isinstance(module, IncludeRole)
            options = {key: value for key, value in module.as_dict().items() if value is not None}
            options["params"] = {}
            nodes = loader.role(options, inherited, folder, task.where, public=module.public)
    except IncludeNotFound:
        raise
    except LoadError as error:
        return (), loader, [*problems, *error.problems]
    return nodes, loader, problems


def _inherited(task: Task, module: Any, item_variables: dict[str, Any]) -> Keywords:
    """Return the keywords that the included tasks inherit.

    They inherit the keywords that the include inherits, its `vars`, the variables of the loop item,
    and `apply`. They do not inherit the include's own `when` and `tags`.
    """
    own = task.keywords.vars[len(task.outer.vars) :]
    params = (*task.outer.params, *own, *((item_variables,) if item_variables else ()))
    base = replace(task.outer, params=params)
    if not module.apply:
        return base
    source = YamlMap(task.where)
    source.update(module.apply)
    return kw.inherit(base, source)
