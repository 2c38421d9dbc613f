"""docker_container's program, with a fake docker command in place of Docker 1.13 and 26."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.modules.conftest import Host, listing

CONTAINER = """[{"Id": "c0ffee", "Name": "/web", "Image": "sha256:1", "State": {"Running": %s,
"ExitCode": %d}, "Config": {"Image": "app:1", "Env": ["A=b"]}, "HostConfig": {"Memory": 0}}]"""

DOCKER = r"""
root=ROOT
here() { [ -e "$root/made" ]; }
case "$*" in
    'inspect --type container'*) set -- inspect web ;;
esac
case $1 in
    inspect)
        if here; then cat "$root/$(cat "$root/made").json"; else echo '[]'; fi
        here || { echo "Error: No such object: $2" >&2; exit 1; } ;;
    create) cat >"$root/stdin"; echo "ML is $ML" >"$root/environment"; echo stopped >"$root/made" ;;
    start) echo "${STARTS:-running}" >"$root/made" ;;
    stop | kill) echo stopped >"$root/made" ;;
    rm) rm "$root/made" ;;
    pull) ;;
    logs) echo 'it said why' ;;
    *) echo "unknown: $*" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def docker(host: Host) -> Host:
    """A host whose docker knows one container, `web`."""
    for name, values in {
        "running": ("true", 0),
        "stopped": ("false", 0),
        "died": ("false", 3),
    }.items():
        (host.root / f"{name}.json").write_text(CONTAINER % values)
    host.fake("docker", DOCKER.replace("ROOT", str(host.root)))
    return host


WEB: Mapping[str, Any] = {
    "name": "web",
    "image": "app:1",
    "env": {"A": "b", "SECRET": 's3cr3t "x" $y \'z', "ML": "one\ntwo"},
    "comparisons": {"*": "ignore"},
}
STARTED = ("pull image app:1", "create container web", "start container web")


def test_a_container_is_created_and_started_once(docker: Host) -> None:
    before = listing(docker.root)
    assert docker.look("docker_container", **WEB).changes == STARTED
    assert listing(docker.root) == before
    assert docker.run("docker_container", **WEB).changes == STARTED
    assert docker.run("docker_container", **WEB).changes == ()
    assert docker.look("docker_container", **WEB).changes == ()


def test_a_look_asks_docker_once(docker: Host) -> None:
    docker.look("docker_container", **WEB)
    assert docker.calls() == ["docker inspect web app:1 web.provision-new web.provision-old"]


def test_the_environment_reaches_docker_on_stdin_and_never_in_argv(docker: Host) -> None:
    docker.run("docker_container", **WEB)
    assert "s3cr3t" not in "".join(docker.calls())
    assert (docker.root / "stdin").read_text() == 'A=b\nSECRET=s3cr3t "x" $y \'z\n'
    assert (docker.root / "environment").read_text() == "ML is one\ntwo\n"


def test_the_container_is_returned(docker: Host) -> None:
    report = docker.run("docker_container", **WEB)
    values = docker.values("docker_container", report, **WEB)
    assert values["container"]["State"]["Running"] is True


def test_a_container_is_stopped_and_removed(docker: Host) -> None:
    docker.run("docker_container", **WEB)
    stop = {"name": "web", "state": "stopped"}
    assert docker.run("docker_container", **stop).changes == ("stop container web",)
    assert docker.run("docker_container", **stop).changes == ()
    absent = {"name": "web", "state": "absent"}
    assert docker.look("docker_container", **absent).changes == ("remove container web",)
    report = docker.run("docker_container", **absent)
    assert report.changes == ("remove container web",)
    assert docker.values("docker_container", report, **absent) == {"container": {}}
    assert docker.run("docker_container", **absent).changes == ()


def test_a_container_that_ends_at_once_fails_with_its_output(docker: Host) -> None:
    docker.environment["STARTS"] = "died"
    report = docker.run("docker_container", **WEB)
    assert "ended right after its start" in (report.failed or "")
    assert report.get("stdout") == "it said why\n"


def test_a_container_that_docker_does_not_remove_is_a_failure(docker: Host) -> None:
    docker.environment["STARTS"] = "died"
    docker.fake("docker", DOCKER.replace("ROOT", str(docker.root)).replace("rm) rm", "rm) : rm"))
    docker.run("docker_container", **WEB)
    report = docker.run("docker_container", name="web", state="absent")
    assert report.failed == "web still exists after it was removed"
