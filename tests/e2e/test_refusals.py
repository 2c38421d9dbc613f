"""What is refused, with the reason and without any change.

Hosts that can't run Docker, hosts that can't be reached, playbooks with errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import MakeLab
from tests.e2e.inventories import Hosts, connections, inventory_of, silent_port
from tests.e2e.listing import touched
from tests.e2e.runs import Provision, Run
from tests.lab import Host, HostOptions, Lab
from tests.lab.commands import run as run_command
from tests.lab.processes import wait_for

lab_only = pytest.mark.lab

REFUSED = {
    "centos-6": HostOptions(kernel="2.6.32-754.35.1.el6.x86_64"),
    "kernel-2.6": HostOptions(uname26=True),
    "kernel-3.9": HostOptions(kernel="3.9.0"),
}
ACCEPTED = {
    "kernel-3.10": HostOptions(kernel="3.10.0-1160.el7.x86_64", docker="ce"),
    "kernel-5.4": HostOptions(kernel="5.4.278-1.el7.elrepo.x86_64", docker="ce"),
}
DEAD = ("no-host", "closed-port")


# ---- Kernels, and hosts that can't be reached


@pytest.fixture(scope="module")
def kernels(make_lab: MakeLab) -> Lab:
    return make_lab({**REFUSED, **ACCEPTED})


@pytest.fixture(scope="module")
def with_dead(kernels: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the lab's inventory with two hosts that can't be reached."""
    there = kernels["kernel-3.10"].address
    hosts: Hosts = {
        "no-host": {"ansible_host": there.rpartition(".")[0] + ".250"},
        "closed-port": {"ansible_host": there, "ansible_port": 2222},
    }
    return inventory_of(kernels, tmp_path_factory.mktemp("inventory"), hosts)


@pytest.fixture(scope="module")
def mixed(
    kernels: Lab, with_dead: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Run, dict[str, list[str]]]:
    """Run on all of them; return the run and the changes on refused hosts."""
    provision = Provision(tmp_path_factory.mktemp("home"))
    hosts = {name: kernels[name] for name in REFUSED}
    return touched(hosts, lambda: provision(with_dead, expect=None))


@lab_only
def test_failed_and_unreachable_hosts_together_exit_with_6(
    mixed: tuple[Run, dict[str, list[str]]],
) -> None:
    assert mixed[0].exit == 6, mixed[0].tail()


@lab_only
@pytest.mark.parametrize("host", REFUSED)
def test_an_old_kernel_is_refused_before_the_first_change(
    kernels: Lab, mixed: tuple[Run, dict[str, list[str]]], host: str
) -> None:
    run, found = mixed
    release = kernels[host].check("uname -r").strip() if host != "kernel-2.6" else "2.6."
    failure = run.failure(host)
    assert failure["task"] == "The kernel is above 3.10"
    assert f"kernel {release}" in failure["message"]
    assert "older than 3.10" in failure["message"]
    assert "Nothing was changed" in failure["message"]
    assert run.status(host) == "failed"
    assert run.changed(host) == []
    assert found[host] == []


@lab_only
@pytest.mark.parametrize("host", ACCEPTED)
def test_a_kernel_from_3_10_on_is_accepted(
    kernels: Lab, mixed: tuple[Run, dict[str, list[str]]], host: str
) -> None:
    run, _ = mixed
    assert run.status(host) in ("ok", "changed")
    assert run.task(host, "Smoke test: docker run hello-world")["outcome"] == "ok"
    kernels[host].check("docker images -q hello-world | grep -q .")


@lab_only
@pytest.mark.parametrize("host", DEAD)
def test_a_host_that_does_not_exist_is_unreachable_with_a_reason(
    mixed: tuple[Run, dict[str, list[str]]], host: str
) -> None:
    run, _ = mixed
    assert run.status(host) == "unreachable"
    assert run.finished(host)["reason"] != ""
    assert run.finished(host)["remedy"] != ""


