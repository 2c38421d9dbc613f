"""The lab itself: hosts have their options, and nothing is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import Host, HostOptions, Lab
from tests.lab.network import bridge_name, exists

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("apt-get"),
        reason="the lab needs root on Debian",
    ),
]

HOSTS = {
    "plain": HostOptions(),
    "old": HostOptions(uname26=True, sudo="password", repos="dead-mirrorlist", docker="distro"),
    "strict": HostOptions(kernel="3.9.0", sudo="none", shell="/bin/tcsh", docker="ce"),
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.up(HOSTS, name=f"self-{os.getpid()}") as running:
        yield running


def ssh(lab: Lab, host: str, command: str) -> subprocess.CompletedProcess[str]:
    words = ["ssh", "-F", str(lab.ssh_config), "-o", "BatchMode=yes", host, command]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)


def test_a_host_looks_like_el7(lab: Lab) -> None:
    seen = ssh(lab, "plain", "id -un; uname -r; rpm -q centos-release; cat /proc/1/comm; hostname")
    assert seen.stdout.splitlines() == [
        "ops",
        "3.10.0-1160.119.1.el7.x86_64",
        "centos-release-7-9.2009.1.el7.centos.x86_64",
        "systemd",
        "plain",
    ]


@pytest.mark.parametrize("python", ["python", "python2", "python3", "python3.11"])
def test_no_python_is_in_the_path_of_a_user_or_root(lab: Lab, python: str) -> None:
    assert ssh(lab, "plain", python).returncode == 127
    assert ssh(lab, "plain", f"sudo {python}").returncode == 1


def test_a_host_has_the_kernel_shell_and_sudo_of_its_options(lab: Lab) -> None:
    assert ssh(lab, "strict", "uname -r").stdout == "3.9.0\n"
    assert ssh(lab, "old", "uname -r").stdout.startswith("2.6.")
    assert ssh(lab, "strict", "echo $0 $shell").stdout.endswith("/bin/tcsh\n")
    assert ssh(lab, "plain", "sudo -n id -u").stdout == "0\n"
    assert ssh(lab, "strict", "sudo -n id -u").returncode != 0
    assert ssh(lab, "old", "sudo -n id -u").returncode != 0
    assert ssh(lab, "old", f"echo {Host.password} | sudo -S id -u").stdout == "0\n"


def test_yum_installs_only_signed_packages(lab: Lab) -> None:
    host = lab["plain"]
    assert host.run("yum -y install lab-b lab-nowhere").returncode == 0
    assert host.check("rpm -q lab-b") == "lab-b-2.0-1.el7.x86_64\n"
    for name in ("lab-unsigned", "lab-wrongkey", "lab-nowhere"):
        assert host.run(f"yum -y install {name}").returncode == 1
        assert host.run(f"rpm -q {name}").returncode == 1
    assert lab["old"].run("yum -y install lab-b").returncode == 1


def test_yum_waits_for_the_lock_and_ignores_a_stale_one(lab: Lab) -> None:
    host = lab["plain"]
    output = host.check(
        "sleep 600 >/dev/null 2>&1 & holder=$!; echo -n $holder >/var/run/yum.pid;"
        "yum -y install tree >/root/log 2>&1 & "
        "until grep -q lock /root/log; do sleep 0.1; done; kill $holder; wait $!; cat /root/log"
    )
    assert "Existing lock /var/run/yum.pid" in output
    host.check("rpm -q tree")
    host.check("echo -n 4194000 >/var/run/yum.pid")
    assert "Existing lock" not in host.check("yum -y remove tree")
    assert host.run("test -e /var/run/yum.pid").returncode == 1


def test_the_guard_refuses_newer_options_and_logs_them(lab: Lab) -> None:
    refused = ssh(lab, "plain", "systemctl show -p Id --value sshd")
    assert refused.returncode == 64
    assert refused.stderr.startswith("el7-guard: systemctl --value")
    assert ssh(lab, "plain", "sudo systemctl enable --now sshd").returncode == 64
    assert len(lab["plain"].guard_log().splitlines()) == 2
    assert ssh(lab, "strict", "systemctl is-active sshd").stdout == "active\n"
    assert lab["strict"].guard_log() == ""


@pytest.mark.parametrize("host", ["old", "strict"])
def test_docker_runs_hello_world(lab: Lab, host: str) -> None:
    mirror = f'{{"registry-mirrors": ["{lab.services.registry}"]}}'
    lab[host].check("mkdir -p /etc/docker")
    lab[host].write("/etc/docker/daemon.json", mirror)
    lab[host].check("systemctl restart docker")
    assert "Hello from Docker!" in lab[host].check("docker run --rm hello-world")


def test_docker_ce_is_installed_by_yum(lab: Lab) -> None:
    host = lab["plain"]
    repo = f"{lab.variables()['lab_docker_repo_url']}/docker-ce.repo"
    host.check(f"curl -fsS -o /etc/yum.repos.d/docker-ce.repo {repo}")
    host.check("yum -y install docker-ce")
    assert host.check("rpm -q docker-ce") == "docker-ce-26.1.4-1.el7.x86_64\n"
    assert host.run("systemctl is-active docker").stdout == "inactive\n"
    assert host.run("yum -y install docker").returncode == 1


def test_the_web_server_serves_files_and_faults(lab: Lab) -> None:
    url = f"{lab.variables()['lab_files_url']}/hello.txt"
    assert ssh(lab, "plain", f"curl -fsS {url}").stdout == "hello\n"
    lab.services.set_faults({"/files/": {"status": 503}})
    assert ssh(lab, "plain", f"curl -fsS {url}").returncode == 22
    lab.services.set_faults({})
    assert ssh(lab, "plain", f"curl -fsS {url}").returncode == 0


def test_a_host_can_be_cut_off_frozen_rebooted_and_stopped(lab: Lab) -> None:
    host = lab["plain"]
    quick = f"ssh -F {lab.ssh_config} -o ConnectTimeout=1 plain true".split()
    for fault, undo in ((host.cut, host.mend), (host.freeze, host.thaw)):
        fault()
        assert subprocess.run(quick, capture_output=True, check=False).returncode == 255
        undo()
        assert ssh(lab, "plain", "true").returncode == 0
    boot = host.check("cat /proc/sys/kernel/random/boot_id; stat -c %Y /run/lab-osrelease")
    host.check("touch /root/kept")
    host.reboot()
    assert host.check("stat -c %Y /run/lab-osrelease") not in boot
    host.stop()
    assert not host.is_running()
    host.start()
    host.wait()
    assert ssh(lab, "plain", "sudo ls /root/kept").returncode == 0


def test_down_leaves_no_process_folder_bridge_or_mount() -> None:
    name = f"gone-{os.getpid()}"
    lab = Lab.up(1, name=name)
    pid, folder = lab["el7-1"].init, lab.folder
    Lab.load(name).down()
    assert not Path(f"/proc/{pid}").exists()
    assert not folder.exists()
    assert not exists(bridge_name(lab.number))
    assert str(folder) not in Path("/proc/mounts").read_text()


def test_a_crashed_lab_is_replaced_by_a_new_one() -> None:
    name = f"crash-{os.getpid()}"
    first = Lab.up(1, name=name)
    init = first["el7-1"].init
    for record in first.folder.rglob("*.pid"):
        os.kill(int(record.read_text().split()[0]), signal.SIGKILL)
    with Lab.up(1, name=name) as second:
        assert ssh(second, "el7-1", "true").returncode == 0
        assert not Path(f"/proc/{init}/exe").exists()
