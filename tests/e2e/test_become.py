"""sudo with a password, without one, and on hosts that refuse it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import MakeLab
from tests.e2e.inventories import inventory_of
from tests.e2e.listing import touched
from tests.e2e.runs import Provision, Run
from tests.lab import HostOptions, Lab

pytestmark = pytest.mark.lab

SUDO_WRITES = re.compile(r"/var/lib/sudo(/.*)?|/var/lib")
"""sudo writes this file after it has asked for a password."""


@dataclass(frozen=True)
class Refused:
    """A host whose sudo refuses: the reason, and the hint for the operator."""

    options: HostOptions
    reason: str
    hint: str
    variables: Mapping[str, Any] = field(default_factory=dict)


REFUSED = {
    "no-rights": Refused(
        HostOptions(sudo="none"), "sudo asks for a password", "ansible_become_password"
    ),
    "not-in-sudoers": Refused(
        HostOptions(sudo="none"),
        "no sudo rights",
        "/etc/sudoers.d",
        {"ansible_become_password": "lab-password"},
    ),
    "no-password": Refused(
        HostOptions(sudo="password"),
        "sudo asks for a password to become root",
        "-K or ansible_become_password",
        {"ansible_become_password": None},
    ),
    "wrong-password": Refused(
        HostOptions(sudo="password"),
        "the password to become root was wrong",
        "check -K or ansible_become_password",
        {"ansible_become_password": "guessed"},
    ),
    "no-sudo": Refused(HostOptions(sudo="absent"), "sudo is not installed", "log in as root"),
    "wants-a-tty": Refused(
        HostOptions(sudo="requiretty", boot_script="echo PermitTTY no >>/etc/ssh/sshd_config"),
        "requiretty",
        "!requiretty",
    ),
}
ALLOWED = {
    "nopasswd": HostOptions(docker="ce"),
    "password": HostOptions(docker="ce", sudo="password"),
    "requiretty": HostOptions(docker="ce", sudo="requiretty"),
    "password-login": HostOptions(docker="ce", sudo="password", login="password"),
}


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab({**{name: case.options for name, case in REFUSED.items()}, **ALLOWED})


@pytest.fixture(scope="module")
def ended(
    lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Run, Mapping[str, list[str]]]:
    """Run once on all hosts; return the run and the changes on hosts that refused."""
    home = tmp_path_factory.mktemp("home")
    inventory = inventory_of(lab, home, {name: case.variables for name, case in REFUSED.items()})
    hosts = {name: lab[name] for name in REFUSED}
    run, found = touched(hosts, lambda: Provision(home)(inventory, expect=2))

    def is_own(line: str) -> bool:
        return SUDO_WRITES.fullmatch(line.partition(": ")[0]) is None

    return run, {name: list(filter(is_own, lines)) for name, lines in found.items()}


@pytest.mark.parametrize("host", REFUSED)
def test_a_host_that_refuses_sudo_fails_with_reason_and_hint(
    ended: tuple[Run, Mapping[str, list[str]]], host: str
) -> None:
    run, _ = ended
    failure = run.failure(host)
    assert run.status(host) == "failed"
    assert REFUSED[host].reason in failure["message"]
    assert REFUSED[host].hint in failure["remedy"]


@pytest.mark.parametrize("host", REFUSED)
def test_a_host_that_refuses_sudo_is_not_changed(
    ended: tuple[Run, Mapping[str, list[str]]], host: str
) -> None:
    run, found = ended
    assert run.changed(host) == []
    assert found[host] == []


def test_a_wrong_password_is_tried_once(
    lab: Lab, ended: tuple[Run, Mapping[str, list[str]]]
) -> None:
    assert ended[0].exit == 2
    log = lab["wrong-password"].check("journalctl -q --no-pager -t sudo")
    assert log.count("authentication failure") == 1
    assert "1 incorrect password attempt" in log


@pytest.mark.parametrize("host", ALLOWED)
def test_docker_is_installed_with_a_sudo_password(
    ended: tuple[Run, Mapping[str, list[str]]], host: str
) -> None:
    run, _ = ended
    assert run.status(host) == "changed"
    assert run.task(host, "Smoke test: docker run hello-world")["outcome"] == "ok"


BECOME_AND_REMOVE = """
- hosts: nopasswd
  become: true
  gather_facts: false
  tasks:
    - user: {name: worker}
    - {command: id -u, become_user: worker}
    - user: {name: worker, uid: 4321}
    - {command: id -u, become_user: worker, register: number}
    - user: {name: worker, home: /srv/worker, move_home: true}
    - {shell: cd && pwd, become_user: worker, register: home}
    - assert: {that: [number.stdout == "4321", home.stdout == "/srv/worker"]}
    - user: {name: worker, state: absent, remove: true}
"""


def test_a_user_that_a_task_became_can_be_changed_and_removed(lab: Lab, tmp_path: Path) -> None:
    play = tmp_path / "play.yml"
    play.write_text(BECOME_AND_REMOVE)
    run = Provision(tmp_path)(lab, play, expect=0)
    assert run.status("nopasswd") == "changed"
    assert lab["nopasswd"].run("id worker").returncode == 1


REMOVE = """
- hosts: nopasswd
  become: true
  gather_facts: false
  tasks:
    - {command: id -u, become_user: other}
    - user: {name: other, state: absent}
"""


def test_processes_of_a_user_that_others_started_are_not_ended(lab: Lab, tmp_path: Path) -> None:
    host = lab["nopasswd"]
    sleep = "setsid runuser -u other -- sleep 3600 </dev/null >/dev/null 2>&1 &"
    host.check(f"useradd other\n{sleep}")
    play = tmp_path / "play.yml"
    play.write_text(REMOVE)
    run = Provision(tmp_path)(lab, play, expect=2)
    assert "exit 8" in run.failure("nopasswd")["message"]  # userdel: the user has a process
    host.check("pgrep -u other sleep && pkill -u other sleep")