@lab_only
@pytest.mark.parametrize(
    ("limit", "status"),
    [
        ("kernel-3.10", 0),
        ("kernel-3.10:kernel-3.9", 2),
        ("kernel-3.10:no-host", 4),
        ("kernel-3.10:closed-port", 4),
        ("kernel-3.9:closed-port", 6),
    ],
)
def test_failed_and_unreachable_have_different_exit_statuses(
    mixed: tuple[Run, dict[str, list[str]]],
    with_dead: Path,
    provision: Provision,
    limit: str,
    status: int,
) -> None:
    assert mixed[0].events
    run = provision(with_dead, "--limit", limit, expect=status)
    if "kernel-3.10" in limit:
        assert run.status("kernel-3.10") == "ok"


# ---- Storage, and settings that would clash


@dataclass(frozen=True)
class Refusal:
    """The state of a host, and the reason with which docker.yml refuses it."""

    options: HostOptions
    task: str
    texts: tuple[str, ...]
    prepare: str = ""
    variables: tuple[tuple[str, Any], ...] = ()


STORAGE = {
    "devicemapper": Refusal(
        HostOptions(devicemapper_root=True),
        "No images and containers are left in devicemapper",
        ("devicemapper", "docker save", "Nothing was changed"),
    ),
    "old-xfs": Refusal(
        HostOptions(),
        "The file system can carry overlay2",
        ("/var/lib/docker is xfs with ftype=0", "mkfs.xfs -n ftype=1", "Nothing was changed"),
        variables=(("docker_minimum_free_mb", 100),),
    ),
    "little-room": Refusal(
        HostOptions(),
        "There is room for images",
        ("docker_minimum_free_mb", "/var/lib/docker has", "Nothing was changed"),
        "mount -t tmpfs -o size=100m tmpfs /var/lib/docker",
    ),
    "clashing": Refusal(
        HostOptions(docker="distro"),
        "Nothing is set both in daemon.json and on the daemon's command line",
        ("--insecure-registry", "insecure-registries", "/etc/sysconfig/docker"),
        "echo \"OPTIONS='--insecure-registry=r.invalid'\" >>/etc/sysconfig/docker",
        (("docker_edition", "distro"), ("docker_insecure_registries", ["r.invalid"])),
    ),
}


@pytest.fixture(scope="module")
def stores(make_lab: MakeLab) -> Iterator[Lab]:
    lab = make_lab({name: refusal.options for name, refusal in STORAGE.items()})
    for name, refusal in STORAGE.items():
        lab[name].check(refusal.prepare or ":")
    device = mount_old_xfs(lab["old-xfs"])
    yield lab
    lab["old-xfs"].run("umount /var/lib/docker")
    run_command(["losetup", "--detach", device], check=False)


def mount_old_xfs(host: Host) -> str:
    """Mount an xfs on /var/lib/docker and return its loop device.

    Today's kernels can't mount an xfs with ftype=0, so it is a new one with a false `xfs_info`.
    """
    image = host.folder / "images.xfs"
    with image.open("w") as file:
        file.truncate(400 << 20)
    old = run_command(["mkfs.xfs", "-N", "-m", "crc=0", "-n", "ftype=0", image]).stdout
    assert "ftype=0" in old
    run_command(["mkfs.xfs", "-q", image])
    device = run_command(["losetup", "--find", "--show", image]).stdout.strip()
    host.check(f"mknod {device} b 7 {device.removeprefix('/dev/loop')}")
    host.check(f"mount -t xfs {device} /var/lib/docker")
    host.write("/usr/sbin/xfs_info", f"#!/bin/sh\ncat <<'END'\n{old}END\n", "0755")
    return device


