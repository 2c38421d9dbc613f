"""docker_container_exec, with a fake docker command."""

from __future__ import annotations

import pytest

from tests.modules.conftest import Host


def test_a_command_in_a_container_returns_its_output_and_status(host: Host) -> None:
    host.fake("docker", 'cat; echo "$Q"; echo oops >&2; exit 3')
    asked = {
        "container": "web",
        "argv": ["a b", "$x"],
        "stdin": "in",
        "env": {"Q": "s3\ncr3t"},
        "user": "u",
    }
    report = host.run("docker_container_exec", **asked)
    assert (report.get("rc"), report.get("stderr")) == ("3", "oops\n")
    assert report.get("stdout") == "in\ns3\ncr3t\n"
    assert report.failed is None
    assert host.calls() == ["docker exec --env=Q --user=u --interactive web a b $x"]


@pytest.mark.parametrize(
    ("help_", "words"),
    [
        ("--workdir string", "exec --workdir=/d web true"),
        ("--user string", 'exec web /bin/sh -c cd "$0" && exec "$@" /d true'),
    ],
)
def test_chdir_works_with_and_without_the_option_workdir_of_docker(
    host: Host, help_: str, words: str
) -> None:
    host.fake("docker", f"case $2 in --help) echo '{help_}' ;; esac")
    host.run("docker_container_exec", container="web", command="true", chdir="/d")
    assert host.calls()[-1] == f"docker {words}"


def test_a_command_in_a_missing_container_fails(host: Host) -> None:
    host.fake("docker", "echo 'Error: No such container: web' >&2; exit 1")
    report = host.run("docker_container_exec", container="web", command="true")
    assert report.failed == "there is no container web: start it first"
