"""verify, restart, upgrade, uninstall and new-server on real hosts."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from provisioner.cli import dispatch
from tests.e2e.conftest import MakeLab
from tests.e2e.frames import note_writes
from tests.e2e.listing import baseline, differences, listing
from tests.e2e.runs import COMMAND, Provision, Run, checked, finish
from tests.e2e.watching import reset_start_limit
from tests.lab import Host, HostOptions, Lab
from tests.lab.keys import keys

pytestmark = pytest.mark.lab

MOST_FRAMES = 4
"""Frames of verify.yml: it reads the units, then asks the daemon."""

SLEEPER = r"""
tar -chf - /bin/sleep $(ldd /bin/sleep | grep -o '/[^ ]*') 2>/dev/null | docker import - sleeper
docker run -d --name comes-back --restart always sleeper /bin/sleep 9999
docker run -d --name unless --restart unless-stopped sleeper /bin/sleep 9999
docker run -d --name plain sleeper /bin/sleep 9999
"""
"""Make an image of the host's files, and containers with and without a restart policy."""

OFFLINE_CMD = r"""#!/bin/bash
# Stands for firewall-offline-cmd: the lab's firewall-cmd, on its permanent lines.
mkdir -p /run/firewalld
firewall-cmd --permanent "$@"
code=$?
rmdir /run/firewalld 2>/dev/null
exit "$code"
"""


def with_docker(lab: Lab, *hosts: str) -> None:
    """Let daemons of hosts that have Docker pull from the lab's registry; create containers."""
    settings = {"registry-mirrors": [lab.variables()["lab_registry"]]}
    for host in hosts:
        lab[host].check("systemctl stop docker.socket docker 2>/dev/null; true")
        lab[host].write("/etc/docker/daemon.json", json.dumps(settings))
        lab[host].check("systemctl enable docker && systemctl restart docker")
        lab[host].check(SLEEPER)


@pytest.fixture(autouse=True)
def forgiven(lab: Lab) -> None:
    reset_start_limit(lab)


def running(host: Host) -> set[str]:
    return set(host.check("docker ps --format '{{.Names}}'").split())


def reason(run: Run, host: str) -> str:
    message: str = run.failure(host)["message"]
    return message


