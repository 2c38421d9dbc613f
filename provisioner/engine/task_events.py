"""Make the event of a task's end from its result."""

from __future__ import annotations

from typing import Any

from provisioner.engine import results, task_keywords
from provisioner.engine.scopes import title
from provisioner.engine.task_runs import TaskRun
from provisioner.engine.world import PlayWorld
from provisioner.events import TaskFinished
from provisioner.language.needs import NeedFacts, NeedOtherHosts, NeedResult
from provisioner.language.plain_data import plain_data
from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import TemplateError
from provisioner.modules.debug import Debug
from provisioner.result import Outcome, Result

CENSORED = "the output is hidden: the task has no_log"


def finished(
    play_world: PlayWorld,
    host: str,
    task_run: TaskRun,
    result: Result,
    seconds: float,
    *,
    is_item: bool = False,
    loop: bool = False,
    ignored: bool = False,
    rescued: bool = False,
    attempts: int = 1,
) -> TaskFinished:
    """Return the event of the end of a task, or of one loop item (`is_item`).

    `loop` is set for a whole loop. With `no_log` the event does not show what the task did.
    """
    task, failed = task_run.task, result.outcome is Outcome.FAILED
    item, shown, hint = None, None, result.hint
    if task_keywords.is_set(task_run.scope, task.keywords.no_log, if_invalid=True):
        result = Result(result.outcome, CENSORED if failed else "")
        item, hint = "(hidden)" if is_item else None, ""
    else:
        item = _label(task_run, result) if is_item else None
        shown = None if loop else _shown(task_run, result)
    returns = result.returns
    return TaskFinished(
        play=play_world.play.title,
        task=title(task, task_run.scope),
        module=task.module,
        host=host,
        outcome=result.outcome,
        where=task.place,
        seconds=round(seconds, 3),
        ignored=ignored,
        rescued=rescued,
        item=item,
        is_item=is_item,
        loop=loop,
        handler=task.handler,
        changes=result.changes,
        message=result.message,
        hint=hint,
        rc=returns.get("rc"),
        stdout=returns.get("stdout"),
        stderr=returns.get("stderr"),
        diff=result.diff,
        returns=returns,
        shown=shown,
        delegated_to=_delegated_host(task_run, host),
        attempts=attempts,
        traceback=result.traceback,
    )


def _delegated_host(task_run: TaskRun, host: str) -> str | None:
    """Return the other host that the task ran on; None if it is not delegated."""
    key = task_run.session_key
    return None if key is None or key.host == host else key.host


def reason_and_hint(scope: Scope, task: Task, result: Result) -> tuple[str, str]:
    """Return the reason of a task's failure and a hint for the operator, for the recap.

    With `no_log`, the reason says only that it is hidden.
    """
    if task_keywords.is_set(scope, task.keywords.no_log, if_invalid=True):
        return CENSORED, ""
    return result.reason or "failed", result.hint


def _label(task_run: TaskRun, result: Result) -> Any:
    """Return the item, or the label that its loop_control sets.

    It is plain data: values from hosts must not be rendered.
    """
    loop = task_run.task.loop
    if loop is None or loop.label is None:
        return task_run.item
    try:
        name = task_run.task.register
        own = {name: results.registered(result)} if name else {}
        return plain_data(task_run.scope.with_layers(own).render(loop.label))
    except (TemplateError, NeedResult, NeedFacts, NeedOtherHosts):
        return task_run.item


def _shown(task_run: TaskRun, result: Result) -> Any:
    """Return the output of a debug task; None for other tasks."""
    if not isinstance(task_run.module, Debug) or result.outcome is not Outcome.OK:
        return None
    return result.returns["msg"] if "msg" in result.returns else dict(result.returns)
