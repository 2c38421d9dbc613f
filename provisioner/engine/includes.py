"""include_tasks and include_role: nodes that are loaded while the play runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from provisioner.engine import results, task_runs
from provisioner.engine.host_state import HostState
from provisioner.engine.scopes import PlayWorld
from provisioner.engine.task_runs import TaskRun
from provisioner.errors import IncludeNotFound, InvalidInclude, LoadError, Problem
from provisioner.language.play import Keywords, Node, Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import TemplateError
from provisioner.loading import keywords as kw
from provisioner.loading.nodes import Folder, NodeLoader
from provisioner.loading.static_vars import StaticVars
from provisioner.loading.yaml_file import YamlMap
from provisioner.modules.include import IncludeRole, IncludeTasks
from provisioner.result import Outcome, Result

JOIN = "_joins"
"""The mark of such an include, among the return values."""


def parts(
    shared: PlayWorld, state: HostState, task_run: TaskRun, scope: Scope, rescued: bool
) -> tuple[list[tuple[Node, ...]], Result]:
    """What the task includes, for each item of its loop; and the include's own result, which it
    may register.

    `LoadError` for what is wrong with the files, `InvalidInclude` where nothing catches that, and
    `TemplateError` for the task's own templates. Where they are `rescued`, wrong arguments in the
    files are left to the tasks that have them.
    """
    task = task_run.task
    if task.loop is None:
        return [_loaded(shared, state, task_run, {}, rescued)], _result(task_run)
    found: list[tuple[Node, ...]] = []
    item_results: list[tuple[Any, Result]] = []
    items = task_runs.loop_items(task, scope, shared)
    for index in range(len(items)):
        inner = task_runs.item_scope(task, scope, items, index)
        one = task_runs.prepare(shared, state.name, task, inner)
        if one.result is not None and one.result.outcome is Outcome.FAILED:
            raise TemplateError(one.result.message, task.where)
        if one.result is None:
            names = task_runs.item_names(task, items, index)
            found.append(_loaded(shared, state, one, names, rescued))
        item_results.append((items[index], one.result or _result(one)))
    return found, results.loop_result(item_results, task.loop.variable, task.loop.index_variable)


def _result(task_run: TaskRun) -> Result:
    module = task_run.module
    if isinstance(module, IncludeTasks):
        return Result(Outcome.OK, returns={"include": module.file, "include_args": {}})
    values = module.model_dump() if module is not None else {}
    given = {key: value for key, value in values.items() if key in task_run.task.arguments}
    return Result(Outcome.OK, returns={"include_args": given})


def for_others(task_run: TaskRun) -> dict[str, bool]:
    """What an include that ran once is to other hosts: where its tasks run once too, they come
    along to learn what came of these."""
    return (
        {} if _base(task_run.task, task_run.module, {}).run_once in (None, False) else {JOIN: True}
    )


def _loaded(
    shared: PlayWorld, state: HostState, task_run: TaskRun, item: dict[str, Any], rescued: bool
) -> tuple[Node, ...]:
    found, loader, problems = _read(shared, task_run, item, rescued)
    if problems:
        # What only the tasks themselves would have told is a failure like theirs.
        broken = rescued or _read(shared, task_run, item, True)[2]
        raise (InvalidInclude if broken else LoadError).of(problems)
    if isinstance(task_run.module, IncludeRole):
        state.handlers += (*loader.handlers, *loader.imported)
        state.roles += loader.exported
    return found


def _read(
    shared: PlayWorld, task_run: TaskRun, item: dict[str, Any], rescued: bool
) -> tuple[tuple[Node, ...], NodeLoader, list[Problem]]:
    task, module = task_run.task, task_run.module
    problems: list[Problem] = []
    world = shared.world
    early = StaticVars.of(shared.play, world.extra_vars, world.inventory.vault)
    loader = NodeLoader(problems, early)
    base = _base(task, module, item)
    path = task.roots[0] if task.roots else shared.play.basedir
    folder = Folder(path, task.role, rescued=rescued)
    try:
        if isinstance(module, IncludeTasks):
            if len(task.roots) > 1:
                folder = replace(folder, path=task.roots[-2])
            file = loader.tasks_file(module.file, folder, task.where)
            found = loader.file(file, base, folder, task.where)
        else:
            assert isinstance(module, IncludeRole)
            given = {key: value for key, value in module.model_dump().items() if value is not None}
            given["params"] = {}
            found = loader.role(given, base, folder, task.where, public=module.public)
    except IncludeNotFound:
        raise
    except LoadError as error:
        return (), loader, [*problems, *error.problems]
    return found, loader, problems


def _base(task: Task, module: Any, item: dict[str, Any]) -> Keywords:
    """What the included tasks inherit: what the include inherits itself, its `vars`, the loop's
    item, and `apply`. Its own `when` and `tags` are for itself alone."""
    own = task.keywords.vars[len(task.outer.vars) :]
    base = replace(task.outer, params=(*task.outer.params, *own, *((item,) if item else ())))
    if not module.apply:
        return base
    source = YamlMap(task.where)
    source.update(module.apply)
    return kw.inherit(base, source)
