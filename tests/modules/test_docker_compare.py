"""docker_container's comparison: `docker inspect` of three versions against what is asked for.

`docker_inspect/20.10.json` was recorded on a lab host; the other two are that recording with what
1.13 and 26 are known to write otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules.docker_compose_v2 import events
from provisioner.modules.docker_container import DockerContainer, create, values
from provisioner.modules.docker_container.options import OPTIONS
from provisioner.modules.docker_container.plan import Plan
from provisioner.modules.docker_login import server_of
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.modules.shared.docker.client import SEPARATOR
from provisioner.modules.shared.docker.images import archives
from provisioner.modules.shared.docker.references import full, is_id, same_name
from provisioner.modules.shared.docker.values import bytes_of
from provisioner.remote.shell import Report

FOLDER = Path(__file__).parent / "docker_inspect"
VERSIONS = ("1.13", "20.10", "26")

ASKED: Mapping[str, Any] = {
    "name": "c2",
    "image": "bb:1",
    "command": "sleep 500",
    "env": {"S3CRET": 'a b "c" $x', "N": 7, "T": True, "ML": "x\ny"},
    "ports": ["8080:80", "127.0.0.1:9000-9001:90-91/tcp", "5353:53/udp"],
    "volumes": ["/tmp:/t:ro", "named:/n", "/anon"],
    "memory": "64M",
    "memory_reservation": "32M",
    "memory_swappiness": 0,
    "cpu_shares": 512,
    "cpus": 0.5,
    "cpuset_cpus": "0",
    "restart_policy": "on-failure",
    "restart_retries": 3,
    "labels": {"a": "b c", "t": True},
    "user": "0:0",
    "working_dir": "/tmp",
    "hostname": "hh",
    "capabilities": ["net_admin"],
    "cap_drop": ["MKNOD"],
    "devices": ["/dev/null:/dev/xnull:r"],
    "dns_servers": ["1.1.1.1", "8.8.8.8"],
    "dns_search_domains": ["a.b"],
    "dns_opts": ["ndots:2"],
    "etc_hosts": {"h1": "10.0.0.1"},
    "log_driver": "json-file",
    "log_options": {"max-size": "10m"},
    "ulimits": ["nofile:1024:2048", "nproc:100"],
    "tmpfs": ["/run:size=1m", "/x"],
    "read_only": True,
    "init": False,
    "healthcheck": {"test": ["CMD", "true", "a b"], "interval": "1m30s", "retries": 3},
    "shm_size": "32M",
    "sysctls": {"net.ipv4.ip_forward": 1},
    "stop_timeout": 1,
    "stop_signal": "SIGKILL",
    "exposed_ports": ["7000-7001/udp"],
    "oom_score_adj": 100,
    "pids_limit": 50,
    "security_opts": ["no-new-privileges"],
    "groups": [10],
    "networks": [{"name": "bridge"}],
    "network_mode": "default",
    "interactive": True,
    "tty": True,
    "privileged": False,
    "publish_all_ports": False,
    "uts": "",
}

OTHERWISE: Mapping[str, Any] = {
    "image": "bb:2",
    "command": ["sleep", "501"],
    "env": {"S3CRET": "other"},
    "ports": ["8081:80"],
    "volumes": ["/tmp:/t"],
    "memory_swappiness": 10,
    "cpus": 1,
    "labels": {"a": "c"},
    "user": "0",
    "working_dir": "/",
    "hostname": "h",
    "capabilities": ["NET_RAW"],
    "cap_drop": ["ALL"],
    "devices": ["/dev/null"],
    "dns_servers": ["8.8.8.8", "1.1.1.1"],
    "dns_search_domains": [],
    "dns_opts": ["ndots:3"],
    "entrypoint": ["sleep"],
    "etc_hosts": {"h1": "10.0.0.2"},
    "log_driver": "journald",
    "log_options": {"max-size": "11m"},
    "ulimits": ["nofile:1024"],
    "tmpfs": ["/run"],
    "read_only": False,
    "init": True,
    "healthcheck": {"test": ["NONE"]},
    "shm_size": "33M",
    "sysctls": {"net.ipv4.ip_forward": 0},
    "stop_signal": "SIGTERM",
    "exposed_ports": ["7002"],
    "oom_score_adj": 0,
    "pids_limit": -1,
    "security_opts": ["label=disable"],
    "groups": [11],
    "network_mode": "host",
    "interactive": False,
    "tty": False,
    "privileged": True,
    "publish_all_ports": True,
    "uts": "host",
    "links": ["db:db"],
    "volumes_from": ["data"],
}


def recorded(version: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{version}.json").read_text())
    return found


def steps(version: str, **asked: Any) -> list[str]:
    """What would be done to the recorded container."""
    container, image = recorded(version)
    model = DockerContainer.from_arguments(asked)
    ours = model.image in (None, "bb:1")
    plan = Plan(model, container, image if ours else {**image, "Id": "sha256:0", "RepoTags": []})
    return [step.what for step in plan.steps()]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_container_made_as_asked_is_left_alone(version: str) -> None:
    asked = dict(ASKED)
    if version != "1.13":
        asked["mounts"] = [
            {"target": "/mm", "type": "tmpfs", "tmpfs_size": "1M"},
            {"target": "/mb", "source": "/etc", "type": "bind", "read_only": True},
        ]
    assert steps(version, **asked) == []


@pytest.mark.parametrize("option", OTHERWISE)
@pytest.mark.parametrize("version", VERSIONS)
def test_each_parameter_that_differs_makes_it_anew(version: str, option: str) -> None:
    found = steps(version, **{**ASKED, option: OTHERWISE[option]})
    name = {"ports": "published_ports"}.get(option, option)
    (reason,) = [step for step in found if "make it anew" in step]
    assert name in reason
    assert found[-1] == "start container c2"


UPDATED = {
    "memory": "128M",
    "cpu_shares": 100,
    "cpuset_cpus": "1",
    "restart_policy": "always",
    "restart_retries": 4,
}


@pytest.mark.parametrize("option", UPDATED)
@pytest.mark.parametrize("version", VERSIONS)
def test_limits_and_the_restart_policy_are_changed_in_place(version: str, option: str) -> None:
    (step,) = steps(version, **{**ASKED, option: UPDATED[option]})
    assert step.startswith("update container c2: ")


def test_a_limit_that_is_lifted_takes_a_new_container() -> None:
    assert any("anew: memory" in step for step in steps("26", **{**ASKED, "memory": "0"}))


@pytest.mark.parametrize("option", OPTIONS)
def test_every_parameter_is_compared_without_a_fault_where_nothing_is_there(option: str) -> None:
    from provisioner.modules.docker_container.options import Seen

    assert OPTIONS[option].actual(Seen({})) is not None


COMPARISONS = [
    ("more labels are no difference", {"labels": {"a": "b c"}}, {}, False),
    ("but strictly they are", {"labels": {"a": "b c"}}, {"labels": "strict"}, True),
    ("lists are strict", {"dns_servers": ["1.1.1.1"]}, {}, True),
    (
        "unless more is allowed",
        {"dns_servers": ["1.1.1.1"]},
        {"dns_servers": "allow_more_present"},
        False,
    ),
    ("what is ignored does not count", {"user": "nobody"}, {"user": "ignore"}, False),
    ("all else can be ignored", {"user": "nobody", "hostname": "x"}, {"*": "ignore"}, False),
    ("with exceptions", {"user": "nobody"}, {"*": "ignore", "user": "strict"}, True),
    ("the image too", {"image": "bb:2"}, {"image": "ignore"}, False),
    ("stop_timeout is ignored by default", {"stop_timeout": 30}, {}, False),
    ("unless asked", {"stop_timeout": 30}, {"stop_timeout": "strict"}, True),
    ("more networks are none", {"networks": []}, {}, False),
]


@pytest.mark.parametrize(("why", "asked", "comparisons", "differs"), COMPARISONS)
def test_comparisons_say_how_strictly(
    why: str, asked: Mapping[str, Any], comparisons: Mapping[str, str], differs: bool
) -> None:
    assert bool(steps("26", name="c2", comparisons=comparisons, **asked)) is differs, why


def test_networks_may_be_left_when_compared_strictly() -> None:
    asked = {"name": "c2", "comparisons": {"networks": "strict"}}
    assert steps("26", **asked, networks=[]) == ["disconnect c2 from network bridge"]
    assert steps("26", **asked, networks=[{"name": "n"}]) == [
        "connect c2 to network n",
        "disconnect c2 from network bridge",
    ]


STATES = [
    ({"state": "stopped"}, ["stop container c2"]),
    ({"state": "stopped", "force_kill": True}, ["kill container c2"]),
    ({"state": "absent"}, ["stop container c2", "remove container c2"]),
    ({"state": "present"}, []),
    ({"paused": True}, ["pause container c2"]),
    ({"restart": True}, ["restart container c2"]),
    (
        {"recreate": True},
        [
            "stop container c2",
            "remove container c2 to make it anew: recreate",
            "create container c2",
            "start container c2",
        ],
    ),
]


@pytest.mark.parametrize(("asked", "expected"), STATES)
def test_states_of_a_running_container(asked: Mapping[str, Any], expected: list[str]) -> None:
    assert steps("26", name="c2", **asked) == expected


def test_a_missing_container_is_made_from_a_pulled_image() -> None:
    model = DockerContainer.from_arguments({"name": "x", "image": "web", "networks": []})
    assert [step.what for step in Plan(model, None, None).steps()] == [
        "pull image web:latest",
        "create container x",
        "start container x",
    ]


def test_no_value_of_the_environment_stands_in_the_words() -> None:
    model = DockerContainer.from_arguments(ASKED)
    words = create.create(model, "c2", "bb:1")
    assert not [word for word in words if "a b" in word and "c" in word and "$x" in word]
    assert "--env=ML" in words
    lines, exported = create.environment(model.env or {})
    assert 'S3CRET=a b "c" $x\n' in lines
    assert exported == ["ML=x\ny"]


def test_old_names_and_forms_are_understood() -> None:
    model = DockerContainer.from_arguments(
        {"name": "x", "image": "i", "pull": True, "expose": [80], "log_opt": {"a": 1}}
    )
    assert (model.pull, model.exposed_ports, model.log_options) == ("always", ("80",), {"a": "1"})


def test_compatible_defaults_are_given_on_request() -> None:
    model = DockerContainer.from_arguments(
        {"name": "x", "container_default_behavior": "compatibility", "tty": True}
    )
    assert (model.privileged, model.detach, model.memory, model.tty) == (False, True, "0", True)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"memory": "much"}, "no size"),
        ({"healthcheck": {"interval": "1 min"}}, "no duration"),
        ({"ports": ["a:b"]}, "neither a port nor a range"),
        ({"ulimits": ["nofile"]}, "no ulimit"),
        ({"comparisons": {"colour": "strict"}}, "can't be compared"),
        ({"cleanup": True}, "needs detach"),
        ({"env": {"a.b": "x\ny"}}, "shell variable"),
    ],
)
def test_what_can_be_known_before_is_refused_before(wrong: Mapping[str, Any], said: str) -> None:
    with pytest.raises(InvalidArguments, match=said):
        DockerContainer.from_arguments({"name": "x", "image": "i", **wrong})


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("2k", 2048), ("1.5G", 1610612736), ("5MiB", 5242880)]
)
def test_a_size_is_a_number_of_bytes(text: str, number: int) -> None:
    assert bytes_of(text) == number


@pytest.mark.parametrize(
    ("text", "number"), [("1s", 10**9), ("1m30s", 90 * 10**9), ("500ms", 5 * 10**8)]
)
def test_a_duration_is_a_number_of_nanoseconds(text: str, number: int) -> None:
    assert values.nanoseconds(text) == number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80", {("80/tcp", "", "")}),
        ("8080:80/udp", {("80/udp", "", "8080")}),
        ("0.0.0.0:8080:80", {("80/tcp", "", "8080")}),
        ("127.0.0.1::80", {("80/tcp", "127.0.0.1", "")}),
        ("[::1]:8080:80", {("80/tcp", "::1", "8080")}),
        ("7000-7001:80-81", {("80/tcp", "", "7000"), ("81/tcp", "", "7001")}),
        ("8000-8100:80", {("80/tcp", "", "8000-8100")}),
    ],
)
def test_a_published_port_is_told_apart_into_its_parts(
    text: str, expected: set[values.Port]
) -> None:
    assert set(values.ports((text,))) == expected


@pytest.mark.parametrize(
    ("name", "tag", "expected"),
    [
        ("a", "latest", "a:latest"),
        ("a:1", "latest", "a:1"),
        ("r:5000/a", "2", "r:5000/a:2"),
        ("a@sha256:" + "0" * 64, "latest", "a@sha256:" + "0" * 64),
        ("sha256:" + "0" * 64, "latest", "sha256:" + "0" * 64),
    ],
)
def test_names_of_images(name: str, tag: str, expected: str) -> None:
    assert full(name, tag) == expected


def test_ids_and_long_names_of_images_are_known() -> None:
    assert is_id("0" * 64)
    assert not is_id("deadbeef")
    assert same_name("hello-world", "docker.io/library/hello-world:latest")


def test_an_archive_is_known_by_the_image_and_its_name() -> None:
    old = '[{"Config":"abc.json","RepoTags":["docker.io/a:1"]}]'
    new = '[{"Config":"blobs/sha256/abc","RepoTags":["a:1"]}]'
    for manifest in (old, new):
        assert archives(manifest, "sha256:abc", "a:1")
        assert not archives(manifest, "sha256:abd", "a:1")
        assert not archives(manifest, "sha256:abc", "a:2")
    assert not archives("", "sha256:abc", "a:1")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://index.docker.io/v1/", "https://index.docker.io/v1/"),
        ("docker.io", "https://index.docker.io/v1/"),
        ("https://reg.example:5000/v2/", "reg.example:5000"),
        ("reg.example", "reg.example"),
    ],
)
def test_registries_by_dockers_own_names(url: str, server: str) -> None:
    assert server_of(url) == server


def test_what_compose_says_becomes_actions() -> None:
    text = " Container p-web-1  Running\n DRY-RUN MODE -  Container p-db-1  Creating\n"
    assert [*events(text)] == [{"what": "container", "id": "p-db-1", "status": "Creating"}]


def test_a_container_is_not_taken_for_one_whose_id_begins_like_its_name() -> None:
    container, _ = recorded("26")
    answer = json.dumps([{**container, "Name": "/other", "Id": "c2" * 32}])
    report = Report({"answer": (f"{answer}{SEPARATOR}{SEPARATOR}0",), "done": ("",)}, status=0)
    model = DockerContainer.from_arguments({"name": "c2", "state": "absent"})
    assert model.edit(report) is None


@pytest.mark.parametrize("mode", ["network_mode", "ipc_mode", "pid_mode"])
@pytest.mark.parametrize("name", ["vpn", "ab" * 6, "ab" * 32])
def test_whose_network_is_shared_is_known_by_name_and_by_id(mode: str, name: str) -> None:
    container, _ = recorded("26")
    key = {"network_mode": "NetworkMode", "ipc_mode": "IpcMode", "pid_mode": "PidMode"}[mode]
    there = {**container["HostConfig"], key: f"container:{'ab' * 32}"}
    other = {**container, "Name": "/vpn", "Id": "ab" * 32}
    answer = json.dumps([{**container, "HostConfig": there}, other])
    report = Report({"answer": (f"{answer}{SEPARATOR}{SEPARATOR}0",), "done": ("",)}, status=0)
    asked = {"name": "c2", "state": "present", mode: f"container:{name}"}
    assert DockerContainer.from_arguments(asked).edit(report) is None
    assert DockerContainer.from_arguments({**asked, mode: "container:web"}).edit(report)
