"""What all docker modules do: find the daemon, explain its errors, check their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.remote.shell import Report
from tests.modules.conftest import Host

MESSAGE = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?"
NO_DAEMON = f'echo "{MESSAGE}" >&2; exit 1'


CHANGING: list[tuple[str, Mapping[str, Any]]] = [
    ("docker_container", {"name": "web", "image": "a"}),
    ("docker_image", {"name": "a", "source": "pull"}),
    ("docker_network", {"name": "n"}),
    ("docker_volume", {"name": "v"}),
]
INFO: list[tuple[str, Mapping[str, Any]]] = [
    ("docker_container_info", {"name": "web"}),
    ("docker_image_info", {}),
    ("docker_network_info", {"name": "n"}),
    ("docker_volume_info", {"name": "v"}),
    ("docker_host_info", {}),
]


@pytest.mark.parametrize(("module", "arguments"), CHANGING + INFO)
def test_a_look_without_a_daemon_reports_a_change_and_a_run_fails(
    host: Host, module: str, arguments: Mapping[str, Any]
) -> None:
    host.fake("docker", NO_DAEMON)
    look = host.look(module, **arguments)
    assert look.changes
    assert look.failed is None
    failed = host.run(module, **arguments).failed or ""
    assert "the Docker daemon can't be reached" in failed
    assert "Is it running" in failed


@pytest.mark.parametrize(("module", "arguments"), CHANGING + INFO)
def test_a_look_without_docker_reports_a_change_and_a_run_fails(
    host: Host, module: str, arguments: Mapping[str, Any]
) -> None:
    given = {**arguments, "docker_cli": "docker-that-is-not-here"}
    assert host.look(module, **given).changes
    assert "is not installed" in (host.run(module, **given).failed or "")


def test_a_daemon_that_does_not_answer_within_the_timeout_is_a_failure(host: Host) -> None:
    host.fake("timeout", "exit 124")
    report = host.run("docker_volume", name="v", timeout=7)
    assert "gave no answer within 7 s" in (report.failed or "")


ERRORS = [
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
    ("http: server gave HTTP response to HTTPS client", "does not use TLS"),
    ("write /var/lib/docker/x: no space left on device", "the disk is full"),
    ("no matching manifest for linux/amd64 in the manifest list", "this host's platform"),
    ("unknown flag: --platform", "has no such option"),
    ("something new", "something new"),
]


@pytest.mark.parametrize(("error", "meaning"), ERRORS, ids=[meaning for _, meaning in ERRORS])
def test_errors_of_docker_are_explained(host: Host, error: str, meaning: str) -> None:
    script = f"""case $1 in pull) echo 'Error response from daemon: {error}' >&2; exit 1 ;; esac
    echo '[]'; echo 'Error: No such image: a' >&2; exit 1"""
    host.fake("docker", script)
    failed = host.run("docker_image", name="a:1", source="pull").failed or ""
    assert meaning in failed
    assert error in failed


@pytest.mark.parametrize(
    ("module", "arguments", "message"),
    [
        ("docker_image", {"name": "a", "source": "build"}, "needs build"),
        ("docker_image", {"name": "sha256:" + "0" * 64, "source": "pull"}, "an image's id"),
        ("docker_login", {"username": "me"}, "password"),
        ("docker_container_exec", {"container": "c"}, "either argv or command"),
        ("docker_compose_v2", {}, "either project_src or definition"),
        ("docker_compose_v2", {"definition": {}}, "project_name"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(
    module: str, arguments: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArguments, match=message):
        find_module(f"community.docker.{module}").from_arguments(arguments)


def test_a_report_without_an_answer_of_docker_leads_to_no_program() -> None:
    for module in ("docker_container", "docker_network", "docker_volume", "docker_image"):
        assert find_module(module).from_arguments({"name": "x"}).edit(Report()) is None


def test_options_for_another_daemon_precede_the_command(host: Host) -> None:
    host.fake("docker", "echo '[]'")
    host.run(
        "docker_volume_info", name="v", docker_url="tcp://h:2376", tls_verify=True, ca_cert="/c"
    )
    assert host.calls() == [
        "docker --host tcp://h:2376 --tlscacert /c --tlsverify volume inspect v"
    ]
