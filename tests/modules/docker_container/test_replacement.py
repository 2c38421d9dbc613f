"""Replacing a container: what docker refuses leaves the old one, and a later run tidies up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from provisioner.modules.docker_container import DockerContainer
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host

DOCKER = r"""
cd ROOT || exit
case "$*" in
    "${REFUSED:-none}"* | "$REFUSED_TOO") echo "Error response from daemon: refused" >&2; exit 1 ;;
esac
locate() {
    for file in *; do
        [ "$file" = "$1" ] || [ "$(cut -d' ' -f1 "$file")" = "$1" ] || continue
        read -r id status user <"$file"
        return 0
    done
    return 1
}
describe() {
    case $status in running | paused) running=true ;; *) running=false ;; esac
    [ "$status" = paused ] && paused=true || paused=false
    [ "$status" = failed ] && code=3 || code=0
    echo "{\"Id\": \"$id\", \"Name\": \"/$file\", \"Image\": \"sha256:1\", \"State\": {\"Status\":"
    echo "\"$status\", \"Running\": $running, \"Paused\": $paused, \"ExitCode\": $code},"
    echo "\"Config\": {\"User\": \"$user\"},"
    echo "\"HostConfig\": {\"AutoRemove\": ${AUTO_REMOVE:-false}}}"
}
verb=$1
shift
case $verb in
    inspect)
        separator='' missing='' only=''
        while [ "${1#--}" != "$1" ]; do
            case $1 in --type) kind=$2 ;; --format) only=$2 ;; esac
            shift 2
        done
        [ -n "$only" ] || echo '['
        for name in "$@"; do
            if locate "$name"; then
                if [ -z "$only" ]; then echo "$separator"; describe; separator=','
                elif [ "$status" != running ]; then echo "/$file"; fi
            elif [ "$name" != app:1 ]; then missing=$name
            fi
        done
        [ -n "$only" ] || echo ']'
        [ -z "$missing" ] || { echo "Error: No such object: $missing" >&2; exit 1; } ;;
    create)
        for word in "$@"; do case $word in --user=*) user=${word#--user=} ;; esac; done
        echo "new created $user" >"$2"; echo new ;;
    start) locate "$1" && echo "$id ${STARTS:-running} $user" >"$file" ;;
    stop)
        locate "$1" || exit
        echo "$id exited $user" >"$file"
        [ -z "$AUTO_REMOVE" ] || rm "$file" ;;
    pause) locate "$1" && echo "$id paused $user" >"$file" ;;
    unpause) locate "$1" && echo "$id running $user" >"$file" ;;
    rename) locate "$1" && mv "$file" "$2" ;;
    rm) shift $(($# - 1)); locate "$1" && rm "$file" ;;
    logs) echo 'it said why' ;;
    pull) ;;
    *) echo "unknown: $verb $*" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def docker(host: Host) -> Host:
    """A host with the container `web`, which runs as the user `old`."""
    host.fake("docker", DOCKER.replace("ROOT", str(host.root)))
    put(host, {"web": "1 running old"})
    return host


def put(host: Host, containers: Mapping[str, str]) -> None:
    """Create containers: name to id, status and user."""
    for name, text in containers.items():
        (host.root / name).write_text(f"{text}\n")


def containers(host: Host) -> dict[str, str]:
    return {path.name: path.read_text().strip() for path in host.root.iterdir()}


WEB: Mapping[str, Any] = {
    "name": "web",
    "image": "app:1",
    "user": "new",
    "ignore_image": True,
    "pull": "missing",
}
REPLACED = (
    "create a new container web: user",
    "stop container web",
    "start container web",
    "remove the old container web",
)


def test_a_container_that_differs_is_replaced_once(docker: Host) -> None:
    assert docker.look("docker_container", **WEB).changes == ("pull image app:1", *REPLACED)
    assert containers(docker) == {"web": "1 running old"}
    assert docker.run("docker_container", **WEB).changes == ("pull image app:1", *REPLACED)
    assert containers(docker) == {"web": "new running new"}
    assert docker.run("docker_container", **WEB).changes == ()


def test_the_old_container_runs_until_the_new_one_was_created(docker: Host) -> None:
    docker.run("docker_container", **WEB)
    calls = [call.split()[1] for call in docker.calls()]
    order = ["pull", "create", "stop", "rename", "rename", "start", "inspect", "rm"]
    assert calls[1:] == order


BACK = "The old container web is back, and running"
REFUSALS = [
    ("pull", {"user": "new"}, "pull image app:1"),
    ("create", {"user": "new"}, "The old container web is unchanged"),
    ("stop", {"user": "new"}, BACK),
    ("rename 1 web.provision-old", {"user": "new"}, BACK),
    ("rename web.provision-new", {"user": "new"}, BACK),
    ("start web", {"user": "new"}, BACK),
    ("network connect", {"networks": [{"name": "web"}, {"name": "web2"}]}, "unchanged"),
]


