"""The hosts that continue when all hosts of a batch wait or have finished."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.engine.barriers import Barriers
from provisioner.engine.effects import Barrier, Publish, Released
from provisioner.result import Outcome, Result

RESULT = Result(Outcome.OK)


def barriers(waiting: dict[str, Barrier], **options: Any) -> Barriers:
    """Barriers of h1, h2 and h3, at which these hosts wait."""
    options = {"stop_reason": lambda: "", **options}
    made = Barriers(("h1", "h2", "h3"), **options)
    for host, barrier in waiting.items():
        made.wait(host, barrier)
    return made


def test_without_waiting_hosts_none_goes_on() -> None:
    assert barriers({}).release() == {}


def test_the_hosts_at_the_earliest_place_go_on_first() -> None:
    waiting = barriers({"h1": Barrier((4,)), "h2": Barrier((3,)), "h3": Barrier((3, 2))})
    assert list(waiting.release()) == ["h2"]
    assert list(waiting.release()) == ["h3"]
    assert list(waiting.release()) == ["h1"]


def test_all_hosts_at_one_place_go_on_together() -> None:
    waiting = barriers({"h2": Barrier((1,)), "h1": Barrier((1,))})
    assert waiting.release() == {"h1": Released(), "h2": Released()}


def test_of_the_hosts_at_a_run_once_task_the_first_of_the_inventory_leads() -> None:
    once = Barrier((1,), once=True)
    waiting = barriers({"h3": once, "h2": once})
    assert waiting.release() == {"h2": Released()}
    waiting.publish(Publish((1,), RESULT))
    assert waiting.release() == {"h3": Released(leader=False, result=RESULT)}


def test_the_next_host_leads_if_the_leader_publishes_nothing() -> None:
    once = Barrier((1,), once=True)
    waiting = barriers({"h1": once, "h2": once})
    assert waiting.release() == {"h1": Released()}
    assert waiting.release() == {"h2": Released()}


def test_a_failure_limit_stops_every_host_with_its_reason() -> None:
    waiting = barriers({"h1": Barrier((1,))}, stop_reason=lambda: "too many failures")
    assert waiting.release() == {"h1": Released(stop="too many failures")}


@pytest.mark.parametrize(("ends", "play_ended"), [("batch", False), ("play", True)])
def test_an_end_of_the_batch_or_the_play_reaches_the_waiting_hosts(
    ends: Any, play_ended: bool
) -> None:
    waiting = barriers({"h1": Barrier((2,))})
    waiting.publish(Publish((1,), ends=ends))
    assert waiting.release() == {"h1": Released(end_play=True)}
    assert waiting.play_ended is play_ended


def test_the_operator_is_asked_once_for_a_task_and_may_skip_it_for_all_hosts() -> None:
    asked: list[str] = []

    def ask(title: str) -> bool:
        asked.append(title)
        return title != "no"

    waiting = barriers({"h1": Barrier((1,), title="no"), "h2": Barrier((1,), title="no")}, ask=ask)
    assert waiting.release() == dict.fromkeys(("h1", "h2"), Released(skip=True))
    waiting.wait("h3", Barrier((1,), title="no"))
    assert waiting.release() == {"h3": Released(skip=True)}
    assert asked == ["no"]


def test_what_the_operator_types_at_a_prompt_is_the_answer_for_all_hosts() -> None:
    prompts: list[str] = []

    def read(prompt: str, echo: bool) -> str:
        prompts.append(prompt)
        return "blue"

    prompt = Barrier((1,), prompt="colour?")
    waiting = barriers({"h1": prompt, "h2": prompt}, read=read)
    assert waiting.release() == dict.fromkeys(("h1", "h2"), Released(answer="blue"))
    assert prompts == ["colour?"]


def test_errors_are_cleared_of_the_hosts_that_were_out_when_the_task_began() -> None:
    out = {"h2"}
    waiting = barriers({"h1": Barrier((1,))}, out_now=lambda: frozenset(out))
    waiting.release()
    out.add("h3")
    waiting.publish(Publish((1,), clears_errors=True))
    assert waiting.cleared == {"h2"}
