"""Units and results ▶ events."""

from __future__ import annotations

from typing import Any

from provisioner.engine import results, task_keywords
from provisioner.engine.scopes import PlayWorld, title
from provisioner.engine.task_runs import TaskRun
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
    shared: PlayWorld,
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
    """The event of one task's end, or of one item's; censored where the task has `no_log`."""
    task, failed = task_run.task, result.outcome is Outcome.FAILED
    item, shown, hint = None, None, result.hint
    if task_keywords.is_set(task_run.scope, task.keywords.no_log, unknown=True):
        result = Result(result.outcome, CENSORED if failed else "")
        item, hint = "(hidden)" if is_item else None, ""
    else:
        item = _label(task_run, result) if is_item else None
        shown = None if loop else _shown(task_run, result)
    returns = result.returns
    return TaskFinished(
        play=shared.play.title,
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
        delegated_to=_elsewhere(task_run, host),
        attempts=attempts,
    )


def _elsewhere(task_run: TaskRun, host: str) -> str | None:
    """The other host that the task was delegated to."""
    return (
        None
        if task_run.session_key is None or task_run.session_key.host == host
        else task_run.session_key.host
    )


def why(scope: Scope, task: Task, result: Result) -> tuple[str, str]:
    """Reason and remedy of a failure, for the recap; censored where the task has `no_log`."""
    if task_keywords.is_set(scope, task.keywords.no_log, unknown=True):
        return CENSORED, ""
    return result.reason or "failed", result.hint


def _label(task_run: TaskRun, result: Result) -> Any:
    """The item, or what its loop's label says of it, as plain data: variables of hosts in that
    would be rendered by whoever shows them."""
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
    if not isinstance(task_run.module, Debug) or result.outcome is not Outcome.OK:
        return None
    return result.returns["msg"] if "msg" in result.returns else dict(result.returns)
