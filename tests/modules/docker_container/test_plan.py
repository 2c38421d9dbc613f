"""Compare the output of `docker inspect` of three versions with the parameters of a task.

`inspect/20.10.json` was recorded on a lab host; the other two are that recording with what
1.13 and 26 are known to write otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules.docker_container import DockerContainer, create
from provisioner.modules.docker_container.options import OPTIONS, Inspected
from provisioner.modules.docker_container.plan import ContainerPlan
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.modules.shared.docker.client import SEPARATOR
from provisioner.remote.shell import Report

FOLDER = Path(__file__).parent / "inspect"
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

DIFFERENT: Mapping[str, Any] = {
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
    objects: list[dict[str, Any]] = json.loads((FOLDER / f"{version}.json").read_text())
    return objects


def planned(version: str, **asked: Any) -> list[str]:
    """Return the changes to the recorded container that a task with these arguments makes."""
    container, image = recorded(version)
    model = DockerContainer.from_arguments(asked)
    same_image = model.image in (None, "bb:1")
    plan = ContainerPlan(
        model, container, image if same_image else {**image, "Id": "sha256:0", "RepoTags": []}
    )
    return [command.what for command in plan.commands() if command.what]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_container_with_the_parameters_of_the_task_is_left_alone(version: str) -> None:
    asked = dict(ASKED)
    if version != "1.13":
        asked["mounts"] = [
            {"target": "/mm", "type": "tmpfs", "tmpfs_size": "1M"},
            {"target": "/mb", "source": "/etc", "type": "bind", "read_only": True},
        ]
    assert planned(version, **asked) == []


@pytest.mark.parametrize("option", DIFFERENT)
@pytest.mark.parametrize("version", VERSIONS)
def test_each_parameter_that_differs_recreates_the_container(version: str, option: str) -> None:
    changes = planned(version, **{**ASKED, option: DIFFERENT[option]})
    name = {"ports": "published_ports"}.get(option, option)
    (reason,) = [change for change in changes if "create a new container" in change]
    assert name in reason
    assert changes[-2:] == ["start container c2", "remove the old container c2"]


UPDATED = {
    "memory": "128M",
    "cpu_shares": 100,
    "cpuset_cpus": "1",
    "restart_policy": "always",
    "restart_retries": 4,
}


@pytest.mark.parametrize("option", UPDATED)
@pytest.mark.parametrize("version", VERSIONS)
def test_limits_and_the_restart_policy_are_updated_in_place(version: str, option: str) -> None:
    (change,) = planned(version, **{**ASKED, option: UPDATED[option]})
    assert change.startswith("update container c2: ")


def test_removing_a_limit_recreates_the_container() -> None:
    assert any(
        "new container c2: memory" in change for change in planned("26", **{**ASKED, "memory": "0"})
    )


@pytest.mark.parametrize("option", OPTIONS)
def test_every_parameter_has_a_value_for_an_empty_container(option: str) -> None:
    assert OPTIONS[option].actual(Inspected({})) is not None


COMPARISONS = [
    ("additional labels are no difference", {"labels": {"a": "b c"}}, {}, False),
    ("with strict they are", {"labels": {"a": "b c"}}, {"labels": "strict"}, True),
    ("lists are compared strictly", {"dns_servers": ["1.1.1.1"]}, {}, True),
    (
        "unless more items are allowed",
        {"dns_servers": ["1.1.1.1"]},
        {"dns_servers": "allow_more_present"},
        False,
    ),
    ("an ignored parameter does not count", {"user": "nobody"}, {"user": "ignore"}, False),
    ("* ignores all parameters", {"user": "nobody", "hostname": "x"}, {"*": "ignore"}, False),
    (
        "* does not apply to a parameter that is named",
        {"user": "nobody"},
        {"*": "ignore", "user": "strict"},
        True,
    ),
    ("the image can be ignored", {"image": "bb:2"}, {"image": "ignore"}, False),
    ("stop_timeout is ignored by default", {"stop_timeout": 30}, {}, False),
    (
        "stop_timeout can be compared strictly",
        {"stop_timeout": 30},
        {"stop_timeout": "strict"},
        True,
    ),
    ("additional networks are no difference", {"networks": []}, {}, False),
]


@pytest.mark.parametrize(("why", "asked", "comparisons", "differs"), COMPARISONS)
def test_comparisons_set_how_strictly_a_parameter_is_compared(
    why: str, asked: Mapping[str, Any], comparisons: Mapping[str, str], differs: bool
) -> None:
    assert bool(planned("26", name="c2", comparisons=comparisons, **asked)) is differs, why


def test_strictly_compared_networks_disconnect_the_container_from_others() -> None:
    asked = {"name": "c2", "comparisons": {"networks": "strict"}}
    assert planned("26", **asked, networks=[]) == ["disconnect c2 from network bridge"]
    assert planned("26", **asked, networks=[{"name": "n"}]) == [
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
            "create a new container c2: recreate",
            "stop container c2",
            "start container c2",
            "remove the old container c2",
        ],
    ),
]


@pytest.mark.parametrize(("asked", "expected"), STATES)
def test_each_state_leads_to_its_commands_for_a_running_container(
    asked: Mapping[str, Any], expected: list[str]
) -> None:
    assert planned("26", name="c2", **asked) == expected


def test_a_missing_container_is_created_after_its_image_is_pulled() -> None:
    model = DockerContainer.from_arguments({"name": "x", "image": "web", "networks": []})
    assert [command.what for command in ContainerPlan(model, None, None).commands()] == [
        "pull image web:latest",
        "create container x",
        "start container x",
    ]


def test_no_value_of_the_environment_is_in_the_arguments() -> None:
    model = DockerContainer.from_arguments(ASKED)
    words = create.create(model, "c2", "bb:1")
    assert not [word for word in words if "a b" in word and "c" in word and "$x" in word]
    assert "--env=ML" in words
    lines, exported = create.environment(model.env or {})
    assert 'S3CRET=a b "c" $x\n' in lines
    assert exported == ["ML=x\ny"]


def test_old_names_and_values_of_parameters_are_accepted() -> None:
    model = DockerContainer.from_arguments(
        {"name": "x", "image": "i", "pull": True, "expose": [80], "log_opt": {"a": 1}}
    )
    assert (model.pull, model.exposed_ports, model.log_options) == ("always", ("80",), {"a": "1"})


def test_container_default_behavior_compatibility_sets_the_old_defaults() -> None:
    model = DockerContainer.from_arguments(
        {"name": "x", "container_default_behavior": "compatibility", "tty": True}
    )
    assert (model.privileged, model.detach, model.memory, model.tty) == (False, True, "0", True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"memory": "much"}, "not a size"),
        ({"healthcheck": {"interval": "1 min"}}, "not a duration"),
        ({"ports": ["a:b"]}, "neither a port nor a range"),
        ({"ulimits": ["nofile"]}, "not a ulimit"),
        ({"comparisons": {"colour": "strict"}}, "can't be compared"),
        ({"cleanup": True}, "needs detach"),
        ({"env": {"a.b": "x\ny"}}, "shell variable"),
    ],
)
def test_invalid_parameters_are_refused_before_anything_runs(
    arguments: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArguments, match=message):
        DockerContainer.from_arguments({"name": "x", "image": "i", **arguments})


def test_a_container_whose_id_begins_like_the_name_is_another_one() -> None:
    container, _ = recorded("26")
    answer = json.dumps([{**container, "Name": "/other", "Id": "c2" * 32}])
    report = Report({"answer": (f"{answer}{SEPARATOR}{SEPARATOR}0",), "done": ("",)}, status=0)
    model = DockerContainer.from_arguments({"name": "c2", "state": "absent"})
    assert model.edit(report) is None


@pytest.mark.parametrize("mode", ["network_mode", "ipc_mode", "pid_mode"])
@pytest.mark.parametrize("name", ["vpn", "ab" * 6, "ab" * 32])
def test_a_shared_namespace_is_compared_by_name_and_by_id(mode: str, name: str) -> None:
    container, _ = recorded("26")
    key = {"network_mode": "NetworkMode", "ipc_mode": "IpcMode", "pid_mode": "PidMode"}[mode]
    there = {**container["HostConfig"], key: f"container:{'ab' * 32}"}
    other = {**container, "Name": "/vpn", "Id": "ab" * 32}
    answer = json.dumps([{**container, "HostConfig": there}, other])
    report = Report({"answer": (f"{answer}{SEPARATOR}{SEPARATOR}0",), "done": ("",)}, status=0)
    asked = {"name": "c2", "state": "present", mode: f"container:{name}"}
    assert DockerContainer.from_arguments(asked).edit(report) is None
    assert DockerContainer.from_arguments({**asked, mode: "container:web"}).edit(report)
