"""docker.yml installs Docker, changes nothing in a second run, and repairs drift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from provisioner.cli import dispatch
from tests.e2e.conftest import MakeLab
from tests.e2e.frames import note_writes
from tests.e2e.inventories import inventory_of
from tests.e2e.runs import COMMAND, Provision, Run, checked, finish
from tests.e2e.watching import reset_start_limit
from tests.lab import Host, HostOptions, Lab

pytestmark = pytest.mark.lab

EDITIONS = ("ce", "distro")
VERSIONS = {"ce": "Docker version 26.1.4", "distro": "Docker version 1.13.1"}
PACKAGES = {
    "ce": "docker-ce-26.1.4 docker-ce-cli-26.1.4 containerd.io",
    "distro": "docker-1.13.1",
}
INSTALLED = "Docker is installed"
CONFIGURED = "daemon.json is right"
STARTED = "Docker runs, now and at boot"
RESTARTED = "Restart Docker"
MOST_FRAMES = 6
"""Frames of a run with nothing to change, at most."""


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab({name: HostOptions() for name in EDITIONS})


@pytest.fixture(autouse=True)
def forgiven(lab: Lab) -> None:
    reset_start_limit(lab)


@pytest.fixture(scope="module")
def settings(lab: Lab) -> dict[str, Any]:
    """Each host is named after its edition. The proxy does not exist; the lab needs none."""
    return {
        "docker_edition": "{{ inventory_hostname }}",
        "docker_users": [Host.user],
        "docker_http_proxy": "http://proxy.invalid:3128",
        "docker_no_proxy": f"localhost,{lab.services.registry.split('/')[-1].split(':')[0]}",
    }


@pytest.fixture(scope="module")
def first(lab: Lab, settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The first run, on hosts without Docker."""
    return Provision(tmp_path_factory.mktemp("home"))(lab, **settings)


@pytest.mark.parametrize("edition", EDITIONS)
class TestTheFirstRun:
    def test_installs_the_packages_of_the_edition(self, lab: Lab, first: Run, edition: str) -> None:
        assert INSTALLED in first.changed(edition)
        lab[edition].check(f"rpm -q {PACKAGES[edition]}")

    def test_leaves_the_daemon_running_and_enabled(
        self, lab: Lab, first: Run, edition: str
    ) -> None:
        assert STARTED in first.changed(edition)
        lab[edition].check("systemctl is-active docker && systemctl is-enabled docker")

    def test_pulls_the_image_and_runs_it(self, lab: Lab, first: Run, edition: str) -> None:
        smoke = first.task(edition, "Smoke test: docker run hello-world")
        assert smoke["outcome"] == "ok"
        assert "Hello from Docker!" in smoke["stdout"]
        assert "hello-world" in lab[edition].check("docker images")
        assert lab[edition].check("docker ps -a -q") == ""

    def test_tells_version_and_info_in_the_recap(self, first: Run, edition: str) -> None:
        version, info = first.finished(edition)["notes"]
        assert version.startswith(f"docker_version: {VERSIONS[edition]}")
        assert info.startswith("docker_info: server ")
        assert "overlay2" in info

    def test_uses_no_option_that_el7_lacks(self, lab: Lab, first: Run, edition: str) -> None:
        assert first.exit == 0
        assert lab[edition].guard_log() == ""

    def test_lets_its_users_use_docker_without_sudo(
        self, lab: Lab, first: Run, edition: str
    ) -> None:
        assert "Users may use docker" in first.changed(edition)
        lab[edition].check("su - ops -c 'docker ps'")


def test_a_second_run_changes_nothing(
    lab: Lab, settings: dict[str, Any], first: Run, provision: Provision
) -> None:
    second = provision(lab, **settings)
    for host in EDITIONS:
        assert second.status(host) == "ok"
        assert second.changed(host) == []
        assert second.summary(host)["changed"] == 0