@pytest.mark.parametrize(("refused", "asked", "message"), REFUSALS, ids=lambda value: str(value))
def test_the_old_container_is_there_after_any_refusal(
    docker: Host, refused: str, asked: Mapping[str, Any], message: str
) -> None:
    put(docker, {"web2": "2 running x"})
    docker.environment["REFUSED"] = refused
    report = docker.run("docker_container", **{**WEB, **asked, "recreate": True})
    assert message in (report.failed or "")
    assert "refused" in (report.failed or "")
    assert containers(docker) == {"web": "1 running old", "web2": "2 running x"}


def test_a_new_container_that_ends_at_once_gives_its_place_back(docker: Host) -> None:
    docker.fake(
        "docker",
        DOCKER.replace("ROOT", str(docker.root)).replace(
            "start) locate", 'start) [ "$1" = 1 ] || STARTS=failed; locate'
        ),
    )
    report = docker.run("docker_container", **WEB)
    assert "ended right after its start" in (report.failed or "")
    assert BACK in (report.failed or "")
    assert report.get("stdout") == "it said why\n"
    assert containers(docker) == {"web": "1 running old"}


def test_a_paused_container_is_paused_again(docker: Host) -> None:
    put(docker, {"web": "1 paused old"})
    docker.environment["REFUSED"] = "start web"
    assert docker.run("docker_container", **WEB).failed
    assert containers(docker) == {"web": "1 paused old"}


def test_a_stopped_container_stays_stopped_when_the_new_one_is_refused(docker: Host) -> None:
    put(docker, {"web": "1 exited old"})
    docker.environment["REFUSED"] = "start web"
    report = docker.run("docker_container", **WEB)
    assert (report.failed or "").endswith("The old container web is back")
    assert containers(docker) == {"web": "1 exited old"}


def test_the_message_has_the_name_under_which_the_old_container_is_left(docker: Host) -> None:
    docker.environment.update({"REFUSED": "start web", "REFUSED_TOO": "rename 1 web"})
    report = docker.run("docker_container", **WEB)
    assert "is left as web.provision-old: Error response from daemon: refused" in report.get(
        "failed"
    )
    assert containers(docker) == {"web.provision-old": "1 running old"}
    docker.environment.clear()
    assert docker.run("docker_container", **WEB).changes[0].startswith("rename web.provision-old")
    assert containers(docker) == {"web": "new running new"}


def test_a_container_that_removes_itself_is_named_as_lost(docker: Host) -> None:
    docker.environment.update({"AUTO_REMOVE": "true", "REFUSED": "start web"})
    report = docker.run("docker_container", **WEB)
    assert "can't be restored" in (report.failed or "")
    assert containers(docker) == {}


INTERRUPTED = [
    (
        "before the old one was stopped",
        {"web": "1 running old", "web.provision-new": "new created new"},
        "remove web.provision-new, left by an interrupted run",
    ),
    (
        "after the old one was stopped",
        {"web": "1 exited old", "web.provision-new": "new created new"},
        "remove web.provision-new, left by an interrupted run",
    ),
    (
        "between the two names",
        {"web.provision-old": "1 exited old", "web.provision-new": "new created new"},
        "rename web.provision-old back to web, after an interrupted run",
    ),
    (
        "before the new one was started",
        {"web.provision-old": "1 exited old", "web": "new created new"},
        "remove web, which was never started",
    ),
    (
        "before the old one was removed",
        {"web.provision-old": "1 exited old", "web": "new running new"},
        "remove web.provision-old, left by an interrupted run",
    ),
]


@pytest.mark.parametrize(("cut", "found", "change"), INTERRUPTED, ids=lambda value: str(value))
def test_a_run_that_was_interrupted_is_finished_by_the_next_one(
    docker: Host, cut: str, found: Mapping[str, str], change: str
) -> None:
    (docker.root / "web").unlink()
    put(docker, found)
    assert change in docker.look("docker_container", **WEB).changes, cut
    assert containers(docker) == found
    assert change in docker.run("docker_container", **WEB).changes
    assert containers(docker) == {"web": "new running new"}
    assert docker.run("docker_container", **WEB).changes == ()


def test_absent_removes_what_an_interrupted_run_left(docker: Host) -> None:
    put(docker, {"web.provision-old": "2 exited old", "web.provision-new": "3 created new"})
    docker.run("docker_container", name="web", state="absent")
    assert containers(docker) == {}


