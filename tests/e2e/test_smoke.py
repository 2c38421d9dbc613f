"""If Docker does not work in the end, the run names the cause: daemon, pull or container.

It shows the daemon's last messages, and the next run repairs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.e2e.conftest import MakeLab
from tests.e2e.inventories import inventory_of
from tests.e2e.runs import Provision, Run
from tests.lab import HostOptions, Lab

pytestmark = pytest.mark.lab

SMOKE = "The smoke test failed"
NOWHERE = ["http://127.0.0.1:9"]
"""A registry mirror that refuses connections; the lab can't reach Docker's own registry."""


@dataclass(frozen=True)
class Fault:
    """A fault of a host, the task that finds it, and its message."""

    task: str
    texts: tuple[str, ...]
    variables: Mapping[str, Any] = field(default_factory=dict)
    spoil: str = ""
    mend: str = ""


FAULTS = {
    "no-registry": Fault(
        SMOKE,
        (
            "The Docker daemon runs, but the image hello-world could not be pulled.",
            "The registry can not be reached",
            "dockerd",
        ),
        {"docker_registry_mirrors": NOWHERE},
    ),
    "no-image": Fault(
        SMOKE,
        (
            "The Docker daemon runs, but the image lab/no-such-image could not be pulled.",
            "lab/no-such-image",
            "dockerd",
        ),
        {"docker_smoke_image": "lab/no-such-image"},
    ),
    "no-container": Fault(
        SMOKE,
        ("The image lab/empty is there, but its container did not run.", "dockerd"),
        {"docker_smoke_image": "lab/empty"},
        "tar --create --files-from /dev/null | docker import - lab/empty",
    ),
    "no-daemon": Fault(
        "Restart Docker",
        ("restart docker.service", "no-such-driver", "dockerd"),
        {"docker_daemon_extra": {"storage-driver": "no-such-driver"}},
    ),
    "wedged": Fault(
        SMOKE,
        ("The Docker daemon does not answer.", "took longer than 5 s", "dockerd"),
        {"docker_smoke_timeout": 5, "docker_registry_mirrors": []},
        # The configuration is complete, so the daemon is not restarted; then it is suspended.
        "kill -STOP $(systemctl show -p MainPID docker | cut -d= -f2)",
        "kill -CONT $(systemctl show -p MainPID docker | cut -d= -f2)",
    ),
}


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab({name: HostOptions(docker="ce") for name in FAULTS})


@pytest.fixture(scope="module")
def failed(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that finds a fault on every host."""
    home = tmp_path_factory.mktemp("home")
    hosts = {name: fault.variables for name, fault in FAULTS.items()}
    Provision(home)(lab, "--limit", "wedged", docker_smoke_image="", **FAULTS["wedged"].variables)
    for name, fault in FAULTS.items():
        lab[name].check(fault.spoil or ":")
    return Provision(home)(inventory_of(lab, home, hosts), expect=2)


@pytest.mark.parametrize("host", FAULTS)
def test_the_cause_is_reported_with_the_last_lines_of_the_journal(failed: Run, host: str) -> None:
    fault, failure = FAULTS[host], failed.failure(host)
    assert failed.status(host) == "failed"
    assert failure["task"] == fault.task
    assert [text for text in fault.texts if text not in failure["message"]] == []


@pytest.mark.parametrize("host", FAULTS)
def test_the_next_run_without_the_fault_converges(
    lab: Lab, failed: Run, provision: Provision, host: str
) -> None:
    assert failed.exit == 2
    lab[host].check(FAULTS[host].mend or ":")
    run = provision(lab, "--limit", host)
    assert run.task(host, "Smoke test: docker run hello-world")["outcome"] == "ok"


VALIDATOR = """#!/bin/sh
# As dockerd does from 23.0 on; the lab's is 20.10, which knows no --validate.
case $* in
--help) echo '      --validate   Validate daemon configuration and exit' ;;
--validate\\ --config-file\\ *)
    if grep -q no-such-key "$3"; then
        echo "unable to configure the Docker daemon with file $3: the following directives" \\
            "don't match any configuration option: no-such-key" >&2
        exit 1
    fi
    echo 'configuration OK' ;;
*) exec /usr/bin/dockerd "$@" ;;
esac
"""


def test_a_daemon_json_that_dockerd_refuses_does_not_replace_the_old_one(
    lab: Lab, failed: Run, provision: Provision
) -> None:
    assert failed.exit == 2
    host = lab["no-image"]
    provision(lab, "--limit", "no-image")
    look = "cat /etc/docker/daemon.json; stat -c '%a %U %i %Z' /etc/docker/*; ls -A /etc/docker"
    old = host.check(look)
    host.write("/sbin/dockerd", VALIDATOR, "0755")
    run = provision(lab, "--limit", "no-image", expect=2, docker_daemon_extra={"no-such-key": True})
    failure = run.failure("no-image")
    assert failure["task"] == "daemon.json is right"
    assert "no-such-key" in failure["message"] + (failure.get("stderr") or "")
    assert run.changed("no-image") == []
    assert host.check(look) == old
    host.check("rm /sbin/dockerd && systemctl is-active docker")
