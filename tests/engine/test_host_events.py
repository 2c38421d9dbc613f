"""Events about hosts: the task that begins, the reason of a failure, hosts that have not ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.engine.host_state import STOPPED
from provisioner.engine.interrupt import Interrupt
from provisioner.engine.scheduler import Executor
from provisioner.events import Event, HostFinished, PlayFinished, Status, TaskFinished, TaskStarted
from provisioner.fleet.login import Connect
from provisioner.plan import Plan
from tests.engine.play_runner import PlayRunner, RunOutcome, threads

PLAY = """
- hosts: all
  gather_facts: false
  serial: 1
  tasks:
    - name: first
      command: "true"
    - name: gate
      shell: until [ -e {gate} ] || [ {{{{ inventory_hostname }}}} != h2 ]; do sleep 0.1; done
    - name: last
      command: "true"
{more}
"""
MORE = """
- hosts: h1
  gather_facts: false
  tasks: [{command: "true"}]
"""


def interrupted(runner: PlayRunner, folder: Path, more: str = "") -> RunOutcome:
    """Run PLAY and `more`, with an interrupt while h2 runs its first or second task of three."""
    interrupts: list[Interrupt] = []

    def make_executor(plan: Plan, connect: Connect, interrupt: Interrupt) -> Executor:
        interrupts.append(interrupt)
        return threads(plan, connect, interrupt)

    runner.make_executor = make_executor
    gate = folder / "gate"

    def stop(event: Event) -> None:
        if isinstance(event, TaskFinished) and (event.host, event.task) == ("h2", "first"):
            interrupts[0].set(2)
            gate.touch()

    return runner.run(PLAY.format(gate=gate, more=more), 3, on_event=stop)


def reasons(outcome: RunOutcome) -> dict[str, str]:
    ends = [event for event in outcome.events if isinstance(event, HostFinished)]
    return {event.host: event.reason for event in ends}


def test_hosts_that_an_interrupt_stopped_have_that_as_reason(
    runner: PlayRunner, tmp_path: Path
) -> None:
    outcome = interrupted(runner, tmp_path)
    assert reasons(outcome) == {"h1": "", "h2": STOPPED, "h3": STOPPED}
    assert outcome.hosts["h3"].status is Status.NOT_RUN
    assert outcome.exit == 130


def test_a_host_of_a_later_play_has_not_ended_either(runner: PlayRunner, tmp_path: Path) -> None:
    assert reasons(interrupted(runner, tmp_path, MORE))["h1"] == STOPPED


@pytest.mark.parametrize("hosts", [1, 3])
def test_without_an_interrupt_hosts_have_no_reason(runner: PlayRunner, hosts: int) -> None:
    outcome = runner.run("- {hosts: all, gather_facts: false, tasks: [{command: 'true'}]}", hosts)
    assert set(reasons(outcome).values()) == {""}


def test_a_host_has_not_ended_if_others_end_the_run_before_its_next_play(
    runner: PlayRunner,
) -> None:
    play = """
    - hosts: all
      gather_facts: false
      serial: 1
      tasks: [{fail: {msg: broken}, when: inventory_hostname == "h2"}]
    - hosts: all
      gather_facts: false
      tasks: [{command: "true"}]
    """
    by_host = reasons(runner.run(play, 3))
    assert (by_host["h1"], by_host["h3"]) == (STOPPED, STOPPED)
    assert "broken" in by_host["h2"]


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("{shell: 'echo one >&2; echo no disk >&2; exit 3'}", "exit 3: no disk"),
        ("{shell: 'exit 3'}", "exit 3"),
        ("{shell: 'echo calm >&2', register: it, failed_when: true}", "failed_when is true: True"),
        (
            "{command: 'ls /no{{ item }}', loop: [1, 2, 3]}",
            "/no1': No such file or directory (and 2 more items)",
        ),
    ],
)
def test_the_reason_has_the_last_line_of_a_commands_output(
    runner: PlayRunner, task: str, reason: str
) -> None:
    outcome = runner.run(f"- {{hosts: all, gather_facts: false, tasks: [{task}]}}", 1)
    assert reasons(outcome)["h1"].endswith(reason)


def test_no_log_keeps_the_output_out_of_the_reason(runner: PlayRunner) -> None:
    task = "{shell: 'echo secret >&2; exit 3', no_log: true}"
    outcome = runner.run(f"- {{hosts: all, gather_facts: false, tasks: [{task}]}}", 1)
    assert "secret" not in reasons(outcome)["h1"]


def test_events_name_the_task_that_begins_and_the_end_of_the_play(runner: PlayRunner) -> None:
    play = """
    - hosts: all
      gather_facts: false
      tasks: [{command: "true"}, {command: "false", when: inventory_hostname == "h2"}]
    """
    events = runner.run(play, 2).events
    numbers = [repr(event.number) for event in events if isinstance(event, TaskStarted)]
    assert set(numbers) <= {"1", "2"}
    assert [event.host for event in events if isinstance(event, PlayFinished)] == ["h1"]
