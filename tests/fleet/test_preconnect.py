"""Connections that are begun while the engine is still being imported."""

from __future__ import annotations

import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from provisioner.errors import ConnectionFailed
from provisioner.fleet.preconnect import Preconnector, certain
from provisioner.fleet.session_pool import Login
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_playbook
from provisioner.plan import Options, Plan, plan
from provisioner.remote.local import LocalConnection
from provisioner.remote.target import Target, said

INVENTORY = """
all:
  hosts:
    plain: {ansible_host: 192.0.2.1, ansible_user: deploy}
    here: {ansible_connection: local}
    worked_out: {ansible_host: "{{ address }}"}
"""

ON_HOSTS = "[{hosts: all, tasks: [{command: uptime}, {debug: {msg: hello}}]}]"


def planned(folder: Path, playbook: str, **options: Any) -> Plan:
    (folder / "hosts.yml").write_text(INVENTORY)
    (folder / "play.yml").write_text(textwrap.dedent(playbook))
    inventory = load_inventory(str(folder / "hosts.yml"))
    return plan(inventory, [load_playbook(folder / "play.yml")], Options(**options))


def test_hosts_whose_way_the_inventory_says_are_connected_early(tmp_path: Path) -> None:
    assert dict(certain(planned(tmp_path, ON_HOSTS))) == {
        "plain": {"ansible_host": "192.0.2.1", "ansible_user": "deploy"}
    }


def test_what_the_command_line_says_of_the_way_counts(tmp_path: Path) -> None:
    made = planned(tmp_path, ON_HOSTS, extra_vars={"ansible_user": "root"})
    assert [about["ansible_user"] for _, about in certain(made)] == ["root"]


@pytest.mark.parametrize(
    "play",
    [
        "{hosts: all, tasks: [{debug: {msg: hello}}, {command: uptime}]}",
        "{hosts: all, tasks: [{command: uptime, when: wanted is defined}]}",
        "{hosts: all, tasks: [{command: 'echo {{ item }}', loop: []}]}",
        "{hosts: all, tasks: [{command: uptime, delegate_to: other}]}",
        "{hosts: all, tasks: [{command: uptime, run_once: true}]}",
        "{hosts: all, tasks: [{command: uptime, remote_user: other}]}",
        "{hosts: all, connection: local, tasks: [{command: uptime}]}",
        "{hosts: all, port: 2222, tasks: [{command: uptime}]}",
        "{hosts: all, vars: {ansible_user: other}, tasks: [{command: uptime}]}",
        "{hosts: all, tasks: [{command: uptime, vars: {ansible_port: 2222}}]}",
        "{hosts: all, serial: 1, tasks: [{command: uptime}]}",
        "{hosts: all, tasks: [{pause: {seconds: 1}}, {command: uptime}]}",
        "{hosts: all}",
        "{hosts: localhost, tasks: [{command: uptime}]}",
    ],
)
def test_nobody_is_connected_early_in_doubt(play: str, tmp_path: Path) -> None:
    assert list(certain(planned(tmp_path, f"[{play}]"))) == []


def test_an_early_connection_goes_to_the_first_who_asks_for_the_same_way() -> None:
    def dial(target: Target) -> Login:
        return Login(LocalConnection(), target.name)

    early = Preconnector(dial)
    early.begin(("a", "deploy"), Target("a", "192.0.2.1"))
    assert early.take(("a", "root")) is None
    assert early.take(("a", "deploy")) is not None
    assert early.take(("a", "deploy")) is None


def test_a_connection_is_begun_for_the_way_that_variables_say_whatever_their_types_are() -> None:
    inventory = {"ansible_host": "192.0.2.1", "ansible_port": 2222}
    assert said(inventory) == said({**inventory, "ansible_port": "2222", "other": 1})
    assert said(inventory) != said({**inventory, "ansible_user": "root"})


def test_why_an_early_connection_failed_is_told_to_who_asks_for_it() -> None:
    def dial(target: Target) -> Login:
        raise ConnectionFailed(f"{target.name}: no route")

    early = Preconnector(dial)
    early.begin("a", Target("a", "192.0.2.1"))
    with pytest.raises(ConnectionFailed, match="a: no route"):
        early.take("a")


def test_where_no_further_thread_may_start_nothing_is_begun_early(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    early = Preconnector(lambda target: Login(LocalConnection(), target.user))
    target = Target(name="h", address="192.0.2.1", user="root")
    early.begin("one", target)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    early.begin("two", target)
    assert early.take("two") is None
    early.close()
