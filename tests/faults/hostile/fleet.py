"""A fleet of good and hostile hosts on loopback addresses, and a run of `provision` on it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.faults.hostile.lies import LIES, Lie
from tests.remote.sshd import ME, Sshd, keygen, sshd

PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - name: look
      stat: {path: /}
      when: looks
    - name: change
      command: touch {{ marks }}/{{ inventory_hostname }}
    - name: change again
      command: echo done
"""


@dataclass(frozen=True)
class Outcome:
    """What came of a run: its exit status, its screen, and what it took."""

    exit: int
    screen: str
    seconds: float
    megabytes: float
    statuses: dict[str, str]
    reasons: dict[str, str]
    since_signal: float = 0.0


@dataclass(frozen=True)
class Fleet:
    """The hosts of a run. The name of a hostile host is `lieN`, N its place in the table."""

    folder: Path
    good: tuple[str, ...]
    lies: dict[str, Lie]

    def marks(self) -> set[str]:
        """The hosts on which the change was really made."""
        return {path.name for path in (self.folder / "marks").iterdir()}

    def run(
        self, *options: str, interrupt_after: float | None = None, limit: float = 120.0
    ) -> Outcome:
        """Run the playbook, with SIGINT after so many seconds. It is killed after `limit`."""
        for mark in (self.folder / "marks").iterdir():
            mark.unlink()
        state = Path(tempfile.mkdtemp(dir=self.folder))
        began = time.monotonic()
        command = [sys.executable, "-m", "provisioner", "inventory.yml", "play.yml", *options]
        with (state / "screen").open("wb") as screen:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=subprocess.STDOUT,
                env={**os.environ, "XDG_STATE_HOME": str(state), "PYTHONPATH": str(Path.cwd())},
            )
        peak, signalled = 0, 0.0
        while process.poll() is None:
            peak = max(peak, _peak(process.pid))
            now = time.monotonic()
            if interrupt_after is not None and not signalled and now >= began + interrupt_after:
                process.send_signal(signal.SIGINT)
                signalled = now
            if now >= began + limit:
                process.kill()
            time.sleep(0.02)
        ended = time.monotonic()
        statuses, reasons = _journal(state)
        return Outcome(
            process.returncode,
            (state / "screen").read_text(errors="surrogateescape"),
            ended - began,
            peak / 1024,
            statuses,
            reasons,
            ended - signalled if signalled else 0.0,
        )


def _peak(pid: int) -> int:
    """Return the most memory that the process has had, in KiB."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        text = Path(f"/proc/{pid}/status").read_text()
        return int(text.partition("VmHWM:")[2].split()[0])
    return 0


def _journal(state: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the status of each host, and the reasons, as the run's journal has them."""
    statuses: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for path in state.glob("provision/runs/*"):
        for line in path.read_text().splitlines():
            event = json.loads(line)
            if event["event"] == "host_finished":
                reasons[event["host"]] = event.get("reason", "")
            elif event["event"] == "run_finished":
                statuses = {name: host["status"] for name, host in event["hosts"].items()}
    return statuses, reasons


@contextlib.contextmanager
def fleet(folder: Path, good: int, numbers: Sequence[int]) -> Iterator[Fleet]:
    """Start `good` sshds and a server for each lie with these numbers."""
    (folder / "marks").mkdir(parents=True)
    (folder / "play.yml").write_text(PLAYBOOK)
    hosts: dict[str, dict[str, object]] = {}
    with contextlib.ExitStack() as stack:
        known_hosts = folder / "known_hosts"
        for number in range(1, good + 1):
            address = f"127.0.0.{number + 1}"
            server = stack.enter_context(sshd(folder / f"good{number}", address=address))
            server.trust()
            with known_hosts.open("a") as stream:
                stream.write(server.known_hosts.read_text())
            hosts[f"good{number}"] = _variables(server)
        ports = stack.enter_context(_hostile_server(folder, numbers))
        key = " ".join((folder / "host_ed25519.pub").read_text().split()[:2])
        for number, port in ports.items():
            with known_hosts.open("a") as stream:
                stream.write(f"[127.0.0.1]:{port} {key}\n")
            hosts[f"lie{number}"] = {
                "ansible_host": "127.0.0.1",
                "ansible_port": port,
                "ansible_ssh_private_key_file": str(folder / "id"),
                "looks": LIES[number].looks,
            }
        common = {
            "ansible_user": ME,
            "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={known_hosts}"
            " -o IdentityAgent=none -o IdentitiesOnly=yes",
            "marks": str(folder / "marks"),
            "looks": False,
        }
        inventory = {"all": {"hosts": hosts, "vars": common}}
        (folder / "inventory.yml").write_text(yaml.safe_dump(inventory))
        names = tuple(name for name in hosts if name.startswith("good"))
        yield Fleet(folder, names, {f"lie{number}": LIES[number] for number in numbers})


def _variables(server: Sshd) -> dict[str, object]:
    return {
        "ansible_host": server.address,
        "ansible_port": server.port,
        "ansible_ssh_private_key_file": str(server.key),
    }


@contextlib.contextmanager
def _hostile_server(folder: Path, numbers: Sequence[int]) -> Iterator[dict[int, int]]:
    keygen(folder / "host_ed25519")
    keygen(folder / "id")
    command = [sys.executable, "-m", "tests.faults.hostile.server", str(folder)]
    process = subprocess.Popen([*command, *map(str, numbers)], stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not (folder / "ports").exists():
            assert process.poll() is None, "the hostile server has ended"
            assert time.monotonic() < deadline, "the hostile server does not start"
            time.sleep(0.02)
        ports = json.loads((folder / "ports").read_text())
        yield {int(number): port for number, port in ports.items()}
    finally:
        process.kill()
        process.wait()
