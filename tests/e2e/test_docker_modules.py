"""The Docker modules on real daemons: a first run changes what it should, a second run nothing."""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeLab
from tests.e2e.runs import Provision, Run
from tests.lab import HostOptions, Lab

pytestmark = pytest.mark.lab

EDITIONS = ("ce", "distro")

PLAY = """
- hosts: all
  become: true
  gather_facts: false
  tasks:
    - {name: image, docker_image: {name: app, tag: "1", source: build, build: {path: /root/app}}}
    - {name: tagged, docker_image: {name: "app:1", source: local, repository: "app:2"}}
    - {name: archived, docker_image: {name: "app:1", source: local, archive_path: /root/app.tar}}
    - {name: pulled, community.docker.docker_image: {name: hello-world, source: pull}}
    - name: network
      docker_network:
        name: back
        ipam_config: [{subnet: 172.29.7.0/24, gateway: 172.29.7.1}]
        labels: {made: here}
    - {name: volume, docker_volume: {name: data, labels: {made: here}}}
    - name: container
      docker_container:
        name: web
        image: "app:1"
        command: sleep 1000
        env: {SECRET: "a 'b' \\"c\\" $d", LINES: "one\\ntwo", ON: true}
        ports: ["8080:80", "127.0.0.1:9000-9001:90-91/udp"]
        volumes: ["data:/data", "/etc:/host:ro", "/own"]
        networks: [{name: back, ipv4_address: 172.29.7.9, aliases: [www]}, {name: bridge}]
        memory: 64M
        cpus: 0.5
        restart_policy: unless-stopped
        labels: {a: b c}
        hostname: web
        user: "0"
        working_dir: /data
        dns_servers: [192.0.2.1]
        etc_hosts: {db: 192.0.2.2}
        ulimits: ["nofile:1024:2048"]
        tmpfs: ["/run:size=1m"]
        log_driver: json-file
        log_options: {max-size: 1m}
        healthcheck: {test: [CMD, "true"], interval: 1m30s}
        read_only: true
        init: false
        stop_timeout: 1
    - {name: rests, docker_container: {name: rest, image: "app:1", state: stopped}}
    - {name: gone, docker_container: {name: none, state: absent}}
    - {name: look, docker_container_info: {name: web}, register: web}
    - {name: images, docker_image_info: {name: "app:2"}, register: images}
    - {name: host, docker_host_info: {containers: true, disk_usage: true}, register: host}
    - assert:
        that:
          - web.exists or ansible_check_mode
          - images.images | length == 1 or ansible_check_mode
          - host.can_talk_to_docker
"""
MADE = ["image", "tagged", "archived", "pulled", "network", "volume", "container", "rests"]


def small_system() -> bytes:
    """Return a tar of busybox with its libraries, for an image."""
    found = subprocess.run(["ldd", "/bin/busybox"], capture_output=True, text=True, check=False)
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w", dereference=True) as tar:
            for path in {"/bin/busybox", *re.findall(r"/\S+", found.stdout)}:
                tar.add(path)
            for name in ("sh", "sleep", "env", "cat", "true", "echo"):
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
        return buffer.getvalue()


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    """Two hosts with Docker that pull from the lab's registry, and an image to build."""
    lab = make_lab({name: HostOptions(docker=name) for name in EDITIONS})  # type: ignore[arg-type]
    mirror = {"registry-mirrors": [lab.services.registry]}
    (lab.services.files / "system.tar").write_bytes(small_system())
    for name in EDITIONS:
        host = lab[name]
        host.check("mkdir -p /root/app /etc/docker")
        host.write(
            "/root/app/Dockerfile",
            'FROM scratch\nADD system.tar /\nENV FROM=image\nCMD ["sleep", "1000"]\n',
        )
        host.write("/etc/docker/daemon.json", json.dumps(mirror))
        url = lab.variables()["lab_files_url"]
        host.check(f"curl -fsS -o /root/app/system.tar {url}/system.tar")
        host.check("systemctl restart docker")
    return lab


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("play") / "docker.yml"
    path.write_text(PLAY)
    return path


