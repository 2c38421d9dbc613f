"""Load what include_tasks and include_role bring, while the play runs."""

from __future__ import annotations

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
"""A return value of an include that one host has run for all: the others have to enter it too."""


def load_parts(
    play_world: PlayWorld, state: HostState, task_run: TaskRun, scope: Scope, has_rescue: bool
) -> tuple[list[tuple[Node, ...]], Result]:
    """Return the nodes that the task includes, for each item of its loop, and the task's result.

    Raises LoadError if something is wrong with the files, InvalidInclude if no rescue catches that,
    and TemplateError for the task's own templates. If the task `has_rescue`, wrong arguments of an
    included task are no error here: that task will fail.
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
    """The include's own result, as Ansible registers it."""
    module = task_run.module
    if isinstance(module, IncludeTasks):
        return Result(Outcome.OK, returns={"include": module.file, "include_args": {}})
    values = module.as_dict() if module is not None else {}
    own = {key: value for key, value in values.items() if key in task_run.task.arguments}
    return Result(Outcome.OK, returns={"include_args": own})


def returns_for_others(task_run: TaskRun) -> dict[str, bool]:
    """Return what the other hosts are told about an include that one host has run for all. If its
    tasks run once too, the others must enter it, to take over the results of these tasks."""
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
        # If the files load once the arguments of their tasks are left out, only these are wrong.
        broken = has_rescue or _read(play_world, task_run, item_variables, True)[2]
        raise (InvalidInclude if broken else LoadError).of(problems)
    if isinstance(task_run.module, IncludeRole):
        state.add_role((*loader.handlers, *loader.imported), loader.exported)
    return nodes


def _read(
    play_world: PlayWorld, task_run: TaskRun, item_variables: dict[str, Any], rescued: bool
) -> tuple[tuple[Node, ...], NodeLoader, list[Problem]]:
    """The included nodes, the loader that has read them, and what is wrong with the files."""
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
    """What the included tasks inherit: what the include itself inherits, its `vars`, the variables
    of the loop's item, and `apply`. The include's own `when` and `tags` are not passed on."""
    own = task.keywords.vars[len(task.outer.vars) :]
    params = (*task.outer.params, *own, *((item_variables,) if item_variables else ()))
    base = replace(task.outer, params=params)
    if not module.apply:
        return base
    source = YamlMap(task.where)
    source.update(module.apply)
    return kw.inherit(base, source)