def test_a_second_run_takes_few_frames_and_sends_no_content(
    lab: Lab,
    settings: dict[str, Any],
    first: Run,
    provision: Provision,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert first.exit == 0
    monkeypatch.setenv("HOME", str(provision.home))
    written = note_writes(monkeypatch)
    status = dispatch(provision.words(lab, **settings)[len(COMMAND) :])
    run = checked(finish(status, *capsys.readouterr()), 0)
    assert {host: run.changed(host) for host in EDITIONS} == {host: [] for host in EDITIONS}
    for host in EDITIONS:
        assert written[host].connections == 1
        assert 1 <= len(written[host].frames) <= MOST_FRAMES
        assert written[host].others == []


@dataclass(frozen=True)
class Drift:
    """A change on a host, and the tasks that repair it, by edition."""

    what: str
    spoil: str
    repaired: tuple[str, ...]
    distro: tuple[str, ...] | None = None
    """Where the distro edition's repair differs; () where the case does not exist."""

    def expected(self, edition: str) -> list[str]:
        other = edition == "distro" and self.distro is not None
        return list(self.distro or () if other else self.repaired)


REMOVE_ENGINE = "yum -y remove docker-ce docker >/dev/null"
DRIFTS = [
    Drift("docker is stopped", "systemctl stop docker", (STARTED,)),
    Drift("docker is disabled", "systemctl disable docker", (STARTED,)),
    Drift(
        "a key of daemon.json is changed",
        "sed -i 's/overlay2/vfs/; s/true/false/' /etc/docker/daemon.json",
        (CONFIGURED, RESTARTED),
    ),
    Drift("daemon.json is gone", "rm /etc/docker/daemon.json", (CONFIGURED, RESTARTED)),
    Drift("daemon.json is open", "chmod 666 /etc/docker/daemon.json", (CONFIGURED, RESTARTED)),
    Drift(
        "the daemon has not read daemon.json",
        "sleep 0.1; touch /etc/docker/daemon.json",
        ("The running daemon has read its files", RESTARTED),
    ),
    Drift("a plugin is removed", "rpm -e --nodeps docker-buildx-plugin", (INSTALLED,), ()),
    Drift(
        "the engine is removed",
        REMOVE_ENGINE,
        (INSTALLED, STARTED),
        # daemon.json belongs to the package and is removed with it.
        (INSTALLED, CONFIGURED, STARTED),
    ),
    Drift("a user is taken from the group", "gpasswd -d ops docker", ("Users may use docker",)),
    Drift(
        "the repository file is gone",
        "rm /etc/yum.repos.d/docker-ce.repo",
        ("Docker's repository is set up",),
        (),
    ),
    Drift(
        "the proxy's drop-in is gone",
        "rm /etc/systemd/system/docker.service.d/provision-proxy.conf",
        # systemd reads its files again before it starts a unit.
        ("The proxy is known to the daemon", STARTED, RESTARTED),
    ),
    Drift(
        "a sysctl file says otherwise",
        "sed -i 's/ip_forward.*/ip_forward = 0/' /etc/sysctl.d/99-docker.conf",
        ("Packets are forwarded, after a reboot too",),
    ),
]


@pytest.mark.parametrize("drift", DRIFTS, ids=[drift.what.replace(" ", "-") for drift in DRIFTS])
def test_only_drift_is_repaired(
    lab: Lab, settings: dict[str, Any], first: Run, provision: Provision, drift: Drift
) -> None:
    assert first.exit == 0
    hosts = [edition for edition in EDITIONS if drift.expected(edition)]
    for host in hosts:
        lab[host].check(drift.spoil)
    repair = provision(lab, **settings)
    again = provision(lab, **settings)
    assert {host: repair.changed(host) for host in EDITIONS} == {
        host: drift.expected(host) for host in EDITIONS
    }
    assert {host: again.changed(host) for host in EDITIONS} == {host: [] for host in EDITIONS}


def test_containers_keep_running_when_the_daemon_restarts(
    lab: Lab, settings: dict[str, Any], first: Run, provision: Provision
) -> None:
    assert first.exit == 0
    host = lab["ce"]
    host.check("docker create --name kept hello-world && docker volume create kept")
    host.check("sed -i 's/50m/10m/' /etc/docker/daemon.json")
    run = provision(lab, "--limit", "ce", **settings)
    assert run.changed("ce") == [CONFIGURED, RESTARTED]
    assert host.check("docker ps -a --format '{{.Names}}'; docker volume ls -q") == "kept\nkept\n"
    host.check("docker rm kept && docker volume rm kept")


def test_inventory_variables_of_a_host_are_used(
    lab: Lab, settings: dict[str, Any], first: Run, provision: Provision
) -> None:
    """docs/docker-role.md promises it."""
    assert first.exit == 0
    hosts = {edition: {"docker_edition": edition} for edition in EDITIONS}
    inventory = inventory_of(lab, provision.home, hosts)
    others = {name: value for name, value in settings.items() if name != "docker_edition"}
    run = provision(inventory, **others)
    assert {host: run.changed(host) for host in EDITIONS} == {"ce": [], "distro": []}


def test_an_own_playbook_uses_the_bundled_role_with_its_group_vars(
    lab: Lab, settings: dict[str, Any], first: Run, provision: Provision
) -> None:
    assert first.exit == 0
    playbook = provision.home / "site.yml"
    playbook.write_text("- hosts: ce\n  become: true\n  roles: [docker]\n")
    (provision.home / "group_vars").mkdir()
    (provision.home / "group_vars/all.yml").write_text(
        "docker_users: [ops, nobody]\ndocker_live_restore: false\ndocker_smoke_image: ''\n"
    )
    proxy = {name: value for name, value in settings.items() if "proxy" in name}
    run = provision(lab, playbook, **proxy)
    assert run.changed("ce") == ["Users may use docker", CONFIGURED, RESTARTED]
    assert "live-restore" not in lab["ce"].check("cat /etc/docker/daemon.json")
    assert "docker" in lab["ce"].check("id -nG nobody").split()
    assert provision(lab, playbook, **proxy).changed("ce") == []
