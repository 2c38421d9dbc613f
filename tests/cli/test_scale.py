"""Values that are the same for all hosts are computed once, not once per host."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import pytest

from provisioner.plan import Plan
from tests.cli.conftest import Command

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - debug: msg="{{ playbook_dir }} {{ inventory_dir }} {{ groups.all | length }}"
    - add_host: {name: another}
- hosts: all
  gather_facts: false
  tasks: [{debug: {msg: hello}}]
"""


def calls(provision: Command, monkeypatch: pytest.MonkeyPatch, hosts: int) -> Counter[str]:
    """Count the calls of two slow functions in a run with this number of hosts."""
    counts: Counter[str] = Counter()
    getcwd = os.getcwd
    hosts_of_plan: Callable[[Plan], tuple[str, ...]] = vars(Plan)["hosts"].fget

    def counted_getcwd() -> str:
        counts["current directory"] += 1
        return getcwd()

    def counted_hosts(plan: Plan) -> tuple[str, ...]:
        counts["hosts of the plan"] += 1
        return hosts_of_plan(plan)

    names = "".join(f"    h{number}:\n" for number in range(hosts))
    provision.write("hosts.yml", f"all:\n  hosts:\n{names}")
    provision.write("group_vars/all.yml", "a: 1\n")
    provision.write("play.yml", PLAY)
    with monkeypatch.context() as patch:
        patch.setattr(os, "getcwd", counted_getcwd)
        patch.setattr(Plan, "hosts", property(counted_hosts))
        assert provision("hosts.yml", "play.yml").exit == 0
    return counts


def test_values_of_all_hosts_are_computed_as_often_for_many_hosts_as_for_few(
    provision: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = calls(provision, monkeypatch, 3)
    assert calls(provision, monkeypatch, 60) == few
