"""What docker.yml repairs: repositories that are gone, and the other edition of Docker."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import MakeLab
from tests.e2e.runs import Provision, Run
from tests.lab import HostOptions, Lab

pytestmark = pytest.mark.lab

REPAIRED = "Point the stock repositories at the archive"
REMOVED = "Packages of the other edition are gone"
INSTALLED = "Docker is installed"
DEAD = {
    "dead-mirrors": HostOptions(repos="dead-mirrorlist"),
    "gone": HostOptions(repos="404"),
}
HOSTS = {**DEAD, "replaced": HostOptions(docker="distro")}
BASE = "/etc/yum.repos.d/CentOS-Base.repo"
COMPANY = "/etc/yum.repos.d/company.repo"
COMPANY_TEXT = """# ours; tabs and  spaces stay
[company]
name = Company
baseurl={url}/os/x86_64/
gpgcheck=0
enabled =1

[company-testing]
name=Not used
mirrorlist=http://mirrorlist.centos.org/?release=7&arch=x86_64&repo=os
enabled=0
"""


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    lab = make_lab(HOSTS)
    for name in HOSTS:
        url = lab.services.variables()["lab_repo_url"]
        lab[name].write(COMPANY, COMPANY_TEXT.format(url=url))
    host = lab["replaced"]
    host.write("/etc/docker/daemon.json", f'{{"registry-mirrors": ["{lab.services.registry}"]}}')
    host.check("systemctl restart docker && docker run --name kept hello-world")
    host.check("docker volume create kept && echo data >/var/lib/docker/volumes/kept/_data/file")
    return lab


@pytest.fixture(scope="module")
def files(lab: Lab) -> dict[str, str]:
    """The repository files before the first run, with their times."""
    return {name: _files(lab, name) for name in HOSTS}


def _files(lab: Lab, host: str, files: str = f"{BASE} {COMPANY}") -> str:
    return lab[host].check(f"cat {files}; stat -c '%n %i %Y %Z %a' {files}")


@pytest.fixture(scope="module")
def first(lab: Lab, files: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    assert files
    return Provision(tmp_path_factory.mktemp("home"))(lab)


@pytest.mark.parametrize("host", DEAD)
def test_dead_repositories_are_repaired_before_docker_is_installed(
    lab: Lab, first: Run, host: str
) -> None:
    changed = first.changed(host)
    assert changed.index(REPAIRED) < changed.index(INSTALLED)
    text = lab[host].check(f"cat {BASE}")
    assert "\nmirrorlist" not in text
    assert str(lab.services.variables()["lab_repo_url"]) in text
    assert lab[host].run("yum -q makecache").returncode == 0


def test_repositories_that_answer_are_not_changed(
    lab: Lab, files: dict[str, str], first: Run
) -> None:
    assert REPAIRED not in first.changed("replaced")
    assert _files(lab, "replaced") == files["replaced"]


@pytest.mark.parametrize("host", DEAD)
def test_own_repository_files_are_not_changed(lab: Lab, first: Run, host: str) -> None:
    url = lab.services.variables()["lab_repo_url"]
    assert first.exit == 0
    assert lab[host].check(f"cat {COMPANY}") == COMPANY_TEXT.format(url=url)


def test_the_distro_edition_is_replaced_by_ce(lab: Lab, first: Run) -> None:
    changed = first.changed("replaced")
    assert changed.index(REMOVED) < changed.index(INSTALLED)
    assert lab["replaced"].run("rpm -q docker docker-client docker-common").stdout.count("not") == 3
    lab["replaced"].check("rpm -q docker-ce-26.1.4")


def test_images_containers_and_volumes_survive_the_change_of_edition(lab: Lab, first: Run) -> None:
    assert first.exit == 0
    host = lab["replaced"]
    assert host.check("docker ps -a --format '{{.Names}}'") == "kept\n"
    assert host.check("cat /var/lib/docker/volumes/kept/_data/file") == "data\n"
    assert "Hello from Docker!" in host.check("docker logs kept")


def test_a_second_run_has_nothing_to_repair(lab: Lab, first: Run, provision: Provision) -> None:
    assert first.exit == 0
    second = provision(lab)
    assert {host: second.changed(host) for host in HOSTS} == {host: [] for host in HOSTS}
