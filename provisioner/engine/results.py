"""Make a task's result from a program's report, and apply the playbook's conditions to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import takewhile
from typing import Any

from provisioner import regex
from provisioner.engine import task_keywords
from provisioner.language.plain_data import plain_data
from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import TemplateError
from provisioner.modules.framework.base import Action, Module, ModuleError
from provisioner.remote.shell import FAILED, Report
from provisioner.result import Outcome, Result


def result_of(module: Module, report: Report, diff: bool) -> Result:
    """Return the module's own result.

    With `diff`, its return value `diff` contains the texts before and after.
    """
    failed = report.failed
    message = failed or report.get("msg")
    outcome = Outcome.CHANGED if report.changes else Outcome.OK
    if "check" in report.records:
        outcome, message = Outcome.SKIPPED, "not run in check mode"
    if "skip" in report.records and module.skips:
        outcome = Outcome.SKIPPED  # as in Ansible; a command with `creates` is ok
    returns = {**_common(module, report), **module.returns(report)}
    if failed is None:
        try:
            returns |= module.finish(report)
        except ModuleError as error:
            failed = message = str(error)
    if failed is not None:
        outcome = Outcome.FAILED
    for key, name in (("journal", "journal"), ("note", "hint")):
        if key in report.records:
            returns[name] = report.get(key)
    if module.ignores_unknown and (ignored := _ignored(module)):
        returns["warnings"] = [*returns.get("warnings", ()), ignored]
    differences = module.diff(report)
    if diff and differences:
        texts = [asdict(difference) for difference in differences]
        returns["diff"] = texts if module.lists_diff else texts[0]
    return Result(
        outcome,
        message or str(returns.get("msg", "")),
        report.changes,
        returns,
        differences,
        report.get("hint"),
    )


def fail_unmet_assumption(report: Report) -> Report:
    """Return the report as a failure if its program has assumed something that does not exist.

    In check mode, an earlier task may have skipped creating it. If no task would have created it,
    the program would also fail without check mode.
    """
    if "assumed" not in report.records or report.failed:
        return report
    before = dict(takewhile(lambda record: record[0] != "assumed", report.records.items()))
    failed = report.all("assumed")[:1]
    return replace(report, records={**before, "failed": failed}, status=FAILED)


def _ignored(module: Module) -> str:
    """Return the warning about arguments that the module has no parameters for, or ""."""
    extra = module.extra_arguments
    return (
        f"ignored, since the module has no such parameter: {', '.join(sorted(extra))}"
        if extra
        else ""
    )


def _common(module: Module, report: Report) -> dict[str, Any]:
    """Return the return values that all modules have, if the report contains them."""
    values: dict[str, Any] = {}
    if "rc" in report.records:
        values["rc"] = int(report.get("rc") or 0)
    if "warning" in report.records:
        values["warnings"] = list(report.all("warning"))
    for key in ("stdout", "stderr"):
        if key in report.records:
            text = report.get(key)
            if getattr(module, "strip_empty_ends", True):
                text = text.rstrip("\r\n")
            cut = report.totals.get(key, 0) - len(report.get(key).encode("utf-8", "replace"))
            if cut > 0:
                values[f"{key}_cut"] = cut
            values[key] = text
            values[f"{key}_lines"] = text.splitlines()
    return values


_SKIP_REASONS = {"skip_reason", "skipped_reason"}
"""Return values of skipped tasks, which have no `msg`."""


def registered(result: Result) -> dict[str, Any]:
    """Return the value of the variable that the task registers."""
    values: dict[str, Any] = {
        **result.returns,
        "changed": changed(result),
        "failed": result.failed or result.returns.get("failed") is True,
    }
    if result.message and not values.keys() & _SKIP_REASONS:
        values["msg"] = values.get("msg") or result.message
    if result.outcome is Outcome.SKIPPED:
        values["skipped"] = True
    return values


def changed(result: Result) -> bool:
    """Whether the task has changed something. A failed task may have: see its `changed`."""
    if result.failed:
        return bool(result.returns.get("changed", False))
    return result.outcome is Outcome.CHANGED


def apply_conditions(task: Task, result: Result, scope: Scope) -> Result:
    """Return the result after the task's `changed_when` and `failed_when`."""
    if result.outcome is Outcome.SKIPPED or (task.changed_when is task.failed_when is None):
        return result
    if result.unrendered or is_unsupported(task, result):
        return result
    own = scope.with_layers({task.register: registered(result)} if task.register else {})
    for keyword, apply in (("changed_when", _changed_when), ("failed_when", _failed_when)):
        try:
            result = apply(task, result, own)
        except TemplateError as error:
            returns = {**result.returns, "changed": changed(result)}
            returns[f"{keyword}_result"] = str(error)
            message = f"{keyword}: {error}"
            return replace(result, outcome=Outcome.FAILED, message=message, returns=returns)
    return result


def is_ignored(task: Task, result: Result, scope: Scope) -> bool:
    """Whether the host continues although the task has failed (`ignore_errors`)."""
    ignore_errors = task_keywords.is_set(scope, task.keywords.ignore_errors)
    return ignore_errors and not is_unsupported(task, result)


