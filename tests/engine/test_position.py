"""The path of a host through the blocks, includes and handlers of a play."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from provisioner.engine.flow import compile_sections
from provisioner.engine.position import Position
from provisioner.language.play import Block, Keywords, Node, Task
from provisioner.where import Where


def task(name: str) -> Task:
    return Task(name, "command", {}, Where(""), Keywords())


def block(tasks: str, rescue: str = "", always: str = "") -> Block:
    """A block whose tasks have the letters of the texts as names."""
    return Block(
        tuple(map(task, tasks)), tuple(map(task, rescue)), tuple(map(task, always)), Where("")
    )


class SomeHandlers:
    """Handlers; those in `notified` are to be run."""

    def __init__(self, names: str = "", notified: str = "") -> None:
        self.handlers, self.notified = [task(name) for name in names], set(notified)

    def collect(self) -> Sequence[Task]:
        return self.handlers if self.notified else ()

    def is_notified(self, handler: Task) -> bool:
        return handler.name in self.notified


def run(position: Position, failing: str = "") -> str:
    """Return the names of the tasks that run, if those in `failing` fail; "!" if the host fails."""
    names = ""
    while position.find_task():
        name = str(position.task.name)
        names += name
        if name not in failing:
            position.advance()
        elif not position.follow_failure():
            return f"{names}!"
    return names if position.at_end else f"{names}!"


@pytest.mark.parametrize(
    ("sentence", "nodes", "failing", "expected"),
    [
        ("tasks run in order", [task("a"), task("b")], "", "ab"),
        ("a failure ends the host", [task("a"), task("b")], "a", "a!"),
        ("a rescue is passed without a failure", [block("a", "r"), task("b")], "", "ab"),
        ("a rescue runs in place of the rest of its block", [block("ab", "r")], "a", "ar"),
        ("the host goes on behind a rescue", [block("a", "r"), task("b")], "a", "arb"),
        ("a failure in a rescue is not rescued by it", [block("a", "rs"), task("b")], "ar", "ar!"),
        ("an always part runs without a failure", [block("a", "", "x"), task("b")], "", "axb"),
        ("a failure goes on behind the always part", [block("a", "", "x"), task("b")], "a", "ax!"),
        ("after a rescue, always runs and the host goes on", [block("a", "r", "x")], "a", "arx"),
        ("always runs after a failed rescue", [block("a", "r", "x"), task("b")], "ar", "arx!"),
        ("a failure in always is not caught by it", [block("a", "r", "x"), task("b")], "x", "ax!"),
        (
            "a failure leads through an inner always to the outer rescue",
            [Block((block("a", "", "x"),), (task("r"),), (), Where("")), task("b")],
            "a",
            "axrb",
        ),
        (
            "the innermost rescue catches a failure",
            [Block((block("a", "r"),), (task("s"),), (), Where("")), task("b")],
            "a",
            "arb",
        ),
    ],
)
def test_a_failure_leads_to_the_block_that_catches_it(
    sentence: str, nodes: list[Node], failing: str, expected: str
) -> None:
    position = Position(compile_sections([nodes]), SomeHandlers())
    assert run(position, failing) == expected, sentence


def test_an_include_is_run_before_the_host_goes_on() -> None:
    position = Position(compile_sections([[task("a"), task("b")]]), SomeHandlers())
    assert position.find_task()
    assert position.enter([task("i"), task("j")], resume_at=position.top.at + 1)
    assert run(position) == "ijb"


def test_an_empty_include_is_not_entered() -> None:
    position = Position(compile_sections([[task("a")]]), SomeHandlers())
    assert not position.enter([], resume_at=1)
    assert run(position) == "a"


def test_a_failure_in_an_include_leads_to_the_rescue_around_it() -> None:
    position = Position(compile_sections([[block("ab", "r"), task("c")]]), SomeHandlers())
    assert position.find_task()
    assert position.enter([task("i")], resume_at=position.top.at + 1)
    assert run(position, failing="i") == "irc"


def test_notified_handlers_run_behind_each_section() -> None:
    handlers = SomeHandlers("ghi", notified="gi")
    position = Position(compile_sections([[task("a")], [task("b")]]), handlers)
    assert position.find_task()
    position.advance()
    assert position.find_task()
    assert (str(position.task.name), position.in_handlers) == ("g", True)
    handlers.notified.discard("g")
    position.advance()
    assert position.find_task()
    assert str(position.task.name) == "i"
    handlers.notified.discard("i")
    assert run(position) == "b"


def test_rescues_are_skipped_from_an_unsupported_task_on_until_errors_are_cleared() -> None:
    nodes: list[Node] = [block("a", "r", "x"), task("b")]
    position = Position(compile_sections([nodes]), SomeHandlers())
    assert position.find_task()
    assert position.has_rescue()
    position.skip_rescues()
    assert not position.has_rescue()
    assert position.follow_failure()
    assert position.find_task()
    assert str(position.task.name) == "x"
    position.clear_errors()
    assert run(position) == "xb"


@pytest.mark.parametrize(
    ("sentence", "forced", "expected"),
    [
        ("a failed host runs forced handlers, and no further task", True, "h!"),
        ("without force_handlers a failed host runs nothing", False, "!"),
    ],
)
def test_handlers_of_a_failed_host_run_only_if_they_are_forced(
    sentence: str, forced: bool, expected: str
) -> None:
    nodes: list[Node] = [block("a", "r"), task("b")]
    position = Position(compile_sections([nodes]), SomeHandlers("h", notified="h"))
    assert position.find_task()
    assert position.give_up(force_handlers=forced) is forced
    assert run(position) == expected, sentence
    assert not position.give_up(force_handlers=True), "they have been run"


def test_a_place_orders_tasks_of_an_include_between_those_around_it() -> None:
    position = Position(compile_sections([[task("a"), task("b")]]), SomeHandlers())
    assert position.find_task()
    first = position.place
    position.enter([task("i")], resume_at=1)
    inside = position.place
    assert run(position) == "ib"
    later = Position(compile_sections([[task("a"), task("b")]]), SomeHandlers())
    later.advance()
    assert first < inside < later.place
