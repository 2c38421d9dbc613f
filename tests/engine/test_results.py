"""Results that are made from reports and from the playbook's conditions."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.engine import results
from provisioner.language.play import Keywords, Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import Template
from provisioner.modules import find_module
from provisioner.modules.command import Command
from provisioner.modules.framework import arguments
from provisioner.modules.framework.base import Module
from provisioner.remote.shell import CHANGED, FAILED, Report
from provisioner.result import Outcome, Result
from provisioner.where import Where

OK, CHANGE, FAIL, SKIP = Outcome.OK, Outcome.CHANGED, Outcome.FAILED, Outcome.SKIPPED


def condition(source: str | bool) -> Template | bool:
    return source if isinstance(source, bool) else Template(source, Where(""), expression=True)


def task(module: str = "file", ignore_errors: Any = None, **fields: Any) -> Task:
    """A task that registers `r`; the fields are Task's, conditions as texts."""
    for name in ("changed_when", "failed_when"):
        if name in fields:
            fields[name] = (condition(fields[name]),)
    keywords = Keywords(ignore_errors=ignore_errors)
    return Task("t", module, {}, Where(""), keywords, register="r", **fields)


def report(status: int = 0, **records: str) -> Report:
    done = {"done": ("",)} if status in (0, CHANGED) else {}
    return Report({**{key: (value,) for key, value in records.items()}, **done}, {}, status)


@pytest.mark.parametrize(
    ("sentence", "arrived", "outcome", "message"),
    [
        ("a report without changes is ok", report(), OK, ""),
        ("a report of a change is changed", report(CHANGED, changed="mode"), CHANGE, ""),
        ("the message is the module's", report(msg="done"), OK, "done"),
        ("a reported failure has its reason", report(FAILED, failed="no room"), FAIL, "no room"),
        (
            "a failure counts even if something was changed before it",
            report(FAILED, changed="mode", failed="no room"),
            FAIL,
            "no room",
        ),
        (
            "a program that ends early has failed",
            report(3),
            FAIL,
            "the module's program died (exit 3)",
        ),
        (
            "a command that check mode leaves out is skipped",
            report(check=""),
            SKIP,
            "not run in check mode",
        ),
    ],
)
def test_a_report_becomes_a_result(
    sentence: str, arrived: Report, outcome: Outcome, message: str
) -> None:
    result = results.result_of(Module(), arrived, diff=False)
    assert (result.outcome, result.message) == (outcome, message), sentence


def test_a_result_has_the_reported_hint_and_no_return_value_of_that_name() -> None:
    result = results.result_of(Module(), report(FAILED, failed="no file", hint="make it"), False)
    assert (result.hint, "hint" in result.returns) == ("make it", False)


def test_output_is_returned_without_its_last_line_breaks_and_in_lines() -> None:
    result = results.result_of(Command(cmd="id"), report(rc="1", stdout="a\nb\n\n"), False)
    assert result.returns["rc"] == 1
    assert (result.returns["stdout"], result.returns["stdout_lines"]) == ("a\nb", ["a", "b"])


def test_the_number_of_bytes_that_are_missing_from_the_output_is_returned() -> None:
    arrived = Report({"stdout": ("abc",), "done": ("",)}, {"stdout": 10}, 0)
    assert results.result_of(Module(), arrived, False).returns["stdout_cut"] == 7


FAILED_COMMAND = Result(FAIL, "exit 1", returns={"rc": 1})
CHANGED_COMMAND = Result(CHANGE, changes=("command",), returns={"rc": 0})


@pytest.mark.parametrize(
    ("sentence", "conditions", "result", "expected"),
    [
        ("without conditions a result stays", task(), CHANGED_COMMAND, CHANGE),
        ("changed_when: false makes it ok", task(changed_when=False), CHANGED_COMMAND, OK),
        ("changed_when: true makes it changed", task(changed_when=True), Result(OK), CHANGE),
        ("conditions see the registered result", task(changed_when="r.rc == 0"),
         CHANGED_COMMAND, CHANGE),
        ("changed_when does not save a failure", task(changed_when=False), FAILED_COMMAND, FAIL),
        ("failed_when: true makes it a failure", task(failed_when=True), Result(OK), FAIL),
        ("failed_when: false makes a failed file ok", task(failed_when=False),
         FAILED_COMMAND, OK),
        ("failed_when: false makes a failed command changed",
         task("command", failed_when=False), FAILED_COMMAND, CHANGE),
        ("with changed_when: false too, it makes a failed command ok",
         task("command", failed_when=False, changed_when=False), FAILED_COMMAND, OK),
        ("a condition that can't be rendered is a failure", task(failed_when="nowhere"),
         Result(OK), FAIL),
        ("a skipped task stays skipped", task(failed_when=True), Result(SKIP), SKIP),
        ("a failure to render arguments stays", task(failed_when=False),
         Result(FAIL, unrendered=True), FAIL),
        ("a failure by an unsupported feature stays if it is registered",
         task(failed_when=False), Result(FAIL, unsupported=True), FAIL),
    ],
)  # fmt: skip
def test_the_playbook_decides_whether_a_task_has_changed_or_failed(
    sentence: str, conditions: Task, result: Result, expected: Outcome
) -> None:
    assert results.apply_conditions(conditions, result, Scope(())).outcome is expected, sentence


