"""Units and results ▶ events."""

from __future__ import annotations

from typing import Any

from provisioner.engine import judge, values
from provisioner.engine.scopes import PlayWorld, title
from provisioner.engine.units import Unit
from provisioner.events import TaskFinished
from provisioner.language.play import Task
from provisioner.language.template import TemplateError
from provisioner.language.variables import NeedFacts, NeedOthers, NotYet, Scope, plain
from provisioner.modules.debug import Debug
from provisioner.result import Outcome, Result

CENSORED = "the output is hidden: the task has no_log"
REMEDY = "put right what the reason names and run again: what is done already stays done"
"""What to do where a module knows nothing better."""


def finished(
    shared: PlayWorld,
    host: str,
    unit: Unit,
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
    task, failed = unit.task, result.outcome is Outcome.FAILED
    item, shown, remedy = None, None, result.remedy
    if values.is_set(unit.scope, task.keywords.no_log, unknown=True):
        result = Result(result.outcome, CENSORED if failed else "")
        item, remedy = "(hidden)" if is_item else None, ""
    else:
        item = _label(unit, result) if is_item else None
        shown = None if loop else _shown(unit, result)
        remedy = remedy or (REMEDY if failed and not (ignored or rescued) else "")
    returns = result.returns
    return TaskFinished(
        play=shared.play.title,
        task=title(task, unit.scope),
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
        remedy=remedy,
        rc=returns.get("rc"),
        stdout=returns.get("stdout"),
        stderr=returns.get("stderr"),
        diff=result.diff,
        returns=returns,
        shown=shown,
        delegated_to=_elsewhere(unit, host),
        attempts=attempts,
    )


def _elsewhere(unit: Unit, host: str) -> str | None:
    """The other host that the task was delegated to."""
    return None if unit.seat is None or unit.seat.host == host else unit.seat.host


def why(scope: Scope, task: Task, result: Result) -> tuple[str, str]:
    """Reason and remedy of a failure, for the recap; censored where the task has `no_log`."""
    if values.is_set(scope, task.keywords.no_log, unknown=True):
        return CENSORED, ""
    return result.reason or "failed", result.remedy


def _label(unit: Unit, result: Result) -> Any:
    """The item, or what its loop's label says of it, as plain data: variables of hosts in that
    would be rendered by whoever shows them."""
    loop = unit.task.loop
    if loop is None or loop.label is None:
        return unit.item
    try:
        name = unit.task.register
        own = {name: judge.registered(result)} if name else {}
        return plain(unit.scope.under(own).render(loop.label))
    except (TemplateError, NotYet, NeedFacts, NeedOthers):
        return unit.item


def _shown(unit: Unit, result: Result) -> Any:
    if not isinstance(unit.module, Debug) or result.outcome is not Outcome.OK:
        return None
    return result.returns["msg"] if "msg" in result.returns else dict(result.returns)