class TestVerify:
    @pytest.fixture(scope="class")
    @classmethod
    def lab(cls, make_lab: MakeLab) -> Lab:
        editions = {"ce": HostOptions(docker="ce"), "distro": HostOptions(docker="distro")}
        lab = make_lab({**editions, "bare": HostOptions()})
        with_docker(lab, *editions)
        return lab

    @pytest.mark.parametrize(("host", "version"), [("ce", "26.1.4"), ("distro", "1.13.1")])
    def test_shows_the_docker_of_both_editions(
        self, lab: Lab, provision: Provision, host: str, version: str
    ) -> None:
        run = provision(lab, "verify", "--limit", host)
        notes = dict(note.split(": ", 1) for note in run.finished(host)["notes"])
        assert notes["docker_version"].startswith(f"Docker version {version}")
        assert notes["docker_info"].startswith(f"server {version}, overlay2")
        assert "3 of 3 containers run" in notes["docker_info"]
        assert notes["docker_unit"] == "active, enabled"
        assert run.summary(host)["changed"] == 0

    def test_changes_nothing_at_all(self, lab: Lab, provision: Provision) -> None:
        before = baseline(lab["ce"])
        provision(lab, "verify", "--limit", "ce")
        assert differences(before, listing(lab["ce"])) == []

    def test_takes_few_frames(
        self,
        lab: Lab,
        provision: Provision,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setenv("HOME", str(provision.home))
        written = note_writes(monkeypatch)
        status = dispatch(provision.words(lab, "verify", "--limit", "ce")[len(COMMAND) :])
        checked(finish(status, *capsys.readouterr()), 0)
        assert 1 <= len(written["ce"].frames) <= MOST_FRAMES

    def test_fails_for_a_host_without_docker(self, lab: Lab, provision: Provision) -> None:
        run = provision(lab, "verify", expect=2)
        assert "Docker is not installed" in reason(run, "bare")
        assert run.status("ce") == run.status("distro") == "ok"

    def test_fails_where_a_wish_is_not_met(self, lab: Lab, provision: Provision) -> None:
        wishes: dict[str, Any] = {
            "docker_verify_version": "26.1.4",
            "docker_verify_running": ["unless", "gone"],
        }
        run = provision(lab, "verify", "--limit", "ce,distro", expect=2, **wishes)
        assert "these containers do not run: gone" in reason(run, "ce")
        assert "docker_verify_version asks for 26.1.4" in reason(run, "distro")

    def test_does_not_start_a_daemon_that_its_socket_would(
        self, lab: Lab, provision: Provision
    ) -> None:
        lab["ce"].check("systemctl stop docker && systemctl start docker.socket")
        run = provision(lab, "verify", "--limit", "ce", expect=2)
        assert "docker.service is inactive" in reason(run, "ce")
        assert lab["ce"].run("systemctl is-active docker").returncode != 0
        lab["ce"].check("systemctl start docker")

    def test_fails_for_a_docker_that_a_reboot_would_end(
        self, lab: Lab, provision: Provision
    ) -> None:
        lab["distro"].check("systemctl disable docker")
        run = provision(lab, "verify", "--limit", "distro", expect=2)
        assert "gone after a reboot" in reason(run, "distro")
        provision(lab, "verify", "--limit", "distro", docker_verify_boot=False)


class TestRestart:
    @pytest.fixture(scope="class")
    @classmethod
    def lab(cls, make_lab: MakeLab) -> Lab:
        lab = make_lab({"ce": HostOptions(docker="ce"), "distro": HostOptions(docker="distro")})
        with_docker(lab, "ce", "distro")
        return lab

    def test_restarts_one_host_after_the_other(self, lab: Lab, provision: Provision) -> None:
        run = provision(lab, "restart")
        assert run.changed("ce") == run.changed("distro") == ["Docker is restarted"]
        hosts = [event["host"] for event in run.of("task_finished")]
        assert hosts == sorted(hosts, key=["ce", "distro"].index)

    def test_sees_containers_with_a_policy_come_back(self, lab: Lab, provision: Provision) -> None:
        run = provision(lab, "restart", docker_serial=2)
        for host in ("ce", "distro"):
            assert {"comes-back", "unless"} <= running(lab[host])
            assert "docker_containers: 2 with a restart policy" in run.finished(host)["notes"][1]

    def test_stops_and_disables_starts_and_enables(self, lab: Lab, provision: Provision) -> None:
        stop: dict[str, Any] = {"docker_state": "stopped", "docker_enabled": False}
        start: dict[str, Any] = {"docker_state": "started", "docker_enabled": True}
        provision(lab, "restart", **stop)
        for host in ("ce", "distro"):
            assert lab[host].run("systemctl is-active docker docker.socket").returncode != 0
            assert lab[host].run("systemctl is-enabled docker").returncode != 0
        again = provision(lab, "restart", **stop)
        assert [again.status(host) for host in ("ce", "distro")] == ["ok", "ok"]
        provision(lab, "restart", **start)
        for host in ("ce", "distro"):
            lab[host].check("systemctl is-active docker && systemctl is-enabled docker")
        again = provision(lab, "restart", **start)
        assert [again.status(host) for host in ("ce", "distro")] == ["ok", "ok"]

    def test_stops_at_the_first_host_that_fails(self, lab: Lab, provision: Provision) -> None:
        settings = lab["ce"].check("cat /etc/docker/daemon.json")
        lab["ce"].write("/etc/docker/daemon.json", "{")
        run = provision(lab, "restart", expect=2)
        assert (run.status("ce"), run.status("distro")) == ("failed", "not-run")
        lab["ce"].write("/etc/docker/daemon.json", settings)
        lab["ce"].check("systemctl reset-failed docker; systemctl start docker")

    def test_waits_for_containers_and_names_those_that_do_not_come(
        self, lab: Lab, provision: Provision
    ) -> None:
        """The container runs when it is looked at, but can't be started again."""
        host = lab["distro"]
        host.check("docker run -d --name broken --restart always -v /opt/gone:/x sleeper "
                   "/bin/sleep 9999")  # fmt: skip
        id_ = host.check("docker inspect --format '{{.Id}}' broken").strip()
        host.check(f"rm -rf /var/lib/docker/containers/{id_}")
        run = provision(lab, "restart", "--limit", "distro", expect=2, docker_wait_seconds=2)
        assert "these containers are not back: broken" in reason(run, "distro")

    def test_refuses_a_state_that_there_is_not(self, lab: Lab, provision: Provision) -> None:
        run = provision(lab, "restart", "--limit", "ce", expect=2, docker_state="up")
        assert "it can be restarted, started, stopped or reloaded" in reason(run, "ce")


class TestUpgrade:
    @pytest.fixture(scope="class")
    @classmethod
    def lab(cls, make_lab: MakeLab) -> Lab:
        """Two hosts with an older release, one with the other edition, one without Docker."""
        ce = {name: HostOptions(docker="ce") for name in ("old-1", "old-2")}
        lab = make_lab({**ce, "distro": HostOptions(docker="distro"), "bare": HostOptions()})
        with_docker(lab, *ce, "distro")
        for host in ce:
            url = f"{lab.variables()['lab_docker_repo_url']}/7/x86_64/stable"
            lab[host].write("/etc/yum.repos.d/old.repo", f"[old]\nname=old\nbaseurl={url}\n")
            lab[host].check("yum -y --nogpgcheck downgrade docker-ce-26.1.3 docker-ce-cli-26.1.3")
            lab[host].check("rm /etc/yum.repos.d/old.repo")
            lab[host].check("systemctl restart docker")
        return lab

    def test_says_in_check_mode_what_it_would_do(self, lab: Lab, provision: Provision) -> None:
        run = provision(lab, "upgrade", "--check", "--limit", "old-*")
        assert "Docker is 26.1.4" in run.changed("old-1")
        lab["old-1"].check("rpm -q docker-ce-26.1.3")

    def test_brings_hosts_to_the_release_one_after_the_other(
        self, lab: Lab, provision: Provision
    ) -> None:
        before = {host: running(lab[host]) for host in ("old-1", "old-2")}
        run = provision(lab, "upgrade", "--limit", "old-*")
        hosts = [event["host"] for event in run.of("task_finished")]
        assert hosts == sorted(hosts)
        for host in ("old-1", "old-2"):
            assert "Docker is 26.1.4" in run.changed(host)
            assert "The new release is the one that runs" in run.changed(host)
            assert "docker: 26.1.3 → 26.1.4" in run.finished(host)["notes"]
            lab[host].check("rpm -q docker-ce-26.1.4 docker-ce-cli-26.1.4")
            assert running(lab[host]) >= before[host] - {"plain"}
            assert lab[host].guard_log() == ""

    def test_changes_nothing_a_second_time(self, lab: Lab, provision: Provision) -> None:
        run = provision(lab, "upgrade", "--limit", "old-*", docker_serial=2)
        assert [run.changed(host) for host in ("old-1", "old-2")] == [[], []]

    def test_does_not_go_back_unasked(self, lab: Lab, provision: Provision) -> None:
        run = provision(lab, "upgrade", "--limit", "old-*", expect=2, docker_ce_version="26.1.3")
        assert "docker_allow_downgrade=true allows that" in reason(run, "old-1")
        assert run.status("old-2") == "not-run"
        lab["old-1"].check("rpm -q docker-ce-26.1.4")

    def test_refuses_a_host_without_docker(self, lab: Lab, provision: Provision) -> None:
        run = provision(lab, "upgrade", "--limit", "bare", expect=2)
        assert "no Docker is installed" in reason(run, "bare")

    def test_refuses_to_change_the_edition_unasked(self, lab: Lab, provision: Provision) -> None:
        before = running(lab["distro"])
        run = provision(lab, "upgrade", "--limit", "distro", expect=2)
        assert "docker_edition_change=true replaces it" in reason(run, "distro")
        assert running(lab["distro"]) == before

    def test_stops_no_container_for_a_release_that_there_is_not(
        self, lab: Lab, provision: Provision
    ) -> None:
        before = running(lab["distro"])
        variables: dict[str, Any] = {"docker_edition_change": True, "docker_ce_version": "26.9.9"}
        run = provision(lab, "upgrade", "--limit", "distro", expect=2, **variables)
        assert "no repository has docker-ce-26.9.9" in reason(run, "distro")
        assert running(lab["distro"]) == before

    def test_changes_the_edition_and_starts_what_has_a_policy(
        self, lab: Lab, provision: Provision
    ) -> None:
        host = lab["distro"]
        settings = json.loads(host.check("cat /etc/docker/daemon.json"))
        run = provision(lab, "upgrade", "--limit", "distro", docker_edition_change=True)
        host.check("rpm -q docker-ce-26.1.4 && ! rpm -q docker")
        assert "docker: 1.13.1 → 26.1.4" in run.finished("distro")["notes"]
        assert running(host) == {"comes-back", "unless"}
        assert "plain" in host.check("docker ps -a")
        now = json.loads(host.check("cat /etc/docker/daemon.json"))
        assert now == {**settings, "runtimes": {"docker-runc": {"path": "runc"}}}
        again = provision(lab, "upgrade", "--limit", "distro", docker_edition_change=True)
        assert again.changed("distro") == []


class TestUninstall:
    @pytest.fixture(scope="class")
    @classmethod
    def lab(cls, make_lab: MakeLab) -> Lab:
        lab = make_lab({"ce": HostOptions(docker="ce"), "distro": HostOptions(docker="distro")})
        with_docker(lab, "ce", "distro")
        return lab

    @pytest.mark.parametrize("root", ["/", "/var/lib", "/srv/../var/lib/docker", "docker", "/opt"])
    def test_deletes_no_directory_that_is_not_docker_s(
        self, lab: Lab, provision: Provision, root: str
    ) -> None:
        lab["ce"].check("mkdir -p /opt/mine")
        variables: dict[str, Any] = {"docker_remove_data": True, "docker_data_root": root}
        run = provision(lab, "uninstall", "--limit", "ce", expect=2, **variables)
        assert "is not what can be deleted safely" in reason(run, "ce")
        lab["ce"].check("rpm -q docker-ce && test -d /opt/mine && docker info")

    def test_removes_all_but_the_data(self, lab: Lab, provision: Provision) -> None:
        provision(lab, "docker", "--limit", "ce")
        run = provision(lab, "uninstall")
        for name in ("ce", "distro"):
            host = lab[name]
            assert "The packages are gone" in run.changed(name)
            assert host.check("rpm -qa 'docker*' 'containerd*'") == ""
            host.check("! test -e /etc/docker/daemon.json -o -e /etc/yum.repos.d/docker-ce.repo")
            host.check("! test -e /etc/systemd/system/docker.service.d")
            host.check("! test -e /etc/sysctl.d/99-docker.conf")
            host.check("test -d /var/lib/docker/image && test -d /var/lib/docker/containers")
            assert host.run("pgrep -f 'sleep 9999|dockerd|containerd'").returncode != 0
            host.check("getent group docker || getent group dockerroot")
            assert host.guard_log() == ""

    def test_changes_nothing_a_second_time(self, lab: Lab, provision: Provision) -> None:
        run = provision(lab, "uninstall")
        assert [run.changed(host) for host in ("ce", "distro")] == [[], []]

    def test_deletes_the_data_where_that_is_wanted(self, lab: Lab, provision: Provision) -> None:
        run = provision(lab, "uninstall", "--limit", "ce", docker_remove_data=True)
        assert "Images, containers and volumes are deleted" in run.changed("ce")
        assert lab["ce"].check("ls -A /var/lib/docker") == ""
        again = provision(lab, "uninstall", "--limit", "ce", docker_remove_data=True)
        assert again.changed("ce") == []


class TestNewServer:
    @pytest.fixture(scope="class")
    @classmethod
    def lab(cls, make_lab: MakeLab) -> Lab:
        lab = make_lab({
            "fresh": HostOptions(repos="dead-mirrorlist"),
            "other": HostOptions(),
            "password": HostOptions(login="password"),
        })  # fmt: skip
        for host in ("fresh", "other", "password"):
            lab[host].write("/usr/bin/firewall-offline-cmd", OFFLINE_CMD)
            lab[host].check("chmod 755 /usr/bin/firewall-offline-cmd")
        return lab

    @pytest.fixture(scope="class")
    @classmethod
    def settings(cls) -> dict[str, Any]:
        """Only kernel settings that a network namespace has of its own."""
        return {
            "server_hostname": "{{ inventory_hostname }}.example.net",
            "server_timezone": "Europe/Berlin",
            "server_packages": ["tree", "jq"],
            "server_ntp_servers": ["ntp.example.net"],
            "server_sysctl": {"net.ipv4.conf.all.accept_redirects": 0},
            "server_limits": [{"domain": "*", "type": "-", "item": "nofile", "value": 65536}],
            "server_admins": [{"name": "alice", "ssh_keys": [_public_key()]}],
            "server_firewall_services": ["https"],
            "server_firewall_ports": ["8080/tcp"],
        }

    @pytest.fixture(scope="class")
    @classmethod
    def first(
        cls, lab: Lab, settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
    ) -> Run:
        provision = Provision(tmp_path_factory.mktemp("home"))
        look = ("new-server", "--check", "--diff", "--limit", "fresh")
        provision(lab, *look, **settings)  # let logins and rpm write their files the first time
        before = listing(lab["fresh"])
        provision(lab, *look, **settings)
        assert listing(lab["fresh"]) == before, "check mode changed something"
        return provision(lab, "new-server", "--limit", "fresh", **settings)

    def test_brings_a_fresh_host_in_order(self, lab: Lab, first: Run) -> None:
        host = lab["fresh"]
        assert first.status("fresh") == "changed"
        assert host.check("hostname") == "fresh.example.net\n"
        assert host.check("date +%Z").strip() in ("CET", "CEST")
        host.check("rpm -q tree jq chrony firewalld docker-ce")
        host.check("systemctl is-active chronyd firewalld docker")
        assert "server ntp.example.net iburst" in host.check("cat /etc/chrony.conf")
        host.check("test -d /var/log/journal && journalctl -n 1")
        assert "65536" in host.check("cat /etc/security/limits.d/90-provision.conf")
        assert host.check("firewall-cmd --list-services").split() == [
            "ssh", "dhcpv6-client", "https",
        ]  # fmt: skip
        assert "8080/tcp" in host.check("firewall-cmd --list-ports")

    def test_lets_the_administrator_in_and_no_password(self, lab: Lab, first: Run) -> None:
        assert first.exit == 0
        assert _login(lab, "fresh", "alice", "sudo -n id -u").stdout == "0\n"
        effective = lab["fresh"].check("sshd -T").splitlines()
        assert "passwordauthentication no" in effective
        assert "permitrootlogin no" in effective

    def test_uses_no_option_that_el7_lacks(self, lab: Lab, first: Run) -> None:
        assert first.exit == 0
        assert lab["fresh"].guard_log() == ""

    def test_changes_nothing_a_second_time(
        self, lab: Lab, settings: dict[str, Any], first: Run, provision: Provision
    ) -> None:
        assert first.exit == 0
        run = provision(lab, "new-server", "--limit", "fresh", **settings)
        assert run.changed("fresh") == []

    def test_leaves_out_what_is_not_wanted(
        self, lab: Lab, settings: dict[str, Any], provision: Provision
    ) -> None:
        off: dict[str, Any] = {"server_hostname": "", "server_timezone": "", "server_packages": [],
               "server_chrony": False, "server_journal": False, "server_sysctl": {},
               "server_admins": [], "server_sshd": False, "server_firewall": False,
               "server_docker": False, "centos_repair_repos": False,
               "server_limits": []}  # fmt: skip
        run = provision(lab, "new-server", "--limit", "other", **{**settings, **off})
        assert run.changed("other") == []
        assert lab["other"].run("rpm -q docker-ce").returncode != 0

    def test_runs_single_parts_by_tag(
        self, lab: Lab, settings: dict[str, Any], provision: Provision
    ) -> None:
        run = provision(lab, "new-server", "--limit", "other", "--tags", "timezone", **settings)
        assert run.changed("other") == ["The time zone is Europe/Berlin"]

    def test_gives_sshd_its_old_settings_back_when_it_dies_of_the_new(
        self, lab: Lab, settings: dict[str, Any], provision: Provision
    ) -> None:
        """The host lacks the address: `sshd -t` accepts it, but sshd can't start with it."""
        host = lab["other"]
        before = host.check("cat /etc/ssh/sshd_config")
        options: dict[str, Any] = {
            **settings,
            "server_sshd_options": {"ListenAddress": "192.0.2.1"},
        }
        run = provision(
            lab, "new-server", "--limit", "other", "--tags", "sshd", expect=2, **options
        )
        assert "It has its old settings" in reason(run, "other")
        assert host.check("cat /etc/ssh/sshd_config") == before
        assert _login(lab, "other", host.user, "echo in").stdout == "in\n"

    def test_keeps_sshd_open_where_nobody_has_a_key(
        self, lab: Lab, settings: dict[str, Any], provision: Provision
    ) -> None:
        host = lab["password"]
        before = host.check("cat /etc/ssh/sshd_config; rm -f /home/ops/.ssh/authorized_keys")
        options: dict[str, Any] = {**settings, "server_admins": []}
        run = provision(
            lab, "new-server", "--limit", "password", "--tags", "sshd", expect=2, **options
        )
        assert "sshd was not changed" in reason(run, "password")
        assert host.check("cat /etc/ssh/sshd_config") == before


def _public_key() -> str:
    return (keys() / "id_ed25519.pub").read_text().strip()


def _login(lab: Lab, host: str, user: str, command: str) -> subprocess.CompletedProcess[str]:
    """Log in with OpenSSH's client."""
    options = ["-F", lab.ssh_config, "-i", keys() / "id_ed25519", "-o", "BatchMode=yes"]
    words = ["ssh", *map(str, options), "-l", user, host, command]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=True)
