"""The handlers that a host must run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from provisioner.engine.handler_queue import HandlerQueue
from provisioner.engine.host_state import HostState
from provisioner.language.play import Keywords, Role, Task
from provisioner.language.scope import Scope
from provisioner.language.templating.template import Template
from provisioner.where import Where


def handler(name: str, *listen: str, role: Role | None = None) -> Task:
    return Task(name, "command", {}, Where(""), Keywords(), listen=listen, handler=True, role=role)


def notifying(*names: Any) -> Task:
    return Task("t", "command", {}, Where(""), Keywords(), notify=names)


def queue_of(*handlers: Task, included: tuple[Task, ...] = ()) -> HandlerQueue:
    """The queue of a host whose play has these handlers, and which has included others."""
    state = HostState("h1", handlers=list(included))
    play_world: Any = SimpleNamespace(play=SimpleNamespace(handlers=handlers))
    return HandlerQueue(play_world, state)


def notify(queue: HandlerQueue, *names: Any, in_handlers: bool = False, **variables: Any) -> str:
    scopes = [Scope((variables,))]
    return queue.notify(notifying(*names), scopes, in_handlers=in_handlers)


def run(queue: HandlerQueue) -> list[str]:
    """Run the notified handlers, and return their names."""
    names = []
    for task in queue.collect():
        if queue.is_notified(task):
            queue.started(task)
            names.append(str(task.name))
    return names


@pytest.mark.parametrize(
    ("sentence", "names", "expected"),
    [
        ("handlers run in their own order", ["b", "a"], ["a", "b"]),
        ("a handler runs once however often it is notified", ["a", "a"], ["a"]),
        ("a list of names notifies each", [["a", "b"]], ["a", "b"]),
        ("a handler runs if a topic that it listens to is notified", ["web"], ["b", "c"]),
        ("nothing runs if nothing is notified", [], []),
    ],
)
def test_notified_handlers_run(sentence: str, names: list[Any], expected: list[str]) -> None:
    queue = queue_of(handler("a"), handler("b", "web"), handler("c", "web"))
    rendered = [Template("{{ names }}", Where("")) if isinstance(n, list) else n for n in names]
    assert notify(queue, *rendered, names=["a", "b"]) == ""
    assert run(queue) == expected, sentence


def test_the_name_that_no_handler_has_is_returned() -> None:
    queue = queue_of(handler("a"))
    assert notify(queue, "a", "nowhere") == "nowhere"


def test_a_handler_that_has_run_runs_again_only_when_notified_again() -> None:
    queue = queue_of(handler("a"))
    notify(queue, "a")
    assert (run(queue), run(queue), bool(queue)) == (["a"], [], False)
    notify(queue, "a")
    assert run(queue) == ["a"]


def test_a_handler_may_notify_one_behind_it() -> None:
    first, second = handler("a"), handler("b")
    queue = queue_of(first, second)
    notify(queue, "a")
    assert queue.collect()
    queue.started(first)
    notify(queue, "b", in_handlers=True)
    assert queue.is_notified(second)


def test_each_item_of_a_loop_may_notify_another_handler() -> None:
    queue = queue_of(handler("a"), handler("b"), handler("c"))
    scopes = [Scope(({"item": name},)) for name in ("a", "c")]
    task = notifying(Template("{{ item }}", Where("")))
    assert queue.notify(task, scopes, in_handlers=False) == ""
    assert run(queue) == ["a", "c"]


def test_of_two_handlers_with_one_name_the_one_that_was_read_last_runs() -> None:
    role = Role("r", Path("roles/r"))
    own, included = handler("a"), handler("a", role=role)
    queue = queue_of(own, included=(included,))
    notify(queue, "a")
    queue.collect()
    assert (queue.is_notified(own), queue.is_notified(included)) == (False, True)


def test_a_handler_that_an_included_role_brings_later_takes_the_place_of_the_first() -> None:
    role = Role("r", Path("roles/r"))
    own, later = handler("a"), handler("a", role=role)
    state = HostState("h1")
    play_world: Any = SimpleNamespace(play=SimpleNamespace(handlers=(own,)))
    queue = HandlerQueue(play_world, state)
    notify(queue, "a")
    state.add_role([later], [])
    queue.collect()
    assert (queue.is_notified(own), queue.is_notified(later)) == (False, True)
