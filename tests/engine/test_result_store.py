"""The values of a result that later tasks see."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from provisioner.engine.host_state import HostState
from provisioner.engine.result_store import ResultStore
from provisioner.language.play import Keywords, Task
from provisioner.language.scope import Scope
from provisioner.result import Outcome, Result
from provisioner.where import Where

OK, CHANGED, FAILED, SKIPPED = Outcome.OK, Outcome.CHANGED, Outcome.FAILED, Outcome.SKIPPED


class Hosts:
    """The states of h1 and h2, and the store of h1."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, Any]] = []
        self.states = {name: HostState(name) for name in ("h1", "h2")}
        roster = SimpleNamespace(report=lambda host, values: self.reports.append((host, values)))
        world = SimpleNamespace(states=self.states, roster=roster)
        play_world: Any = SimpleNamespace(world=world)
        self.store = ResultStore(play_world, self.states["h1"])

    @property
    def own(self) -> HostState:
        return self.states["h1"]


def task(module: str, register: str | None = None, **keywords: Any) -> Task:
    return Task("t", module, {}, Where(""), Keywords(**keywords), register=register)


FACTS = {"ansible_facts": {"ansible_system": "Linux"}}


@pytest.mark.parametrize("outcome", [OK, CHANGED, FAILED, SKIPPED])
def test_every_result_is_registered(outcome: Outcome) -> None:
    hosts = Hosts()
    hosts.store.store(task("command", register="r"), Result(outcome))
    assert hosts.own.variables["r"]["failed"] is (outcome is FAILED)


@pytest.mark.parametrize(
    ("sentence", "module", "outcome", "where"),
    [
        ("gathered facts are facts", "setup", OK, "facts"),
        ("set_fact sets variables", "set_fact", OK, "variables"),
        ("include_vars sets variables of its own precedence", "include_vars", OK, "included"),
        ("a failed task sets nothing", "set_fact", FAILED, ""),
        ("debug sets nothing, whatever it shows", "debug", OK, ""),
    ],
)
def test_facts_are_stored_by_the_module_that_found_them(
    sentence: str, module: str, outcome: Outcome, where: str
) -> None:
    hosts = Hosts()
    hosts.store.store(task(module), Result(outcome, returns=FACTS))
    stored = {
        name: getattr(hosts.own, name).get("ansible_system")
        for name in ("facts", "variables", "included")
    }
    expected = {name: "Linux" if name == where else None for name in stored}
    assert stored == expected, sentence


def test_a_cacheable_fact_is_a_variable_and_a_fact() -> None:
    hosts = Hosts()
    returns = {**FACTS, "_ansible_facts_cacheable": True}
    hosts.store.store(task("set_fact"), Result(OK, returns=returns))
    assert "ansible_system" in hosts.own.variables
    assert "ansible_system" in hosts.own.facts


def test_the_facts_of_each_item_are_stored() -> None:
    hosts = Hosts()
    items = [{"ansible_facts": {"a": 1}}, {"ansible_facts": {"b": 2}}]
    hosts.store.store(task("set_fact"), Result(OK, returns={"results": items}))
    assert hosts.own.variables == {"a": 1, "b": 2}


def test_with_delegate_facts_they_are_those_of_the_other_host() -> None:
    hosts = Hosts()
    delegated = task("setup", delegate_to="h2", delegate_facts=True)
    hosts.store.store(delegated, Result(OK, returns=FACTS), Scope(()))
    assert "ansible_system" not in hosts.own.facts
    assert hosts.states["h2"].facts["ansible_system"] == "Linux"


def test_statistics_are_notes_of_the_recap() -> None:
    hosts = Hosts()
    hosts.store.store(task("set_stats"), Result(OK, returns={"ansible_stats": {"data": {"n": 3}}}))
    assert hosts.own.notes == {"n": "3"}


def test_a_rescue_sees_the_task_that_failed_and_its_result() -> None:
    hosts = Hosts()
    hosts.store.store_failure(task("command"), Result(FAILED, "no room"), Scope(()))
    assert hosts.own.variables["ansible_failed_task"]["name"] == "t"
    assert hosts.own.variables["ansible_failed_task"]["action"] == "command"
    assert hosts.own.variables["ansible_failed_result"]["msg"] == "no room"


@pytest.mark.parametrize("name", ["add_host", "add_group", "inventory"])
def test_what_a_task_adds_to_the_inventory_is_reported_to_it(name: str) -> None:
    hosts = Hosts()
    hosts.store.extend_inventory(Result(OK, returns={name: "new"}))
    hosts.store.extend_inventory(Result(OK, returns={"other": "value"}))
    assert hosts.reports == [("h1", {name: "new"})]
