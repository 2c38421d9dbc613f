"""A run starts no Python on the host, leaves nothing behind, and shows no secrets."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeLab
from tests.e2e.inventories import inventory_of
from tests.e2e.listing import temporary_files
from tests.e2e.runs import Provision, Run
from tests.e2e.watching import GATED, PATIENCE, Gate, Watch, wait_until_idle
from tests.lab import Host, HostOptions, Lab
from tests.lab.processes import wait_for

pytestmark = pytest.mark.lab

SUDO_SECRET = "Canary-of-sudo-7f3a"
SECRET = "Canary-of-a-task-91bc"
HASH = "$6$canary$Canary.of.a.hash.55d0"
SECRETS = (SUDO_SECRET, SECRET, HASH)
PYTHONS = [
    f"{folder}/python{version}"
    for folder in ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin")
    for version in ("", "2", "2.7", "3")
]
CALLS = "/var/log/python-calls"
WRITTEN = {
    "/etc/docker",
    "/etc/docker/daemon.json",
    "/etc/docker/key.json",
    "/etc/sysctl.d/99-docker.conf",
    "/etc/systemd/system/docker.service.d",
    "/etc/systemd/system/docker.service.d/provision-proxy.conf",
    "/etc/systemd/system/multi-user.target.wants/docker.service",
    "/etc/systemd/system/sockets.target.wants",
    "/etc/systemd/system/sockets.target.wants/docker.socket",
    "/etc/yum.repos.d/docker-ce.repo",
}
"""Files that docker.yml and the daemon write on purpose."""
DESTINATIONS = ("/etc/docker", "/etc/sysctl.d", "/etc/systemd/system", "/etc/yum.repos.d")
OF_DOCKER = re.compile(r"/run/(docker|containerd|systemd|udev|log|sudo|xtables\.lock|yum).*|/run")
"""Files of docker, yum, sudo and systemd in /run."""


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    lab = make_lab(
        {"watched": HostOptions(), "secret": HostOptions(sudo="password"), "cut": HostOptions()}
    )
    for python in PYTHONS:
        lab["watched"].write(python, f'#!/bin/sh\necho "$0 $*" >>{CALLS}\nexit 1\n', "0755")
    lab["watched"].write(CALLS, "", "0666")
    lab["secret"].check(f"echo 'ops:{SUDO_SECRET}' | chpasswd")
    return lab


# ---- Installing Docker leaves no temporary files


@pytest.fixture(scope="module")
def installed(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, set[str]]:
    """Run docker.yml; return it and the temporary files that are new after it."""
    host = lab["watched"]
    before = temporary_files(host, *DESTINATIONS)
    run = Provision(tmp_path_factory.mktemp("home"))(
        lab,
        "--limit",
        "watched",
        docker_smoke_image="",
        docker_http_proxy="http://proxy.invalid",
    )
    wait_until_idle(host)
    return run, temporary_files(host, *DESTINATIONS) - before


def test_no_python_is_started_on_the_host(lab: Lab, installed: tuple[Run, set[str]]) -> None:
    host = lab["watched"]
    assert installed[0].status("watched") == "changed"
    assert host.check(f"cat {CALLS}") == ""
    host.run("su - ops -c 'python3 would be noticed'; sudo python would too")
    assert len(host.check(f"cat {CALLS}").splitlines()) == 2


def test_no_temporary_files_are_left(
    installed: tuple[Run, set[str]],
) -> None:
    left = {path for path in installed[1] if not OF_DOCKER.fullmatch(path)}
    assert sorted(left - WRITTEN) == []
    assert {"/etc/docker/daemon.json", "/etc/yum.repos.d/docker-ce.repo"} <= left


# ---- The controller is killed


@pytest.fixture
def gate(lab: Lab) -> Iterator[Gate]:
    gate = Gate(lab["cut"])
    gate.close()
    yield gate
    gate.open()


def test_after_kill_9_the_host_ends_its_task_starts_no_other_and_is_clean(
    lab: Lab, provision: Provision, gate: Gate
) -> None:
    host = lab["cut"]
    before = temporary_files(host, "/root")
    playbook = provision.home / "site.yml"
    playbook.write_text(GATED)
    with provision.start(lab, playbook, "--limit", "cut") as process:
        gate.reached(process)
        process.kill()
    gate.open()
    wait_until_idle(host)
    wait_for(lambda: gate.passed() or not _gate_runs(host), PATIENCE, "the task to end")
    assert not gate.behind()
    left = temporary_files(host, "/root") - before
    assert left <= {"/run/begun", "/run/open", "/root/before", "/root/gate"}


def _gate_runs(host: Host) -> bool:
    return host.run("pgrep -f /run/open").returncode == 0


def test_after_kill_9_in_a_transfer_no_part_of_the_file_is_left(
    lab: Lab, provision: Provision, gate: Gate
) -> None:
    """The run is killed when the file begins to arrive."""
    host = lab["cut"]
    host.check("rm -rf /srv/big && mkdir /srv/big")
    before = temporary_files(host, "/srv")
    big = provision.home / "big"
    with big.open("wb") as file:
        file.truncate(400 << 20)
    playbook = provision.home / "site.yml"
    playbook.write_text(
        "- hosts: all\n  gather_facts: false\n  become: true\n  tasks:\n"
        f"    - copy: {{src: {big}, dest: /srv/big/file}}\n"
    )
    arriving = host.upper / "srv/big"
    with provision.start(lab, playbook, "--limit", "cut") as process:
        wait_for(lambda: any(arriving.iterdir()), PATIENCE, "the file to arrive")
        process.kill()
    wait_until_idle(host)
    left = temporary_files(host, "/srv") - before
    assert left <= {"/srv/big/file"}
    whole = host.run("test ! -e /srv/big/file || [ $(stat -c %s /srv/big/file) = 419430400 ]")
    assert whole.returncode == 0


# ---- Secrets


SEEN = ("/run/seen-alone", "/run/seen-with-its-input")
SECRETIVE = f"""
- name: Secretive
  hosts: all
  gather_facts: false
  become: true
  vars:
    secret: {SECRET}
  tasks:
    - name: Seen by the watch
      command: sh -c 'until [ -e {SEEN[0]} ]; do sleep 0.05; done'
    - name: A file
      copy: {{dest: /root/token, content: "{{{{ secret }}}}", mode: "0600"}}
      no_log: true
      register: copied
    - name: A line
      lineinfile: {{path: /root/token, line: "again {{{{ secret }}}}"}}
      no_log: true
    - name: The input of a command
      command:
        cmd: sh -c 'cat >/root/read; until [ -e {SEEN[1]} ]; do sleep 0.05; done'
        stdin: "{{{{ secret }}}}"
      no_log: true
      register: said
    - name: A command that fails
      command: {{cmd: sh -c 'cat; cat >&2; exit 3', stdin: "{{{{ secret }}}}"}}
      no_log: true
      ignore_errors: true
    - name: The hash of a password
      user: {{name: ops, password: "{HASH}"}}
      no_log: true
    - name: A loop
      copy: {{dest: "/root/token.{{{{ item.name }}}}", content: "{{{{ item.value }}}}"}}
      loop: [{{name: one, value: "{SECRET}"}}]
      no_log: true
    - name: A failure that names it
      fail: {{msg: "wrong: {{{{ secret }}}}"}}
      no_log: true
