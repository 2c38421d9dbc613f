"""A loop whose items can't be had: whether its task is skipped all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

from provisioner.engine import task_runs
from provisioner.engine.scopes import PlayWorld
from provisioner.engine.task_runs import TaskRun
from provisioner.language.play import Conditions, Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import TemplateError, UndefinedError
from provisioner.result import Outcome, Result


def task_run(
    shared: PlayWorld, host: str, task: Task, scope: Scope, error: TemplateError
) -> TaskRun:
    """The task as one unit: skipped where its `when` says so, else failed with `error`.

    What is undefined Ansible leaves to `when`, with the item undefined too. A plugin that is not
    here is another matter: nobody knows the items, so only a `when` that needs none may skip them.
    """
    failed = TaskRun(task, scope, result=Result(Outcome.FAILED, error.reason))
    alone = replace(task, loop=None)
    if not isinstance(error, UndefinedError):
        scope = task_runs.item_scope(task, scope, [_Unknown(error)], 0)
        false = _false(task, scope)
        if not false:
            return failed
        alone = replace(alone, keywords=replace(task.keywords, when=false))
    whole = task_runs.prepare(shared, host, alone, scope)
    if whole.result is not None and whole.result.outcome is Outcome.SKIPPED:
        return replace(whole, task=task)
    return failed


def _false(task: Task, scope: Scope) -> Conditions:
    """The first condition that is false whatever the item is."""
    for condition in task.keywords.when:
        try:
            if scope.holds((condition,)) is not True:
                return (condition,)
        except TemplateError:
            continue
    return ()


class _Unknown:
    """An item that nobody knows: whoever looks at it gets the reason."""

    __slots__ = ("_error",)

    def __init__(self, error: TemplateError) -> None:
        self._error = error

    def _fail(self, *args: Any) -> NoReturn:
        raise self._error

    __getattr__ = __getitem__ = __contains__ = __iter__ = __len__ = __bool__ = _fail
    __str__ = __eq__ = __ne__ = __hash__ = __lt__ = __gt__ = __le__ = __ge__ = _fail
