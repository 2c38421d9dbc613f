"""Units and results ▶ events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.engine import judge, values
from provisioner.engine.scopes import PlayWorld, title
from provisioner.engine.units import Unit
from provisioner.events import TaskFinished
from provisioner.language.play import Task
from provisioner.language.template import TemplateError
from provisioner.language.variables import NeedFacts, NotYet, Scope
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
    **flags: Any,
) -> TaskFinished:
    """The event of one task's end, or of one item's; censored where the task has `no_log`."""
    hidden = values.is_set(unit.scope, unit.task.keywords.no_log, unknown=True)
    common: dict[str, Any] = {
        "play": shared.play.title,
        "task": title(unit.task, unit.scope),
        "module": unit.task.module,
        "host": host,
        "outcome": result.outcome,
        "where": unit.task.place,
        "seconds": round(seconds, 3),
        "is_item": is_item,
        "handler": unit.task.handler,
        **flags,
    }
    if unit.seat is not None and unit.seat.host != host:
        common["delegated_to"] = unit.seat.host
    if hidden:
        failed = result.outcome is Outcome.FAILED
        return TaskFinished(**common, message=CENSORED if failed else "", item=_hide(is_item))
    returns = result.returns
    return TaskFinished(
        **common,
        item=_label(unit, result) if is_item else None,
        changes=result.changes,
        message=result.message,
        remedy=result.remedy or _remedy(result, flags),
        rc=returns.get("rc"),
        stdout=returns.get("stdout"),
        stderr=returns.get("stderr"),
        diff=result.diff,
        returns=returns,
        shown=None if flags.get("loop") else _shown(unit, result),
    )


def _remedy(result: Result, flags: Mapping[str, Any]) -> str:
    borne = flags.get("ignored") or flags.get("rescued")
    return REMEDY if result.outcome is Outcome.FAILED and not borne else ""


def why(scope: Scope, task: Task, result: Result) -> tuple[str, str]:
    """Reason and remedy of a failure, for the recap; censored where the task has `no_log`."""
    if values.is_set(scope, task.keywords.no_log, unknown=True):
        return CENSORED, ""
    return result.message or "failed", result.remedy


def _hide(is_item: bool) -> str | None:
    return "(hidden)" if is_item else None


def _label(unit: Unit, result: Result) -> Any:
    loop = unit.task.loop
    if loop is None or loop.label is None:
        return unit.item
    try:
        name = unit.task.register
        own = {name: judge.registered(result)} if name else {}
        return unit.scope.under(own).render(loop.label)
    except (TemplateError, NotYet, NeedFacts):
        return unit.item


def _shown(unit: Unit, result: Result) -> Any:
    if not isinstance(unit.module, Debug) or result.outcome is not Outcome.OK:
        return None
    return result.returns["msg"] if "msg" in result.returns else dict(result.returns)