"""
MODES = {
    "text": ("-vvvv", "--diff"),
    "json": ("-vvvv", "--diff"),
    "check": ("-vvvv", "--diff", "--check"),
}


@pytest.mark.parametrize("mode", MODES)
def test_no_secret_is_in_a_process_list_or_in_any_output(
    lab: Lab, provision: Provision, mode: str
) -> None:
    host, home = lab["secret"], provision.home
    host.check(f"rm -f /root/token* /run/seen-* && echo 'ops:{SUDO_SECRET}' | chpasswd")
    (home / "site.yml").write_text(SECRETIVE)
    given = {"secret": {"ansible_become_password": SUDO_SECRET}}
    words = ("--limit", "secret", "--junit", home / "run.xml", "--report", home / "run.html")
    with Watch(host, until_seen=SEEN) as watch:
        run = provision(
            inventory_of(lab, home, given),
            home / "site.yml",
            *words,
            *MODES[mode],
            expect=None,
            json=mode != "text",
        )
    assert run.exit == 2, run.stdout + run.stderr
    written = [run.stdout, run.stderr, *_texts(home / "run.xml", home / "run.html")]
    assert [secret for secret in SECRETS for text in written if _contains(text, secret)] == []
    assert [secret for secret in SECRETS if watch.found(secret)] == []
    assert watch.found("sudo")
    if mode != "check":
        assert all(map(watch.found, SEEN))
        assert SECRET in host.check("cat /root/token /root/read")
    for secret in SECRETS:
        assert secret not in host.check("journalctl -q --no-pager; cat /var/log/*.log")


def _texts(*paths: Path) -> list[str]:
    texts = [path.read_text() for path in paths]
    assert all(texts)
    return texts


def _contains(text: str, secret: str) -> bool:
    """Whether the text contains the secret, also in base64 at any offset."""
    encoded = [base64.b64encode(b"x" * skip + secret.encode()).decode() for skip in range(3)]
    return any(form in text for form in (secret, *(code[4:-4] for code in encoded)))
