"""Hosts that are set up as hardening guides for CentOS 7 (CIS, STIG) require."""

from __future__ import annotations

import os

import pytest

from tests.e2e.conftest import MakeLab
from tests.e2e.runs import Provision
from tests.lab import HostOptions

pytestmark = pytest.mark.lab

HARDEN = r"""
cat >/etc/sudoers.d/00-hardened <<'END'
Defaults use_pty
Defaults logfile="/var/log/sudo.log"
Defaults timestamp_timeout=0
Defaults passwd_tries=1
END
chmod 0440 /etc/sudoers.d/00-hardened
cat >/etc/profile.d/hardened.sh <<'END'
readonly TMOUT=1; export TMOUT
umask 077
export GREP_OPTIONS=--color=always TAR_OPTIONS=--verbose LS_BLOCK_SIZE=K TIME_STYLE=long-iso
END
# EL7's /etc/bashrc reads these for each command that sshd runs.
sed -i '1i . /etc/profile.d/hardened.sh' /home/ops/.bashrc
echo 'Authorized uses only. All activity may be monitored and reported.' >/etc/issue.net
cat >>/etc/ssh/sshd_config <<'END'
Banner /etc/issue.net
Ciphers aes256-ctr,aes192-ctr,aes128-ctr
MACs hmac-sha2-512,hmac-sha2-256
KexAlgorithms diffie-hellman-group-exchange-sha256,ecdh-sha2-nistp521
MaxAuthTries 2
MaxSessions 2
AllowTcpForwarding no
ClientAliveInterval 300
ClientAliveCountMax 0
END
mount -t tmpfs -o noexec,nosuid,nodev tmpfs /tmp
mount -t tmpfs -o noexec,nosuid,nodev tmpfs /var/tmp
"""

PLAY = r"""
- hosts: all
  gather_facts: true
  become: true
  tasks:
    - {name: Send, copy: {src: large, dest: /srv/large, mode: "0640"}}
    - {name: Fetch, fetch: {src: /srv/large, dest: back/}}
    - {name: Idle for longer than the shell may be, pause: {seconds: 2}}
    - name: Bytes that a terminal would take for signals
      command: cat
      args: {stdin: "\x03\x04\x1a\x1c"}
      register: bytes
    - {assert: {that: bytes.stdout == "\x03\x04\x1a\x1c"}}
    - {name: Find, shell: "echo needle | grep -o need", register: found}
    - {assert: {that: found.stdout == "need"}}
    - {name: Wait, command: sleep 2, async: 20, poll: 1}
    - {name: Script, script: script.sh, register: said}
    - {assert: {that: said.stdout | trim == 'root'}}
    - {name: Be who logs in, command: id -un, become: false, register: login}
    - {name: Be another, command: id -un, become_user: nobody, register: other}
    - {assert: {that: login.stdout == "ops" and other.stdout == "nobody"}}
    - {name: Line, lineinfile: {path: /etc/hosts, line: 192.0.2.1 hardened}}
    - {name: Time, cron: {name: hardened, job: "true"}}
"""


TERMINAL = "echo 'Defaults requiretty' >/etc/sudoers.d/01-terminal; "
"""As in the sudoers file of EL7's first releases."""


def test_a_hardened_host_is_provisioned_like_any_other(
    make_lab: MakeLab, provision: Provision
) -> None:
    hosts = {"hard": HARDEN, "harder": TERMINAL + HARDEN}
    lab = make_lab(
        {name: HostOptions(boot_script=boot, sudo="password") for name, boot in hosts.items()}
    )
    large = os.urandom(6_000_000)
    (provision.home / "large").write_bytes(large)
    (provision.home / "script.sh").write_text("#!/bin/sh\nid -un\n")
    play = provision.home / "play.yml"
    play.write_text(PLAY)
    provision(lab, play)
    again = provision(lab, play)
    for host in hosts:
        assert (provision.home / "back" / host / "srv/large").read_bytes() == large
        assert again.tasks(host, "changed") == [
            "Bytes that a terminal would take for signals",
            *("Find", "Wait", "Script", "Be who logs in", "Be another"),
        ]
    provision(lab)
