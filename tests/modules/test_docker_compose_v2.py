"""docker_compose_v2 and docker_compose, with a fake docker command."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provisioner.modules.docker_compose_v2 import events
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing

COMPOSE = r"""
root=ROOT
says() {
    case "$*" in *--dry-run*) line="DRY-RUN MODE -  $line" ;; esac
    echo " $line" >&2
}
case "$*" in
    *' ps '*) [ ! -e "$root/up" ] || echo '{"Name":"p-web-1","State":"running"}' ;;
    *' images '*) echo '[{"ID":"sha256:1"}]' ;;
    *' up '*)
        line='Container p-web-1  Running'
        [ -e "$root/up" ] || line='Container p-web-1  Creating'
        case "$*" in *--dry-run* | *--no-start*) ;; *) touch "$root/up" ;; esac
        says "$@" ;;
    *' stop'*) rm "$root/up" ;;
    *' down'*)
        line='Warning: No resource found to remove'
        [ ! -e "$root/up" ] || line='Container p-web-1  Removing'
        case "$*" in *--dry-run*) ;; *) rm -f "$root/up" ;; esac
        says "$@" ;;
    *) exit 1 ;;
esac
"""


@pytest.fixture
def project(host: Host) -> dict[str, Any]:
    """A host with docker compose and a project."""
    host.fake("docker", COMPOSE.replace("ROOT", str(host.root)))
    (host.root / "p").mkdir()
    (host.root / "p/compose.yml").write_text("services: {}\n")
    return {"project_src": str(host.root / "p")}


def test_a_compose_project_is_brought_up_once(host: Host, project: dict[str, Any]) -> None:
    before = listing(host.root)
    assert host.look("docker_compose_v2", **project).changes == ("bring up p",)
    assert listing(host.root) == before
    report = host.run("docker_compose_v2", **project)
    assert report.changes == ("bring up p",)
    values = host.values("docker_compose_v2", report, **project)
    assert values["containers"] == [{"Name": "p-web-1", "State": "running"}]
    assert values["images"] == [{"ID": "sha256:1"}]
    assert values["actions"][0]["status"] == "Creating"
    assert host.run("docker_compose_v2", **project).changes == ()
    assert host.look("docker_compose_v2", **project).changes == ()


OLDER: list[tuple[dict[str, Any], str]] = [
    ({}, "bring up p"),
    ({"stopped": True}, "stop p"),
    ({"state": "absent", "remove_volumes": True}, "take down p"),
]


@pytest.mark.parametrize(("arguments", "what"), OLDER)
def test_docker_compose_runs_the_compose_plugin(
    host: Host, project: dict[str, Any], arguments: dict[str, Any], what: str
) -> None:
    if arguments:
        (host.root / "up").touch()
    asked = {**project, **arguments, "recreate": "smart", "env_file": "e.env", "timeout": 9}
    assert host.look("docker_compose", **asked).changes == (what,)
    report = host.run("docker_compose", **asked)
    assert report.changes == (what,)
    calls = [call for call in host.calls() if "--dry-run" not in call]
    assert any(
        f"--env-file={host.root}/p/e.env" in call and "--timeout=9" in call for call in calls
    )


def test_docker_compose_returns_its_services(host: Host, project: dict[str, Any]) -> None:
    values = host.returned("docker_compose", **project)
    assert host.run("docker_compose", **project).changes == ()
    assert next(iter(values["services"].values()))["p-web-1"]["state"]["running"] is True
    with pytest.raises(InvalidArguments, match="can't be used together"):
        host.look("docker_compose", **project, stopped=True, restarted=True)


@pytest.mark.parametrize(("state", "what"), [("absent", "take down p"), ("stopped", "stop p")])
def test_a_compose_project_is_stopped_or_removed_once(
    host: Host, project: dict[str, Any], state: str, what: str
) -> None:
    host.run("docker_compose_v2", **project)
    assert host.look("docker_compose_v2", state=state, **project).changes == (what,)
    assert host.run("docker_compose_v2", state=state, **project).changes == (what,)
    if state == "absent":
        assert host.run("docker_compose_v2", state=state, **project).changes == ()


def test_a_missing_compose_project_fails_a_run_but_not_a_look(host: Host) -> None:
    host.fake("docker", "exit 1")
    asked = {"project_src": str(host.root / "none")}
    assert host.look("docker_compose_v2", **asked).changes
    assert "no directory" in (host.run("docker_compose_v2", **asked).failed or "")


def test_a_missing_compose_plugin_is_a_failure_that_says_so(
    host: Host, project: dict[str, Any]
) -> None:
    host.fake("docker", "echo \"docker: 'compose' is not a docker command.\" >&2; exit 1")
    failed = host.run("docker_compose_v2", **project).failed or ""
    assert "docker compose is not installed" in failed


def test_a_compose_definition_is_passed_on_stdin(host: Host) -> None:
    host.fake("docker", f"case \"$*\" in *' up '*) cat >{host.root}/stdin ;; esac")
    definition = {"services": {"web": {"environment": {"S": "s3cr3t"}}}}
    host.run("docker_compose_v2", project_name="p", definition=definition)
    assert json.loads((host.root / "stdin").read_text()) == definition
    assert "s3cr3t" not in "".join(host.calls())


def test_messages_of_compose_become_actions() -> None:
    text = " Container p-web-1  Running\n DRY-RUN MODE -  Container p-db-1  Creating\n"
    assert [*events(text)] == [{"what": "container", "id": "p-db-1", "status": "Creating"}]
