"""The benchmark's hosts: a real sshd for each, on a loopback address.

Host N listens on 127.9.0.N. At 127.9.R.N a proxy (benchmarks/delay.py) passes connections on to it
with a round trip of R ms. All hosts share this machine's files, so each has a directory of its own
(`Host.root`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.link import Link

PLAY = Path(__file__).parent / "play"
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin") or ""
# The key exchanges of CentOS 7's sshd (7.4). The newer default, sntrup761, costs ssh 66 ms of CPU
# for each connection and would make plain ssh look slower than it is on CentOS 7.
KEX = (
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
    "ecdh-sha2-nistp521,diffie-hellman-group16-sha512,diffie-hellman-group14-sha256"
)
SEEDS = {
    "limits.conf": "nproc=4096\nnofile=1024\ncore=0\n",
    "sysctl.conf": "somaxconn=128\nswappiness=60\n",
}
LINES = {"limits.conf": "nofile=65536", "sysctl.conf": "swappiness=10"}
MAX_HOSTS = 250


@dataclass(frozen=True)
class Host:
    name: str
    address: str
    port: int
    root: Path


@dataclass(frozen=True)
class Fleet:
    """The running sshds, and the files needed to log in to them."""

    folder: Path
    port: int
    link: Link | None = None
    """The shaped network in front of the host, if there is one."""

    @property
    def key(self) -> Path:
        return self.folder / "id"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def hosts(self, count: int, rtt: int = 0) -> list[Host]:
        """Return the first `count` hosts at the addresses with a round trip of `rtt` ms."""
        return [
            Host(f"h{n:03}", self._address(rtt, n), self.port, self.folder / "hosts" / f"h{n:03}")
            for n in range(1, count + 1)
        ]

    def _address(self, rtt: int, number: int) -> str:
        return f"127.9.{rtt}.{number}" if self.link is None else self.link.address


@contextlib.contextmanager
def fleet(
    folder: Path, count: int, rtts: Sequence[int], link: Link | None = None
) -> Iterator[Fleet]:
    """Start `count` hosts, each reachable with all round trips of `rtts` (ms), or behind a link.

    All are stopped at the end.
    """
    if not SSHD or os.getuid() != 0:
        raise SystemExit("the benchmark needs root and openssh-server")
    if not 1 <= count <= MAX_HOSTS or any(not 0 <= rtt <= 255 for rtt in rtts):
        raise SystemExit(f"1 to {MAX_HOSTS} hosts, 0 to 255 ms")
    running = Fleet(folder, _free_port(), link)
    with contextlib.ExitStack() as stack:
        _make_keys(running, count, rtts)
        for host in running.hosts(count):
            command = _sshd_command(running, host)
            command = command if link is None else link.command(command)
            stack.enter_context(_process(command))
        for host in running.hosts(count):
            _wait_for(host)
        for rtt in filter(None, rtts):
            command = [sys.executable, "-m", "benchmarks.delay"]
            stack.enter_context(_process([*command, str(running.port), str(rtt), str(count)]))
            for host in running.hosts(count, rtt):
                _wait_for(host)
        yield running


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.9.0.1", 0))
        return int(probe.getsockname()[1])


def _make_keys(running: Fleet, count: int, rtts: Sequence[int]) -> None:
    folder = running.folder
    for name in ("id", "host_key"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    public = " ".join((folder / "host_key.pub").read_text().split()[:2])
    addresses = [host.address for rtt in {0, *rtts} for host in running.hosts(count, rtt)]
    lines = (f"[{address}]:{running.port} {public}\n" for address in addresses)
    running.known_hosts.write_text("".join(lines))
    shutil.copytree(PLAY / "fakes", folder / "bin")
    (folder / "remote").mkdir()
    Path("/run/sshd").mkdir(exist_ok=True)


def _sshd_command(running: Fleet, host: Host) -> list[str]:
    options = {
        "ListenAddress": host.address,
        "Port": host.port,
        "HostKey": running.folder / "host_key",
        "KexAlgorithms": KEX,
        "AuthorizedKeysFile": running.folder / "id.pub",
        "PidFile": "none",
        "StrictModes": "no",
        "PermitRootLogin": "yes",
        "UsePAM": "no",
        "UseDNS": "no",
        "MaxStartups": "1000",
        "MaxSessions": "100",
        # Not root's own home: bash reads ~/.bashrc for each command that sshd runs.
        "SetEnv": f"PATH={running.folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        f" HOME={running.folder}/remote",
        "Subsystem": "sftp internal-sftp",
    }
    command = [SSHD, "-D", "-e", "-q", "-f", "/dev/null"]
    for name, value in options.items():
        command += ["-o", f"{name}={value}"]
    return command


@contextlib.contextmanager
def _process(command: list[str]) -> Iterator[None]:
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=root) as process:
        try:
            yield
        finally:
            process.terminate()


def _wait_for(host: Host) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((host.address, host.port), 5) as connection,
        ):
            if connection.recv(4) == b"SSH-":
                return
        time.sleep(0.02)
    raise SystemExit(f"nothing listens on {host.address}:{host.port}")


def reset(hosts: Sequence[Host]) -> None:
    """Give the hosts the state that a first run starts from."""
    for host in hosts:
        shutil.rmtree(host.root, ignore_errors=True)
        host.root.mkdir(parents=True)
        for name, text in SEEDS.items():
            (host.root / name).write_text(text)


def problem(hosts: Sequence[Host]) -> str:
    """Return the first thing that the play should have done and did not; "" if it did all."""
    for host in hosts:
        app = host.root / "app"
        for name in "abcd":
            file = app / "conf" / f"{name}.conf"
            if not file.is_file() or file.read_bytes() != (PLAY / "files" / file.name).read_bytes():
                return f"{file} has the wrong content"
        for marker in ("initialised", "registered"):
            if not (app / "data" / marker).exists():
                return f"{app}/data/{marker} is missing"
        if not (app / "log").is_dir():
            return f"{app}/log is missing"
        for name, line in LINES.items():
            if line not in (host.root / name).read_text().splitlines():
                return f"{host.root / name} lacks the line {line}"
    return ""
