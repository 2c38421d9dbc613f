"""What is the same for all hosts is asked for once, however many hosts there are."""

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


def questions(provision: Command, monkeypatch: pytest.MonkeyPatch, hosts: int) -> Counter[str]:
    """How often a run of so many hosts asks for these things."""
    asked: Counter[str] = Counter()
    getcwd = os.getcwd
    of_plan: Callable[[Plan], tuple[str, ...]] = vars(Plan)["hosts"].fget

    def folder() -> str:
        asked["current directory"] += 1
        return getcwd()

    def chosen(plan: Plan) -> tuple[str, ...]:
        asked["hosts of the plan"] += 1
        return of_plan(plan)

    names = "".join(f"    h{number}:\n" for number in range(hosts))
    provision.write("hosts.yml", f"all:\n  hosts:\n{names}")
    provision.write("group_vars/all.yml", "a: 1\n")
    provision.write("play.yml", PLAY)
    with monkeypatch.context() as patch:
        patch.setattr(os, "getcwd", folder)
        patch.setattr(Plan, "hosts", property(chosen))
        assert provision("hosts.yml", "play.yml").exit == 0
    return asked


def test_what_all_hosts_share_is_asked_for_as_often_for_many_as_for_few(
    provision: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = questions(provision, monkeypatch, 3)
    assert questions(provision, monkeypatch, 60) == few