@lab_only
@pytest.mark.parametrize("host", STORAGE)
def test_a_host_that_can_not_run_docker_is_refused_with_a_reason_and_not_changed(
    stores: Lab, provision: Provision, host: str
) -> None:
    refusal = STORAGE[host]
    variables = dict(refusal.variables)
    run, found = touched(
        {host: stores[host]},
        lambda: provision(stores, "--limit", host, expect=2, **variables),
    )
    failure = run.failure(host)
    message = failure["message"] + "".join(
        event["message"] for event in run.of("task_finished", host) if "item" in event
    )
    assert failure["task"] == refusal.task
    assert [text for text in refusal.texts if text not in message] == []
    assert run.changed(host) == []
    assert found[host] == []


# ---- Errors that are found before a host is contacted


@dataclass(frozen=True)
class Mistake:
    """A playbook with an error: the line, its place, and the suggestion."""

    playbook: str
    line: int
    column: int
    hint: str


HEAD = "- hosts: all\n  tasks:\n"
MISTAKES = {
    "a keyword of a task": Mistake(
        f"{HEAD}    - command: id\n      notfy: Restart\n", 4, 7, "notify"
    ),
    "a keyword of a play": Mistake("- hosts: all\n  becom: true\n", 2, 3, "become"),
    "a module": Mistake(f"{HEAD}    - name: Install\n      yumm: {{name: jq}}\n", 4, 7, "yum"),
    "a parameter": Mistake(f"{HEAD}    - yum:\n        nmae: jq\n", 4, 9, "name"),
    "a choice": Mistake(
        f"{HEAD}    - service:\n        name: docker\n        state: runing\n",
        5,
        16,
        "one of: reloaded, restarted, started, stopped, got: runing",
    ),
    "a handler": Mistake(
        f"{HEAD}    - command: id\n      notify: Restart Dokcer\n"
        "  handlers:\n    - name: Restart Docker\n      command: id\n",
        4,
        15,
        "Restart Docker",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_error_is_shown_with_place_and_suggestion_and_no_connection_is_made(
    provision: Provision, mistake: str
) -> None:
    case = MISTAKES[mistake]
    playbook = provision.home / "site.yml"
    playbook.write_text(case.playbook)
    with silent_port() as (port, listener):
        run = provision(inventory_of_port(provision.home, port), playbook, expect=3)
        assert connections(listener) == 0
    assert run.stdout == ""
    assert f"{playbook}:{case.line}:{case.column}: " in run.stderr
    assert caret_column(run.stderr, case.playbook.splitlines()[case.line - 1]) == case.column
    assert case.hint in run.stderr


def test_a_wrong_edition_is_refused_with_the_choices_and_no_connection_is_made(
    provision: Provision,
) -> None:
    with silent_port() as (port, listener):
        inventory = inventory_of_port(provision.home, port)
        variables = provision.home / "group_vars/all.yml"
        variables.parent.mkdir()
        variables.write_text("docker_edition: moby\n")
        run = provision(inventory, expect=3)
        assert connections(listener) == 0
    assert run.stdout == ""
    assert f"{variables}:1:17: value of docker_edition must be one of: ce, distro, got: moby" in (
        run.stderr
    )


def caret_column(text: str, line: str) -> int:
    """Return the column of `line` that the caret below an excerpt points at."""
    lines = text.splitlines()
    number = next(index for index, shown in enumerate(lines) if shown.endswith(line))
    return lines[number + 1].index("^") - (len(lines[number]) - len(line)) + 1


def test_the_connection_counter_works(provision: Provision) -> None:
    playbook = provision.home / "site.yml"
    playbook.write_text(f"{HEAD}    - command: id\n")
    with silent_port() as (port, listener):
        inventory = inventory_of_port(provision.home, port)
        with provision.start(inventory, playbook) as process:
            wait_for(lambda: connections(listener) > 0, 240, "a connection")
            process.kill()


def inventory_of_port(folder: Path, port: int) -> Path:
    path = folder / "hosts.yml"
    path.write_text(
        f"all: {{hosts: {{here: {{ansible_host: 127.0.0.1, ansible_port: {port}}}}}}}\n"
    )
    return path
