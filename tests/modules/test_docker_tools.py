"""docker_login, compose, exec, prune and the info modules, with a pretended docker command."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing


def test_login_gives_the_password_on_stdin_and_is_done_once(host: Host) -> None:
    config = host.root / "home/.docker/config.json"
    host.fake(
        "docker",
        f"""IFS= read -r password || :
        auth=$(printf 'me:%s' "$password" | base64)
        mkdir -p {config.parent}
        printf '{{"auths": {{"reg:5000": {{"auth": "%s"}}}}}}' "$auth" >{config}""",
    )
    asked = {
        "registry_url": "https://reg:5000/",
        "username": "me",
        "password": "s3cr3t",
        "config_path": str(config),
    }
    assert host.look("docker_login", **asked).changes == ("log in to reg:5000 as me",)
    assert not config.exists()
    report = host.run("docker_login", **asked)
    assert report.changes == ("log in to reg:5000 as me",)
    (call,) = host.calls()
    assert "s3cr3t" not in call
    assert call.endswith("login --username me --password-stdin reg:5000")
    assert host.run("docker_login", **asked).changes == ()
    assert host.run("docker_login", **{**asked, "password": "new"}).changes


def test_login_writes_the_settings_where_docker_takes_no_password_on_stdin(host: Host) -> None:
    config = host.root / "config.json"
    config.write_text('{"auths": {"other": {"auth": "eA=="}}, "psFormat": "x"}')
    host.fake("docker", "echo 'unknown flag: --password-stdin' >&2; exit 125")
    asked = {"username": "me", "password": "s3cr3t", "config_path": str(config)}
    assert host.run("docker_login", **asked).changes
    found = json.loads(config.read_text())
    hub = found["auths"]["https://index.docker.io/v1/"]
    assert base64.b64decode(hub["auth"]) == b"me:s3cr3t"
    assert found["auths"]["other"] == {"auth": "eA=="}
    assert found["psFormat"] == "x"
    assert config.stat().st_mode & 0o777 == 0o600
    assert host.run("docker_login", **asked).changes == ()


def test_a_wrong_password_is_the_registrys_refusal(host: Host) -> None:
    host.fake("docker", "echo 'Error: unauthorized: incorrect username or password' >&2; exit 1")
    asked = {"username": "me", "password": "x", "config_path": str(host.root / "config.json")}
    failed = host.run("docker_login", **asked).failed or ""
    assert failed.startswith("log in to https://index.docker.io/v1/ as me: the registry refuses")


def test_logging_out_is_done_once(host: Host) -> None:
    config = host.root / "config.json"
    config.write_text('{"auths": {"reg": {"auth": "eA=="}}}')
    host.fake("docker", f"echo '{{}}' >{config}")
    asked = {"registry": "reg", "state": "absent", "config_path": str(config)}
    assert host.run("docker_login", **asked).changes == ("log out of reg",)
    assert host.run("docker_login", **asked).changes == ()


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
def test_the_older_compose_module_is_carried_out_by_the_plugin(
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


def test_the_older_compose_module_returns_its_services(host: Host, project: dict[str, Any]) -> None:
    values = host.returned("docker_compose", **project)
    assert host.run("docker_compose", **project).changes == ()
    assert next(iter(values["services"].values()))["p-web-1"]["state"]["running"] is True
    with pytest.raises(InvalidArguments, match="exclude each other"):
        host.look("docker_compose", **project, stopped=True, restarted=True)


@pytest.mark.parametrize(("state", "what"), [("absent", "take down p"), ("stopped", "stop p")])
def test_a_compose_project_is_ended_once(
    host: Host, project: dict[str, Any], state: str, what: str
) -> None:
    host.run("docker_compose_v2", **project)
    assert host.look("docker_compose_v2", state=state, **project).changes == (what,)
    assert host.run("docker_compose_v2", state=state, **project).changes == (what,)
    if state == "absent":
        assert host.run("docker_compose_v2", state=state, **project).changes == ()


def test_a_compose_project_that_is_not_there_yet_fails_only_a_run(host: Host) -> None:
    host.fake("docker", "exit 1")
    asked = {"project_src": str(host.root / "none")}
    assert host.look("docker_compose_v2", **asked).changes
    assert "no directory" in (host.run("docker_compose_v2", **asked).failed or "")


def test_compose_is_named_where_it_is_missing(host: Host, project: dict[str, Any]) -> None:
    host.fake("docker", "echo \"docker: 'compose' is not a docker command.\" >&2; exit 1")
    failed = host.run("docker_compose_v2", **project).failed or ""
    assert "docker compose is not installed" in failed


def test_a_compose_definition_travels_on_stdin(host: Host) -> None:
    host.fake("docker", f"case \"$*\" in *' up '*) cat >{host.root}/stdin ;; esac")
    definition = {"services": {"web": {"environment": {"S": "s3cr3t"}}}}
    host.run("docker_compose_v2", project_name="p", definition=definition)
    assert json.loads((host.root / "stdin").read_text()) == definition
    assert "s3cr3t" not in "".join(host.calls())


def test_a_command_in_a_container_gives_its_output_and_status(host: Host) -> None:
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
def test_a_directory_works_with_and_without_dockers_own_option(
    host: Host, help_: str, words: str
) -> None:
    host.fake("docker", f"case $2 in --help) echo '{help_}' ;; esac")
    host.run("docker_container_exec", container="web", command="true", chdir="/d")
    assert host.calls()[-1] == f"docker {words}"


def test_a_command_in_a_container_that_is_not_there_fails(host: Host) -> None:
    host.fake("docker", "echo 'Error: No such container: web' >&2; exit 1")
    report = host.run("docker_container_exec", container="web", command="true")
    assert report.failed == "there is no container web: start it first"


PRUNED = """case "$*" in
    'container prune'*) printf 'Deleted Containers:\\nabc\\n\\nTotal reclaimed space: 1.5 kB\\n' ;;
    'image prune'*) echo 'Total reclaimed space: 0 B' ;;