@pytest.fixture(scope="module")
def first(lab: Lab, play: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run in check mode, then the first run."""
    provision = Provision(tmp_path_factory.mktemp("home"))
    before = [lab[name].check("docker ps -aq; docker images -q") for name in EDITIONS]
    check = provision(lab, play, "--check", "--diff")
    assert [lab[name].check("docker ps -aq; docker images -q") for name in EDITIONS] == before
    assert {name: check.changed(name) for name in EDITIONS} == dict.fromkeys(EDITIONS, MADE)
    return provision(lab, play)


@pytest.mark.parametrize("edition", EDITIONS)
def test_everything_is_created(lab: Lab, first: Run, edition: str) -> None:
    assert first.changed(edition) == MADE
    host = lab[edition]
    assert host.check("docker ps --format '{{.Names}}'") == "web\n"
    env = host.check("docker exec web env")
    assert "SECRET=a 'b' \"c\" $d\n" in env
    assert "LINES=one\ntwo\n" in env
    assert "FROM=image\n" in env
    assert "172.29.7.9" in host.check("docker inspect web")
    assert host.guard_log() == ""


def test_a_second_run_changes_nothing(
    lab: Lab, play: Path, first: Run, provision: Provision
) -> None:
    assert first.exit == 0
    for words in ([], ["--check"]):
        again = provision(lab, play, *words)
        assert {name: again.changed(name) for name in EDITIONS} == {"ce": [], "distro": []}


DRIFTS = [
    ("docker stop -t 1 web", ["container"]),
    ("docker rm -f web", ["container"]),
    ("docker update --memory 32M web", ["container"]),
    ("docker network disconnect back web", ["container"]),
    ("docker pause web && docker unpause web", []),
    ("docker start rest", ["rests"]),
    ("docker rmi app:2", ["tagged"]),
    ("rm /root/app.tar", ["archived"]),
]


@pytest.mark.parametrize(("spoil", "repaired"), DRIFTS, ids=[drift[0] for drift in DRIFTS])
def test_only_drift_is_repaired(
    lab: Lab, play: Path, first: Run, provision: Provision, spoil: str, repaired: list[str]
) -> None:
    assert first.exit == 0
    for name in EDITIONS:
        lab[name].check(spoil)
    run = provision(lab, play)
    assert {name: run.changed(name) for name in EDITIONS} == dict.fromkeys(EDITIONS, repaired)
    again = provision(lab, play)
    assert {name: again.changed(name) for name in EDITIONS} == {"ce": [], "distro": []}


FAILING = [
    ("docker_container: {name: xx, image: 'nowhere.invalid/x'}", "the registry can't be reached"),
    ("docker_image: {name: no-such-image, source: pull}", "pull image no-such-image:latest"),
    ("docker_container: {name: xx, image: 'app:1', command: nosuch}", "command can't be run"),
    (
        "docker_container: {name: xx, image: 'app:1', command: 'sh -c \"echo why; exit 3\"'}",
        "ended right after its start",
    ),
    (
        "docker_container: {name: xx, image: 'app:1', ports: ['8080:80'], command: sleep 9}",
        "a port is already in use",
    ),
    ("docker_network: {name: back, state: absent}", "containers are still in the network"),
    ("docker_volume: {name: data, state: absent}", "a container still uses it"),
    ("docker_container_exec: {container: rest, command: 'true'}", "is not running"),
]


@pytest.mark.parametrize(("task", "why"), FAILING, ids=[why for _, why in FAILING])
def test_failures_name_the_problem(
    lab: Lab, first: Run, provision: Provision, task: str, why: str
) -> None:
    assert first.exit == 0
    path = provision.home / "fail.yml"
    path.write_text(
        f"- hosts: all\n  become: true\n  gather_facts: false\n  tasks:\n    - {task}\n"
    )
    run = provision(lab, path, expect=2)
    for name in EDITIONS:
        assert why in run.failure(name)["message"]
        lab[name].run("docker rm -f xx")


EVENTS = """
- hosts: all
  become: true
  gather_facts: false
  tasks:
    - docker_container: {name: job, image: hello-world, detach: false, cleanup: true}
      register: job
    - docker_container_exec:
        {container: web, command: "sh -c 'cat; echo $Q; exit 3'", stdin: in, env: {Q: "q"}}
      register: ran
    - assert:
        that:
          - job.status == 0
          - "'Hello from Docker' in job.container.Output"
          - ran.rc == 3
          - ran.stdout == "in\\nq"
    - {docker_container: {name: web, restart: true, stop_timeout: 1}}
    - {docker_container: {name: unused, image: "app:1", state: present}}
    - {docker_prune: {containers: true, networks: true}, register: pruned}
    - assert: {that: pruned.containers | length >= 1}
"""


def test_commands_jobs_restarts_and_pruning_work(
    lab: Lab, first: Run, provision: Provision
) -> None:
    assert first.exit == 0
    path = provision.home / "events.yml"
    path.write_text(EVENTS)
    provision(lab, path)
    for name in EDITIONS:
        assert lab[name].check("docker ps -a --format '{{.Names}}'") == "web\n"


def test_a_stopped_daemon_and_a_hanging_one_have_different_messages(
    lab: Lab, first: Run, provision: Provision
) -> None:
    assert first.exit == 0
    path = provision.home / "volume.yml"
    task = "docker_volume: {name: v, timeout: 3}"
    path.write_text(f"- hosts: ce\n  become: true\n  gather_facts: false\n  tasks:\n    - {task}\n")
    host = lab["ce"]
    host.check("kill -STOP $(cat /var/run/docker.pid)")
    try:
        hung = provision(lab, path, expect=2)
    finally:
        host.check("kill -CONT $(cat /var/run/docker.pid)")
    assert "gave no answer within 3 s" in hung.failure("ce")["message"]
    host.check("systemctl stop docker.socket docker")
    stopped = provision(lab, path, expect=2)
    assert "the Docker daemon can't be reached" in stopped.failure("ce")["message"]
    pending = provision(lab, path, "--check")
    assert len(pending.changed("ce")) == 1
