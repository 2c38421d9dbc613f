"""`--check --diff` reports what would change, does not fail on missing things, changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.conftest import MakeLab
from tests.e2e.listing import touched
from tests.e2e.runs import Provision, Run
from tests.lab import Host, HostOptions, Lab

pytestmark = pytest.mark.lab

HOSTS = {
    "bare": HostOptions(),
    "dead-mirrors": HostOptions(repos="dead-mirrorlist"),
    "stopped": HostOptions(docker="ce"),
    "distro": HostOptions(docker="distro"),
}
SETTINGS: dict[str, Any] = {
    "docker_users": [Host.user],
    "docker_http_proxy": "http://proxy.invalid:3128",
}
SYSCTLS = ("Packets are forwarded, after a reboot too", "Bridged packets pass the firewall")
PROXY = ("The directory for docker.service's drop-ins exists", "The proxy is known to the daemon")
CE = ("Docker's signing key is trusted", "Docker's repository is set up")
PENDING = {
    "bare": (
        *CE,
        "Docker is installed",
        "Group docker exists",
        "Users may use docker",
        "/etc/docker is there",
        "daemon.json is right",
        *PROXY,
        *SYSCTLS,
        "Docker runs, now and at boot",
    ),
    "stopped": (
        *CE,
        "Users may use docker",
        "daemon.json is right",
        *PROXY,
        *SYSCTLS,
        "Docker runs, now and at boot",
    ),
}
"""The changes that are reported for docker-ce, in order. The old Docker's repository is gone."""


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    lab = make_lab(HOSTS)
    lab["stopped"].check("systemctl disable --quiet docker; systemctl stop docker.socket docker")
    return lab


@pytest.fixture(scope="module")
def checked(
    lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Run, Mapping[str, list[str]]]:
    """Run a check on all hosts; return it and the changes of their files."""
    provision = Provision(tmp_path_factory.mktemp("home"))
    hosts = {name: lab[name] for name in HOSTS}
    return touched(hosts, lambda: provision(lab, "--check", "--diff", **SETTINGS))


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_is_changed(checked: tuple[Run, Mapping[str, list[str]]], host: str) -> None:
    assert checked[1][host] == []


@pytest.mark.parametrize("host", HOSTS)
def test_no_task_fails_and_changes_are_reported(
    checked: tuple[Run, Mapping[str, list[str]]], host: str
) -> None:
    run, _ = checked
    assert run.exit == 0
    assert run.summary(host)["failed"] == 0
    assert run.summary(host)["ignored"] == 0
    assert run.status(host) == "changed"


@pytest.mark.parametrize("host", PENDING)
def test_every_pending_change_is_listed(
    checked: tuple[Run, Mapping[str, list[str]]], host: str
) -> None:
    run, _ = checked
    assert tuple(run.changed(host)) == PENDING[host]


def test_each_change_is_described(checked: tuple[Run, Mapping[str, list[str]]]) -> None:
    run, _ = checked
    assert run.task("bare", "Docker is installed")["changes"][0] == "install docker-ce-26.1.4"
    assert run.task("bare", "Docker runs, now and at boot")["changes"] == [
        "enable docker.service",
        "start docker.service",
    ]


def test_old_packages_that_would_be_removed_are_named(
    checked: tuple[Run, Mapping[str, list[str]]],
) -> None:
    run, _ = checked
    removed = " ".join(run.task("distro", "Packages of the other edition are gone")["changes"])
    assert "docker" in removed
    assert "docker-client" in removed


def test_repositories_that_would_be_repaired_are_named(
    checked: tuple[Run, Mapping[str, list[str]]],
) -> None:
    run, _ = checked
    assert "Point the stock repositories at the archive" in run.changed("dead-mirrors")
    assert "Point the stock repositories at the archive" not in run.changed("bare")


def test_pending_changes_of_files_are_shown_as_diffs(
    checked: tuple[Run, Mapping[str, list[str]]],
) -> None:
    run, _ = checked
    (diff,) = run.task("bare", "daemon.json is right")["diff"]
    assert diff["before"] == ""
    assert '"storage-driver": "overlay2"' in diff["after"]
    (diff,) = run.task("bare", "Docker's repository is set up")["diff"]
    assert "[docker-ce-stable]" in diff["after"]


def test_detailed_exitcode_reports_pending_changes(
    lab: Lab, checked: tuple[Run, Mapping[str, list[str]]], provision: Provision
) -> None:
    assert checked[0].exit == 0
    provision(lab, "--limit", "bare", "--check", "--detailed-exitcode", expect=10)