esac"""


def test_pruning_tells_what_is_gone(host: Host) -> None:
    host.fake("docker", PRUNED)
    asked = {
        "containers": True,
        "containers_filters": {"label": ["a", "b=c"]},
        "images": True,
        "images_filters": {"dangling": False},
        "networks": True,
    }
    report = host.run("docker_prune", **asked)
    assert report.changes == ("prune containers",)
    assert host.calls() == [
        "docker container prune --force --filter=label=a --filter=label=b=c",
        "docker image prune --force --all",
        "docker network prune --force",
    ]
    assert host.values("docker_prune", report, **asked) == {
        "containers": ["abc"],
        "containers_space_reclaimed": 1500,
        "images": [],
        "images_space_reclaimed": 0,
        "networks": [],
    }


def test_host_info_gives_lists_in_ansibles_keys(host: Host) -> None:
    host.fake(
        "docker",
        """case $1 in
        info) echo '{"ServerVersion": "1.13.1"}' ;;
        ps) echo '{"ID": "1", "Names": "web", "CreatedAt": "now"}' ;;
        system) printf 'TYPE  TOTAL  ACTIVE  SIZE\\nImages  2  1  1.2GB  3B (1%%)\\n' ;;
        esac""",
    )
    asked = {"containers": True, "containers_filters": {"name": "web"}, "disk_usage": True}
    report = host.run("docker_host_info", **asked)
    values = host.values("docker_host_info", report, **asked)
    assert values["can_talk_to_docker"] is True
    assert values["host_info"] == {"ServerVersion": "1.13.1"}
    assert values["containers"][0]["Names"] == "web"
    assert values["disk_usage"]["LayersSize"] == 1_200_000_000


def test_all_images_are_looked_at_where_none_is_named(host: Host) -> None:
    image = '[{"Id": "sha256:1", "RepoTags": ["a:1"]}]'
    host.fake("docker", f"case $1 in image) echo sha256:1 ;; *) echo '{image}' ;; esac")
    report = host.run("docker_image_info")
    assert [i["Id"] for i in host.values("docker_image_info", report)["images"]] == ["sha256:1"]


def test_what_is_not_there_is_told_so(host: Host) -> None:
    host.fake(
        "docker", "echo '[]'; echo 'Error response from daemon: network n not found' >&2; exit 1"
    )
    report = host.run("docker_network_info", name="n")
    assert host.values("docker_network_info", report, name="n") == {
        "exists": False,
        "network": None,
    }


def test_options_for_another_daemon_stand_before_the_command(host: Host) -> None:
    host.fake("docker", "echo '[]'")
    host.run(
        "docker_volume_info", name="v", docker_url="tcp://h:2376", tls_verify=True, ca_cert="/c"
    )
    assert host.calls() == [
        "docker --host tcp://h:2376 --tlscacert /c --tlsverify volume inspect v"
    ]
