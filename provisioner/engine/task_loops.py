"""The items of a task's loop, and the variables of each item."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

from provisioner.engine.task_runs import TaskRun, prepare_task
from provisioner.engine.world import PlayWorld
from provisioner.language.play import Conditions, Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import TemplateError, UndefinedError
from provisioner.result import Outcome, Result
from provisioner.where import with_hint


def items_of(task: Task, scope: Scope) -> list[Any]:
    """Return the items of the task's loop. Raises TemplateError if they are not a list."""
    loop = task.loop
    assert loop is not None
    if loop.lookup is not None:
        return _looked_up(loop.lookup, loop.items, task, scope)
    value = scope.render(loop.items)
    if isinstance(value, list | tuple):
        return list(value)
    hint = "use with_dict or the filter dict2items" if isinstance(value, dict) else ""
    kind = type(value).__name__
    reason = with_hint(f"a loop needs a list, not {kind} ({value!r:.80})", hint)
    raise TemplateError(reason, task.where)


def _looked_up(name: str, terms: Any, task: Task, scope: Scope) -> list[Any]:
    """Return the items of a `with_NAME` loop."""
    from provisioner.language.lookups.registry import loop_items, short_name

    takes_undefined = short_name(name) == "first_found"
    value = scope.render_defined(terms) if takes_undefined else scope.render(terms)
    context = replace(scope["lookup_context"], folder=_FOLDERS.get(task.module, "files"))
    return loop_items(context, name, value)


_FOLDERS = {"template": "templates", "include_vars": "vars"}
"""The folder in which with_first_found searches, by module; `files` for all others."""


def with_variable_names(task: Task, scope: Scope) -> Task:
    """Return the task with the names of its loop variables rendered, if they are templates."""
    loop = task.loop
    if loop is None or not loop.name_templates:
        return task
    names: dict[str, Any] = {
        key: str(scope.render(name)) for key, name in loop.name_templates.items()
    }
    return replace(task, loop=replace(loop, name_templates={}, **names))


def item_scope(task: Task, scope: Scope, items: list[Any], index: int) -> Scope:
    """Return the scope of one item: `scope` with the loop's variables."""
    return scope.with_layers(item_variables(task, items, index))


def item_variables(task: Task, items: list[Any], index: int) -> dict[str, Any]:
    """Return the loop's variables for one item."""
    loop = task.loop
    assert loop is not None
    variables: dict[str, Any] = {loop.variable: items[index], "ansible_loop_var": loop.variable}
    if loop.index_variable:
        variables[loop.index_variable] = index
        variables["ansible_index_var"] = loop.index_variable
    if loop.extended:
        extended = _extended(items, index)
        if not loop.extended_allitems:
            del extended["allitems"]
        variables["ansible_loop"] = extended
    return variables


def _extended(items: list[Any], index: int) -> dict[str, Any]:
    """Return the value of `ansible_loop` (loop_control.extended)."""
    count = len(items)
    values: dict[str, Any] = {
        "allitems": items,
        "index": index + 1,
        "index0": index,
        "revindex": count - index,
        "revindex0": count - index - 1,
        "first": index == 0,
        "last": index == count - 1,
        "length": count,
    }
    if index > 0:
        values["previtem"] = items[index - 1]
    if index < count - 1:
        values["nextitem"] = items[index + 1]
    return values


def without_items(
    play_world: PlayWorld, host: str, task: Task, scope: Scope, error: TemplateError
) -> TaskRun:
    """Return the run of a task whose items can't be computed.

    It is skipped if its `when` is false, and otherwise fails with `error`. As in Ansible, `when` is
    evaluated with an undefined item if the items name an undefined variable. After any other error
    the item has no value, and only conditions that do not use it count.
    """
    failed = TaskRun(task, scope, result=Result(Outcome.FAILED, error.reason))
    single = replace(task, loop=None)
    if not isinstance(error, UndefinedError):
        scope = item_scope(task, scope, [_UnknownItem(error)], 0)
        false = _false_condition(task, scope)
        if not false:
            return failed
        single = replace(single, keywords=replace(task.keywords, when=false))
    task_run = prepare_task(play_world, host, single, scope)
    if task_run.result is not None and task_run.result.outcome is Outcome.SKIPPED:
        return replace(task_run, task=task)
    return failed


def _false_condition(task: Task, scope: Scope) -> Conditions:
    """Return the first condition that is false without using the item, or () if there is none."""
    for condition in task.keywords.when:
        try:
            if scope.holds((condition,)) is not True:
                return (condition,)
        except TemplateError:
            continue
    return ()


class _UnknownItem:
    """An item without a value. Every use of it raises the error."""

    __slots__ = ("_error",)

    def __init__(self, error: TemplateError) -> None:
        self._error = error

    def _fail(self, *args: Any) -> NoReturn:
        raise self._error

    __getattr__ = __getitem__ = __contains__ = __iter__ = __len__ = __bool__ = _fail
    __str__ = __eq__ = __ne__ = __hash__ = __lt__ = __gt__ = __le__ = __ge__ = _fail
