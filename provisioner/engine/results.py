"""A program's report ▶ a task's result: what the module says, then what the playbook says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import takewhile
from typing import Any

from provisioner import regex
from provisioner.language.plain_data import plain_data
from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import TemplateError
from provisioner.modules.framework.base import Action, Module, ModuleError
from provisioner.remote.shell import FAILED, Report
from provisioner.result import Outcome, Result


def result_of(module: Module, report: Report, diff: bool) -> Result:
    """What the module says itself; with `diff` also by a return value of that name."""
    failed = report.failed
    message = failed or report.get("msg")
    outcome = Outcome.CHANGED if report.changes else Outcome.OK
    if "check" in report.records:
        outcome, message = Outcome.SKIPPED, "would have run: not in check mode"
    if "skip" in report.records and module.skips:
        outcome = Outcome.SKIPPED  # where Ansible skips; for commands it is ok
    returns = {**_common(module, report), **module.returns(report)}
    if failed is None:
        try:
            returns |= module.settle(report)
        except ModuleError as error:
            failed = message = str(error)
    if failed is not None:
        outcome = Outcome.FAILED
    for key in ("journal", "hint"):
        if key in report.records:
            returns[key] = report.get(key)
    if module.ignores and (ignored := _ignored(module)):
        returns["warnings"] = [*returns.get("warnings", ()), ignored]
    differences = module.diff(report)
    if diff and differences:
        texts = [asdict(found) for found in differences]
        returns["diff"] = texts if module.lists_diff else texts[0]
    return Result(
        outcome,
        message or str(returns.get("msg", "")),
        report.changes,
        returns,
        differences,
        report.get("hint"),
    )


def without_hope(report: Report) -> Report:
    """A look in check mode that went on because an earlier task may have made what is missing: the
    failure that it is, where there was no such task and the playbook knows of failures."""
    if "assumed" not in report.records or report.failed:
        return report
    before = dict(takewhile(lambda said: said[0] != "assumed", report.records.items()))
    failed = report.all("assumed")[:1]
    return replace(report, records={**before, "failed": failed}, status=FAILED)


def _ignored(module: Module) -> str:
    """What is to be said of parameters that the module has no use for."""
    extra = module.model_extra
    return f"no parameters of this module, ignored: {', '.join(sorted(extra))}" if extra else ""


def _common(module: Module, report: Report) -> dict[str, Any]:
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


_WHY_SKIPPED = {"skip_reason", "skipped_reason"}
"""Values that tell why, instead of a `msg`."""


def registered(result: Result) -> dict[str, Any]:
    """The result as playbooks see it in a registered variable."""
    values: dict[str, Any] = {
        **result.returns,
        "changed": changed(result),
        "failed": result.failed or result.returns.get("failed") is True,
    }
    if result.message and not values.keys() & _WHY_SKIPPED:
        values["msg"] = values.get("msg") or result.message
    if result.outcome is Outcome.SKIPPED:
        values["skipped"] = True
    return values


def changed(result: Result) -> bool:
    """Whether something was changed, by a task that failed too: its `changed` says so."""
    if result.failed:
        return bool(result.returns.get("changed", False))
    return result.outcome is Outcome.CHANGED


def said_by_playbook(task: Task, result: Result, scope: Scope) -> Result:
    """The result under the task's `changed_when` and `failed_when`."""
    if result.outcome is Outcome.SKIPPED or (task.changed_when is task.failed_when is None):
        return result
    if result.unrendered or stands(task, result):
        return result
    own = scope.with_layers({task.register: registered(result)} if task.register else {})
    for word, judge in (("changed_when", _changed_when), ("failed_when", _failed_when)):
        try:
            result = judge(task, result, own)
        except TemplateError as error:
            returns = {**result.returns, "changed": changed(result), f"{word}_result": str(error)}
            message = f"{word}: {error}"
            return replace(result, outcome=Outcome.FAILED, message=message, returns=returns)
    return result


def stands(task: Task, result: Result) -> bool:
    """Whether it is a failure that nothing may steer by: neither a rescue nor who looks at the
    registered result, which would take a host for one that lacks something."""
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
        outcome = Outcome.CHANGED if _ran(task, result, scope) else Outcome.OK
    returns = {**result.returns, "failed_when_result": False}
    if result.failed and result.message:
        returns["msg"] = result.message
    return replace(result, outcome=outcome, message="", hint="", returns=returns)


def _ran(task: Task, result: Result, scope: Scope) -> bool:
    """Whether a failed command that counts as well ended counts as a change."""
    if task.changed_when is not None:
        return scope.holds(task.changed_when) is True
    return "rc" in result.returns and task.module in _COMMANDS


_COMMANDS = ("command", "shell", "raw", "script", "async_status")


def _sources(conditions: Any) -> str:
    return " and ".join(str(condition) for condition in conditions)


def tried(result: Result, attempts: int, met: bool) -> Result:
    """The result of a task with `until`: failed where that never became true, unless `failed_when`
    says otherwise. As in Ansible, `failed` of the registered result is true all the same."""
    returns = {**result.returns, "changed": changed(result), "attempts": attempts}
    if met:
        return replace(result, returns=returns)
    if "failed_when_result" in returns and not result.failed:
        return replace(result, returns={**returns, "failed": True})
    message = result.message or "`until` never became true"
    return replace(result, outcome=Outcome.FAILED, message=message, returns=returns)


def invoked(task: Task, module: Module | None, result: Result) -> Result:
    """The result of a loop's item with the arguments that its module got: as in Ansible, those who
    go through `results` may ask for `item.invocation.module_args.path`."""
    if not task.register or module is None or isinstance(module, Action):
        return result
    given = getattr(module, "inner", module).model_dump()
    hidden = {name: _HIDDEN for name in given if given[name] and _SECRET.search(name)}
    arguments = plain_data({**given, **hidden})
    return replace(result, returns={"invocation": {"module_args": arguments}, **result.returns})


_SECRET = regex.compile("pass|secret|token|private")
_HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def loop_result(
    results: list[tuple[Any, Result]], variable: str, index_variable: str | None = None
) -> Result:
    """A loop's result as a whole, from its items' ones."""
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
    message = {Outcome.FAILED: _first(failures), Outcome.SKIPPED: "All items skipped"}
    hint = failures[0].hint if failures else ""
    said = message.get(outcome, "All items completed")
    unsupported = any(result.unsupported for result in failures)
    returns = {"results": values, "changed": any(changed(result) for _, result in results)}
    returns["skipped"] = outcome is Outcome.SKIPPED
    if any(value["failed"] for value in values):
        returns["failed"] = True
    return Result(outcome, said, returns=returns, hint=hint, unsupported=unsupported)


def _first(failures: Sequence[Result]) -> str:
    """What the first item that failed said, and how many more did."""
    if not failures:
        return ""
    others = len(failures) - 1
    more = f" (and {others} more item{'s' * (others > 1)})" if others else ""
    return f"{failures[0].reason or 'one item failed'}{more}"
