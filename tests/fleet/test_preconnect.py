"""Connections that are made while the engine is imported."""

from __future__ import annotations

import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from provisioner.errors import ConnectionFailed
from provisioner.fleet.login import Login
from provisioner.fleet.preconnect import Preconnector, certain_connections
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_playbook
from provisioner.plan import Options, Plan, plan
from provisioner.remote.local import LocalConnection
from provisioner.remote.target import Target, connection_values

INVENTORY = """
all:
  hosts:
    plain: {ansible_host: 192.0.2.1, ansible_user: deploy}
    here: {ansible_connection: local}
    with_template: {ansible_host: "{{ address }}"}
"""

ON_HOSTS = "[{hosts: all, tasks: [{command: uptime}, {debug: {msg: hello}}]}]"


def planned(folder: Path, playbook: str, **options: Any) -> Plan:
    (folder / "hosts.yml").write_text(INVENTORY)
    (folder / "play.yml").write_text(textwrap.dedent(playbook))
    inventory = load_inventory(str(folder / "hosts.yml"))
    return plan(inventory, [load_playbook(folder / "play.yml")], Options(**options))


def test_hosts_with_connection_variables_of_the_inventory_are_connected_early(
    tmp_path: Path,
) -> None:
    assert dict(certain_connections(planned(tmp_path, ON_HOSTS))) == {
        "plain": {"ansible_host": "192.0.2.1", "ansible_user": "deploy"}
    }


def test_connection_variables_of_the_command_line_count(tmp_path: Path) -> None:
    made = planned(tmp_path, ON_HOSTS, extra_vars={"ansible_user": "root"})
    assert [own["ansible_user"] for _, own in certain_connections(made)] == ["root"]


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
def test_in_doubt_no_host_is_connected_early(play: str, tmp_path: Path) -> None:
    assert list(certain_connections(planned(tmp_path, f"[{play}]"))) == []


def test_an_early_connection_is_taken_once_by_its_key() -> None:
    def dial(target: Target) -> Login:
        return Login(LocalConnection(), target.name)

    preconnector = Preconnector(dial)
    preconnector.start(("a", "deploy"), Target("a", "192.0.2.1"))
    assert preconnector.take(("a", "root")) is None
    assert preconnector.take(("a", "deploy")) is not None
    assert preconnector.take(("a", "deploy")) is None


def test_the_key_of_a_connection_does_not_depend_on_the_types_of_variables() -> None:
    inventory = {"ansible_host": "192.0.2.1", "ansible_port": 2222}
    assert connection_values(inventory) == connection_values(
        {**inventory, "ansible_port": "2222", "other": 1}
    )
    assert connection_values(inventory) != connection_values({**inventory, "ansible_user": "root"})


def test_the_error_of_an_early_connection_is_raised_when_it_is_taken() -> None:
    def dial(target: Target) -> Login:
        raise ConnectionFailed(f"{target.name}: no route")

    preconnector = Preconnector(dial)
    preconnector.start("a", Target("a", "192.0.2.1"))
    with pytest.raises(ConnectionFailed, match="a: no route"):
        preconnector.take("a")


def test_without_free_threads_no_host_is_connected_early(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    preconnector = Preconnector(lambda target: Login(LocalConnection(), target.user))
    target = Target(name="h", address="192.0.2.1", user="root")
    preconnector.start("one", target)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    preconnector.start("two", target)
    assert preconnector.take("two") is None
    preconnector.close()