NEEDS = [
    ({"networks": [{"name": "back"}]}, "needs does not exist: Error: No such object: back"),
    ({"network_mode": "back"}, "needs does not exist: Error: No such object: back"),
    ({"links": ["db:db"]}, "needs does not exist: Error: No such object: db"),
    ({"volumes_from": ["data:ro"]}, "needs does not exist: Error: No such object: data"),
    ({"links": ["idle:db"]}, "needs idle, which is not running"),
    ({"pid_mode": "container:idle"}, "needs idle, which is not running"),
    ({"image": "gone:1", "pull": "never"}, "needs does not exist: Error: No such object: gone:1"),
]


@pytest.mark.parametrize(("asked", "message"), NEEDS)
def test_what_the_new_container_needs_is_looked_for_first(
    docker: Host, asked: Mapping[str, Any], message: str
) -> None:
    put(docker, {"idle": "4 exited x"})
    arguments = {**WEB, "recreate": True, **asked}
    report = docker.run("docker_container", **arguments)
    assert message in (report.failed or "")
    assert "Nothing was changed" in (report.failed or "")
    assert containers(docker) == {"web": "1 running old", "idle": "4 exited x"}
    assert not [call for call in docker.calls() if " inspect " not in call and " pull " not in call]
    look = docker.look("docker_container", **arguments)
    assert (look.failed, look.changes[-1]) == (None, "remove the old container web")


CONTRADICTIONS: list[tuple[Mapping[str, Any], str]] = [
    (
        {"volumes": ["a:/d"], "mounts": [{"source": "b", "target": "/d/"}]},
        "in volumes and in mounts",
    ),
    ({"volumes": ["a:/d", "/d:rw"]}, "twice in volumes"),
    ({"volumes": ["/run"], "tmpfs": ["/run:size=1m"]}, "in volumes and in tmpfs"),
    ({"mounts": [{"target": "/d"}, {"target": "/d"}]}, "twice in mounts"),
    ({"volumes": ["a:/d:rx"]}, "'rx' is not a mode"),
    ({"volumes": ["a:/d:ro:z"]}, "is not a volume"),
    ({"volumes": [":/d"]}, "is not a volume"),
    ({"volumes": ["/anon:ro"]}, "an anonymous volume can't have the mode 'ro'"),
    ({"volumes": ["a b:/d"]}, "neither an absolute path nor the name of a volume"),
    ({"volumes": ["~/a:/d"]}, "write an absolute path"),
    ({"volumes": ["a:d"]}, "'d' is not absolute"),
    ({"volumes": ["a:/"]}, "nothing can be mounted at /"),
    ({"ports": ["70000:80"]}, "neither a port nor a range"),
    ({"ports": ["81-80:80-81"]}, "neither a port nor a range"),
    ({"ports": ["8080-8081:80-83"]}, "has 2 ports of the host for 4 ports"),
    ({"ports": ["8080:80/xyz"]}, "not tcp, udp or sctp"),
    ({"ports": ["localhost:8080:80"]}, "not an IP address"),
    ({"ports": ["8080:80", "127.0.0.1:8080:81"]}, "published twice"),
    ({"memory": "64M", "memory_swap": "32M"}, "can't be less than memory"),
    ({"memory": "64M", "memory_reservation": "128M"}, "can't be more than memory"),
    ({"cpus": 1, "cpu_quota": 50000}, "can't be combined"),
    ({"auto_remove": True, "restart_policy": "always"}, "can't be combined"),
    ({"network_mode": "container:vpn", "ports": [80]}, "can't be combined"),
    ({"network_mode": "host", "links": ["db"]}, "can't be combined"),
    ({"working_dir": "app"}, "not an absolute path"),
]


@pytest.mark.parametrize(("asked", "message"), CONTRADICTIONS)
def test_contradictions_are_refused_before_anything_runs(
    asked: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArguments, match=message):
        DockerContainer.from_arguments({**WEB, **asked})


ACCEPTED: list[Mapping[str, Any]] = [
    {"volumes": ["/anon:rw", "/other", "a:/d:ro,z", "/etc:/host:ro", "./x:/x"]},
    {"ports": ["8080:80", "8080:80/udp", "127.0.0.1:81:81", "127.0.0.2:81:81", "[::1]:82:82"]},
    {"ports": ["8000-8100:80", "7000-7001:90-91"]},
    {"memory": "64M", "memory_swap": -1},
]


@pytest.mark.parametrize("asked", ACCEPTED)
def test_valid_combinations_are_accepted(asked: Mapping[str, Any]) -> None:
    DockerContainer.from_arguments({**WEB, **asked})


def test_an_anonymous_volume_is_created_without_its_mode(docker: Host) -> None:
    docker.run("docker_container", **WEB, volumes=["/anon:rw"])
    (create,) = [call for call in docker.calls() if call.startswith("docker create")]
    assert "--volume=/anon --user" in create or "--volume=/anon app:1" in create