def is_unsupported(task: Task, result: Result) -> bool:
    """Whether the failure must stop the host even if the playbook handles failures.

    The tool lacks a feature. Later tasks that use the result would take this for a state of the
    host.
    """
    return result.unsupported and task.register is not None


def _changed_when(task: Task, result: Result, scope: Scope) -> Result:
    if task.changed_when is None:
        return result
    changed = scope.holds(task.changed_when) is True
    if result.failed:
        return replace(result, returns={**result.returns, "changed": changed})
    if changed:
        return replace(result, outcome=Outcome.CHANGED)
    return replace(result, outcome=Outcome.OK, changes=())


def _failed_when(task: Task, result: Result, scope: Scope) -> Result:
    if task.failed_when is None:
        return result
    if scope.holds(task.failed_when) is True:
        return replace(
            result,
            outcome=Outcome.FAILED,
            message=result.message or f"failed_when is true: {_sources(task.failed_when)}",
            returns={**result.returns, "changed": changed(result), "failed_when_result": True},
        )
    outcome = result.outcome
    if result.failed:
        outcome = Outcome.CHANGED if _has_changed(task, result, scope) else Outcome.OK
    returns = {**result.returns, "failed_when_result": False}
    if result.failed and result.message:
        returns["msg"] = result.message
    return replace(result, outcome=outcome, message="", hint="", returns=returns)


def _has_changed(task: Task, result: Result, scope: Scope) -> bool:
    """Whether a failure that `failed_when` turns into a success counts as a change.

    This is true for commands.
    """
    if task.changed_when is not None:
        return scope.holds(task.changed_when) is True
    return "rc" in result.returns and task.module in _COMMANDS


_COMMANDS = ("command", "shell", "raw", "script", "async_status")


def _sources(conditions: Any) -> str:
    return " and ".join(str(condition) for condition in conditions)


def with_attempts(result: Result, attempts: int, accepted: bool) -> Result:
    """Return the result of a task with `until` after its last attempt.

    If it was not `accepted`, the task has failed, unless `failed_when` decides otherwise. In that
    case only `failed` in the registered result is true, as in Ansible.
    """
    returns = {**result.returns, "changed": changed(result), "attempts": attempts}
    if accepted:
        return replace(result, returns=returns)
    if "failed_when_result" in returns and not result.failed:
        return replace(result, returns={**returns, "failed": True})
    message = result.message or "`until` never became true"
    return replace(result, outcome=Outcome.FAILED, message=message, returns=returns)


def with_invocation(task: Task, module: Module | None, result: Result) -> Result:
    """Return the result of a loop item with the module's arguments (`invocation.module_args`).

    Playbooks use them in the registered `results` of the loop.
    """
    if not task.register or module is None or isinstance(module, Action):
        return result
    values = getattr(module, "inner", module).as_arguments()
    hidden = {name: _HIDDEN for name in values if values[name] and _SECRET.search(name)}
    arguments = plain_data({**values, **hidden})
    return replace(result, returns={"invocation": {"module_args": arguments}, **result.returns})


_SECRET = regex.compile("pass|secret|token|private")
_HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def loop_result(
    results: list[tuple[Any, Result]], variable: str, index_variable: str | None = None
) -> Result:
    """Return the result of a loop, from the (item, result) of each item."""
    if not results:
        returns: dict[str, Any] = {"results": [], "skipped_reason": "No items in the list"}
        return Result(Outcome.SKIPPED, "No items in the list", returns=returns)
    outcomes = [result.outcome for _, result in results]
    outcome = Outcome.OK
    for candidate in (Outcome.UNKNOWN, Outcome.UNREACHABLE, Outcome.FAILED, Outcome.CHANGED):
        if candidate in outcomes:
            outcome = candidate
            break
    else:
        if all(item is Outcome.SKIPPED for item in outcomes):
            outcome = Outcome.SKIPPED
    values = [
        {
            **registered(result),
            variable: item,
            "ansible_loop_var": variable,
            **({index_variable: n, "ansible_index_var": index_variable} if index_variable else {}),
        }
        for n, (item, result) in enumerate(results)
    ]
    failures = [result for _, result in results if result.failed]
    messages = {Outcome.FAILED: _first_reason(failures), Outcome.SKIPPED: "All items skipped"}
    message = messages.get(outcome, "All items completed")
    hint = failures[0].hint if failures else ""
    unsupported = any(result.unsupported for result in failures)
    returns = {"results": values, "changed": any(changed(result) for _, result in results)}
    returns["skipped"] = outcome is Outcome.SKIPPED
    if any(value["failed"] for value in values):
        returns["failed"] = True
    return Result(outcome, message, returns=returns, hint=hint, unsupported=unsupported)


def _first_reason(failures: Sequence[Result]) -> str:
    """Return the reason of the first failed item, and the number of other failed items."""
    if not failures:
        return ""
    others = len(failures) - 1
    more = f" (and {others} more item{'s' * (others > 1)})" if others else ""
    return f"{failures[0].reason or 'one item failed'}{more}"