def test_a_failure_of_failed_when_says_which_condition_is_true() -> None:
    failed = results.apply_conditions(task(failed_when="1 == 1"), Result(OK), Scope(()))
    assert failed.message == "failed_when is true: 1 == 1"
    assert failed.returns["failed_when_result"] is True


@pytest.mark.parametrize(
    ("sentence", "conditions", "result", "expected"),
    [
        ("ignore_errors: true ignores a failure", task(ignore_errors=True), Result(FAIL), True),
        ("without ignore_errors it counts", task(), Result(FAIL), False),
        (
            "a template decides for each host",
            task(ignore_errors=Template("{{ yes }}", Where(""))),
            Result(FAIL),
            True,
        ),
        (
            "the lack of a feature is not ignored, since later tasks see the registered failure",
            task(ignore_errors=True),
            Result(FAIL, unsupported=True),
            False,
        ),
    ],
)
def test_failures_are_ignored_where_the_playbook_says_so(
    sentence: str, conditions: Task, result: Result, expected: bool
) -> None:
    scope = Scope(({"yes": True},))
    assert results.is_ignored(conditions, result, scope) is expected, sentence


@pytest.mark.parametrize(
    ("sentence", "result", "expected"),
    [
        ("an ok result", Result(OK), {"changed": False, "failed": False}),
        ("a change", Result(CHANGE), {"changed": True, "failed": False}),
        ("a failure", Result(FAIL, "no"), {"changed": False, "failed": True, "msg": "no"}),
        (
            "a failure after a change",
            Result(FAIL, "no", returns={"changed": True}),
            {"changed": True, "failed": True, "msg": "no"},
        ),
        (
            "a skipped task",
            Result(SKIP, "not: x", returns={"skip_reason": "false"}),
            {"changed": False, "failed": False, "skipped": True, "skip_reason": "false"},
        ),
    ],
)
def test_a_registered_result_has_the_values_of_ansible(
    sentence: str, result: Result, expected: dict[str, Any]
) -> None:
    assert results.registered(result) == expected, sentence


@pytest.mark.parametrize(
    ("sentence", "outcomes", "expected", "message"),
    [
        ("a loop without items is skipped", [], SKIP, "No items in the list"),
        ("one changed item changes the task", [OK, CHANGE, SKIP], CHANGE, "All items completed"),
        ("one failed item fails the task", [CHANGE, FAIL, OK], FAIL, "no"),
        ("the reason counts the other failures", [FAIL, FAIL, FAIL], FAIL, "no (and 2 more items)"),
        ("items that are all skipped skip the task", [SKIP, SKIP], SKIP, "All items skipped"),
        ("a skipped item does not skip the task", [SKIP, OK], OK, "All items completed"),
    ],
)
def test_the_result_of_a_loop_is_that_of_its_items(
    sentence: str, outcomes: list[Outcome], expected: Outcome, message: str
) -> None:
    items = [(n, Result(o, "no" if o is FAIL else "")) for n, o in enumerate(outcomes)]
    whole = results.loop_result(items, "item")
    assert (whole.outcome, whole.message) == (expected, message), sentence
    assert [value["item"] for value in whole.returns["results"]] == list(range(len(outcomes)))


@pytest.mark.parametrize(
    ("sentence", "result", "accepted", "outcome", "failed"),
    [
        ("an accepted attempt keeps its outcome", Result(CHANGE), True, CHANGE, False),
        ("without an accepted attempt the task has failed", Result(OK), False, FAIL, True),
        (
            "failed_when decides, but `failed` is registered",
            Result(OK, returns={"failed_when_result": False}),
            False,
            OK,
            True,
        ),
    ],
)
def test_a_task_with_until_fails_if_no_attempt_is_accepted(
    sentence: str, result: Result, accepted: bool, outcome: Outcome, failed: bool
) -> None:
    last = results.with_attempts(result, 3, accepted)
    assert (last.outcome, results.registered(last)["failed"]) == (outcome, failed), sentence
    assert last.returns["attempts"] == 3


def test_an_assumption_fails_where_nothing_was_left_out_before() -> None:
    arrived = Report({"changed": ("a",), "assumed": ("no folder",), "done": ("",)}, {}, CHANGED)
    failed = results.fail_unmet_assumption(arrived)
    assert (failed.failed, failed.changes) == ("no folder", ("a",))
    assert results.fail_unmet_assumption(report()).failed is None


def test_an_item_registers_its_arguments_without_the_secret_ones() -> None:
    values = {"name": "web", "password": "sesame"}
    module = arguments.build(find_module("user"), "user", values)
    result = results.with_invocation(task(), module, Result(OK))
    registered = result.returns["invocation"]["module_args"]
    assert registered["name"] == "web"
    assert registered["password"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
