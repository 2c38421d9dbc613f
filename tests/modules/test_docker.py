"""The Docker modules' programs, with a pretended docker command in place of 1.13's and 26's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.remote.shell import Report
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

DAEMON = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?"
DOWN = f'echo "{DAEMON}" >&2; exit 1'


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
    assert docker.calls() == ["docker inspect web app:1"]


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


def test_a_container_that_docker_does_not_start_is_a_failure(docker: Host) -> None:
    docker.environment["STARTS"] = "died"
    docker.fake("docker", DOCKER.replace("ROOT", str(docker.root)).replace("rm) rm", "rm) : rm"))
    docker.run("docker_container", **WEB)
    report = docker.run("docker_container", name="web", state="absent")
    assert report.failed == "web is still there after it was removed"


CHANGING: list[tuple[str, Mapping[str, Any]]] = [
    ("docker_container", {"name": "web", "image": "a"}),
    ("docker_image", {"name": "a", "source": "pull"}),
    ("docker_network", {"name": "n"}),
    ("docker_volume", {"name": "v"}),
]
ASKING: list[tuple[str, Mapping[str, Any]]] = [
    ("docker_container_info", {"name": "web"}),
    ("docker_image_info", {}),
    ("docker_network_info", {"name": "n"}),
    ("docker_volume_info", {"name": "v"}),
    ("docker_host_info", {}),
]


@pytest.mark.parametrize(("module", "arguments"), CHANGING + ASKING)
def test_without_a_daemon_a_look_would_change_and_a_run_fails(
    host: Host, module: str, arguments: Mapping[str, Any]
) -> None:
    host.fake("docker", DOWN)
    look = host.look(module, **arguments)
    assert look.changes
    assert look.failed is None
    failed = host.run(module, **arguments).failed or ""
    assert "the Docker daemon can't be reached" in failed
    assert "Is it running" in failed


@pytest.mark.parametrize(("module", "arguments"), CHANGING + ASKING)
def test_without_docker_a_look_would_change_and_a_run_says_install_it(
    host: Host, module: str, arguments: Mapping[str, Any]
) -> None:
    given = {**arguments, "docker_cli": "docker-that-is-not-here"}
    assert host.look(module, **given).changes
    assert "is not installed" in (host.run(module, **given).failed or "")


def test_a_daemon_that_hangs_is_a_failure_in_time(host: Host) -> None:
    host.fake("timeout", "exit 124")
    report = host.run("docker_volume", name="v", timeout=7)
    assert "gave no answer within 7 s" in (report.failed or "")


FAILURES = [
    ("permission denied while trying to connect to the Docker daemon socket", "may not talk"),
    ("toomanyrequests: You have reached your pull rate limit.", "pull limit is reached"),
    ("manifest unknown: OCI index found, but accept header does not", "too old for the image"),
    ("missing signature key", "too old for the image"),
    ("manifest for a:1 not found: manifest unknown", "no such image"),
    ("pull access denied for a, repository does not exist", "no such image"),
    ("repository docker.io/a not found: does not exist or no pull access", "no such image"),
    ("Get https://r/v2/: dial tcp: lookup r: no such host", "can't be reached"),
    ("net/http: TLS handshake timeout", "can't be reached"),
    ("unauthorized: authentication required", "refuses the login"),
    ("x509: certificate signed by unknown authority", "certificate is not trusted"),
    ("http: server gave HTTP response to HTTPS client", "speaks no TLS"),
    ("write /var/lib/docker/x: no space left on device", "the disk is full"),
    ("no matching manifest for linux/amd64 in the manifest list", "this host's platform"),
    ("unknown flag: --platform", "has no such option"),
    ("something new", "something new"),
]


@pytest.mark.parametrize(("said", "why"), FAILURES, ids=[why for _, why in FAILURES])
def test_failures_say_what_was_the_problem(host: Host, said: str, why: str) -> None:
    script = f"""case $1 in pull) echo 'Error response from daemon: {said}' >&2; exit 1 ;; esac
    echo '[]'; echo 'Error: No such image: a' >&2; exit 1"""
    host.fake("docker", script)
    failed = host.run("docker_image", name="a:1", source="pull").failed or ""
    assert why in failed
    assert said in failed


IMAGE = '[{"Id": "sha256:%s", "RepoTags": ["%s"], "RootFS": {}}]'


@pytest.mark.parametrize(
    ("status", "changed"),
    [("Image is up to date for a:1", False), ("Downloaded newer image", True)],
)
def test_pulling_again_is_a_change_only_if_something_came(
    host: Host, status: str, changed: bool
) -> None:
    host.fake(
        "docker",
        f"case $1 in pull) echo 'Status: {status}' ;; *) echo '{IMAGE % (1, 'a:1')}' ;; esac",
    )
    asked = {"name": "a:1", "source": "pull", "force_source": True}
    assert host.look("docker_image", **asked).changes == ("pull image a:1",)
    report = host.run("docker_image", **asked)
    assert report.failed is None
    assert bool(report.changes) is changed
    assert host.values("docker_image", report, **asked)["image"]["Id"] == "sha256:1"


def test_an_image_is_present_under_the_names_of_el7s_docker(host: Host) -> None:
    host.fake("docker", f"echo '{IMAGE % (1, 'docker.io/a:latest')}'")
    assert host.run("docker_image", name="a", source="pull").changes == ()


def test_a_local_image_that_is_missing_fails_but_not_in_a_check(host: Host) -> None:
    host.fake("docker", "echo '[]'; echo 'Error: No such image: a' >&2; exit 1")
    assert host.look("docker_image", name="a", source="local").changes
    assert "no image a:latest" in (host.run("docker_image", name="a", source="local").failed or "")


NETWORK: Mapping[str, Any] = {
    "Name": "n",
    "Driver": "bridge",
    "Labels": {"a": "b"},
    "IPAM": {"Config": [{"Subnet": "10.1.0.0/24", "Gateway": "10.1.0.1"}]},
    "Containers": {"a" * 64: {"Name": "web"}},
}
NETWORKS: list[tuple[Mapping[str, Any], tuple[str, ...]]] = [
    ({}, ()),
    ({"ipam_config": [{"subnet": "10.1.0.0/24"}], "labels": {"a": "b"}}, ()),
    ({"ipam_options": {"subnet": "10.1.0.0/24", "gateway": "10.1.0.1"}}, ()),
    ({"connected": ["web"]}, ()),
    ({"connected": ["a" * 12]}, ()),
    ({"connected": ["db"], "appends": True}, ("connect db to network n",)),
    ({"connected": ["db"]}, ("connect db to network n", "disconnect web from network n")),
    (
        {"internal": True},
        (
            "disconnect web from network n",
            "remove network n to make it anew: internal",
            "create network n",
            "connect web to network n",
        ),
    ),
    ({"state": "absent"}, ("remove network n",)),
    (
        {"state": "absent", "force": True},
        ("disconnect web from network n", "remove network n"),
    ),
]


@pytest.mark.parametrize(("asked", "changes"), NETWORKS)
def test_a_network_gets_what_it_lacks(
    host: Host, asked: Mapping[str, Any], changes: tuple[str, ...]
) -> None:
    host.fake("docker", f"echo '{json.dumps([NETWORK])}'")
    assert host.look("docker_network", name="n", **asked).changes == changes


@pytest.mark.parametrize(
    ("module", "wrong", "said"),
    [
        ("docker_image", {"name": "a", "source": "build"}, "needs build"),
        ("docker_image", {"name": "sha256:" + "0" * 64, "source": "pull"}, "an image's id"),
        ("docker_login", {"username": "me"}, "password"),
        ("docker_container_exec", {"container": "c"}, "one of argv and command"),
        ("docker_compose_v2", {}, "one of project_src and definition"),
        ("docker_compose_v2", {"definition": {}}, "project_name"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    module: str, wrong: Mapping[str, Any], said: str
) -> None:
    with pytest.raises(InvalidArguments, match=said):
        find_module(f"community.docker.{module}").from_arguments(wrong)


def test_a_report_without_an_answer_changes_nothing() -> None:
    for module in ("docker_container", "docker_network", "docker_volume", "docker_image"):
        assert find_module(module).from_arguments({"name": "x"}).edit(Report()) is None
