"""Roles and playbooks in common public styles (tests/e2e/roles) run unmodified.

Each style has its own host: a check that changes nothing, a run, a second run and a second check
with nothing left to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import MakeLab
from tests.e2e.listing import touched
from tests.e2e.runs import Provision
from tests.lab import HostOptions, Lab

pytestmark = pytest.mark.lab

ROLES = Path(__file__).parent / "roles"

COMPOSE = "#!/bin/sh\necho Docker Compose version v2.27.1\n"
TOOL = "#!/bin/sh\necho tool\n"


@dataclass(frozen=True)
class Style:
    """The playbooks of a style, and a shell command that succeeds on its host afterwards."""

    playbooks: tuple[str, ...]
    holds: tuple[str, ...]
    prepare: str = "true"
    group: str = "ungrouped"


RUNS_DOCKER = (
    "systemctl is-active docker && systemctl is-enabled docker",
    "docker info 2>/dev/null | grep -q 'Server Version: 26.1.4'",
    "docker run --rm hello-world | grep -q 'Hello from Docker!'",
)

STYLES: Mapping[str, Style] = {
    "repofile": Style(
        ("site",),
        (
            *RUNS_DOCKER,
            "id -nG ops | grep -qw docker",
            "docker-compose --version | grep -q v2.27.1",
            "grep -q '\"max-file\": \"3\"' /etc/docker/daemon.json",
            "grep -A1 -Fx '[docker-ce-test]' /etc/yum.repos.d/docker-ce.repo | grep -q enabled=0",
        ),
    ),
    "cluster": Style(
        ("site",),
        (
            *RUNS_DOCKER,
            "systemctl show docker -p Environment | grep -q HTTP_PROXY=http://proxy.invalid:3128",
            "tr '\\0' ' ' </proc/$(pidof dockerd)/cmdline | grep -q 'log-opt max-file=5'",
            "grep -q enabled=0 /etc/yum.repos.d/docker-ce.repo",
        ),
    ),
    "tagged": Style(
        ("site",),
        (
            *RUNS_DOCKER,
            "id -nG nobody | grep -qw docker",
            "tr '\\0' '\\n' </proc/$(pidof dockerd)/environ | grep -qx LAB_NAME=tagged",
            "docker info 2>/dev/null | grep -q 'Live Restore Enabled: true'",
            "test $(stat -c %a /etc/audit/rules.d/docker.rules) = 640",
        ),
    ),
    "flat": Style(
        ("site",),
        (
            *RUNS_DOCKER,
            "ip -4 addr show docker0 | grep -q 172.30.0.1/24",
            "crontab -l -u root | grep -q '^30 3 \\* \\* \\* docker system prune'",
            "tool | grep -qx tool",
            "grep -Fqx \"PS1='[\\\\u@flat] '\" /home/jonathan/.bashrc",
            "grep -qx vm.max_map_count=262144 /etc/sysctl.d/90-flat.conf",
        ),
        prepare="useradd jonathan",
    ),
    "server": Style(
        ("site",),
        (
            "systemctl is-active chronyd firewalld",
            "grep -qx 'server 0.ntp.invalid iburst' /etc/chrony.conf",
            "sshd -T | grep -qx 'maxauthtries 4'",
            "id -nG deploy | grep -qw wheel && ! id gone 2>/dev/null",
            "test $(stat -c %a /home/deploy/.ssh/authorized_keys) = 600",
            "firewall-cmd --list-ports | grep -q 8082/tcp",
            "grep -qx 'index = two.html' /etc/web/sites/two.conf",
            "! test -e /etc/web/sites/old.conf",
            "grep -qx modern=false /etc/web/web.conf",
            "test $(wc -l </var/log/web/reloads.log) = 1",
            "grep -qx '\\* web' /etc/motd",
            "test $(stat -c %a:%s /etc/web/secret) = 600:21",
        ),
        prepare="useradd gone; mkdir -p /etc/web/sites; touch /etc/web/sites/old.conf",
        group="web",
    ),
    "scenario": Style(
        ("converge", "verify"),
        (*RUNS_DOCKER, "python3 --version 2>/dev/null && exit 1; true"),
    ),
}  # fmt: skip


WATCHED = ("/etc/", "/home/", "/opt/", "/root/", "/usr/local/", "/var/lib/docker/", "/var/spool/")
"""Folders in which a check must change nothing; others have caches of the package manager."""


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    lab = make_lab({name: HostOptions() for name in STYLES})
    for name, text in {"compose-v2.27.1": COMPOSE, "tool": TOOL}.items():
        (lab.services.files / name).write_text(text)
    return lab


def alone(lab: Lab, name: str, group: str, folder: Path) -> Path:
    """Return an inventory with one lab host, in a group."""
    inventory = yaml.safe_load(lab.inventory.read_text())
    hosts = {name: inventory["all"]["hosts"][name]}
    path = folder / "hosts.yml"
    path.write_text(
        json.dumps({"all": {"vars": inventory["all"]["vars"]}, group: {"hosts": hosts}})
    )
    return path


@pytest.mark.parametrize("name", STYLES)
def test_roles_of_a_public_style_run_unmodified(
    lab: Lab, tmp_path: Path, provision: Provision, name: str
) -> None:
    style, host = STYLES[name], lab[name]
    host.check(style.prepare)
    inventory = alone(lab, name, style.group, tmp_path)
    books = [ROLES / name / f"{book}.yml" for book in style.playbooks]
    run, found = touched({name: host}, lambda: provision(inventory, *books[:1], "--check"))
    assert run.changed(name)
    assert [line for line in found[name] if line.startswith(WATCHED)] == []
    assert provision(inventory, *books).changed(name)
    for truth in style.holds:
        host.check(truth)
    assert provision(inventory, *books).changed(name) == []
    assert provision(inventory, *books, "--check").changed(name) == []
    assert host.guard_log() == ""
