"""One host of a lab: its files, start and stop, commands in it, and faults."""

from __future__ import annotations

import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.lab import network
from tests.lab.cache import HERE
from tests.lab.commands import LabError, run
from tests.lab.keys import keys
from tests.lab.options import PASSWORD, USER, HostOptions
from tests.lab.processes import (
    container_init,
    container_processes,
    kill_inside,
    kill_recorded,
    process_tree,
    running_pid,
    send,
    start_process,
    wait_for,
)

_NSPAWN = (
    "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "--capability=all",
    "--drop-capability=CAP_SYS_TIME",  # a host must not set the clock of the machine it runs on
    "--system-call-filter=add_key keyctl bpf", "--console=pipe", "--link-journal=no",
)  # fmt: skip
BOOT = 240
"""Seconds that a boot, a shutdown or a command may take. On a busy machine a boot takes 60."""
_ROOT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Host:
    """A host. `folder` holds its state; `layers` are the lower layers, top first."""

    name: str
    number: int
    index: int
    folder: Path
    layers: tuple[Path, ...]
    options: HostOptions

    user = USER
    password = PASSWORD

    @property
    def address(self) -> str:
        return network.host_address(self.number, self.index)

    @property
    def machine(self) -> str:
        return f"p{self.number}h{self.index}"

    @property
    def key(self) -> Path:
        """The private ssh key of `ops`."""
        return keys() / "id_ed25519"

    @property
    def upper(self) -> Path:
        """The folder of all files that differ from the lower layers."""
        return self.folder / "upper"

    @property
    def _record(self) -> Path:
        return self.folder / "keeper.pid"

    # Start and stop.

    def start(self) -> None:
        """Start the host. `wait` waits until ssh answers."""
        for name in ("root", "work"):
            (self.folder / name).mkdir(exist_ok=True)
        keeper, root = HERE / "keeper.sh", self.folder / "root"
        command = ["unshare", "--mount", str(keeper), str(root)]
        lower = ":".join(str(layer) for layer in self.layers)
        nspawn_options = [
            f"--directory={root}",
            f"--machine={self.machine}",
            f"--hostname={self.name}",
            f"--network-bridge={network.bridge_name(self.number)}",
            f"--bind={self.folder / 'docker'}:/var/lib/docker",
        ]
        command += [lower, str(self.upper), str(self.folder / "work"), *_NSPAWN, *nspawn_options]
        start_process(command, self.folder / "console.log", self._record)

    def wait(self, seconds: float = BOOT) -> None:
        """Wait until sshd listens and the boot has finished."""
        wait_for(self._answers, seconds, f"{self.name} ({self.address}) to answer ssh")

    def _answers(self) -> bool:
        if running_pid(self._record) is None:
            log = (self.folder / "console.log").read_text(errors="replace")
            raise LabError(f"{self.name} has ended:\n{log[-1500:]}")
        probe = "ss -Hltn 'sport = :22' | grep -q . && systemctl is-system-running"
        try:
            return self.run(probe, timeout=10).stdout.strip() in ("running", "degraded")
        except (LabError, subprocess.TimeoutExpired):
            return False

    def is_running(self) -> bool:
        return running_pid(self._record) is not None

    def kill(self) -> None:
        """Kill every process, as a power cut would."""
        init = self._init()
        if init is not None:
            send([init], signal.SIGKILL)
            with suppress(LabError):
                wait_for(lambda: not self.is_running(), 5, f"{self.name} to end")
        kill_recorded(self._record)
        kill_inside(self.folder)
        wait_for(
            lambda: not network.exists(network.port_name(self.machine)), BOOT, "the link to go"
        )

    def stop(self, seconds: float = BOOT) -> None:
        """Shut the host down."""
        send([self.init], signal.SIGRTMIN + 4)
        wait_for(lambda: not self.is_running(), seconds, f"{self.name} to shut down")
        self.kill()

    def reboot(self, seconds: float = BOOT) -> None:
        """Reboot from inside and wait for ssh."""
        before = self.init
        send([before], signal.SIGRTMIN + 5)
        wait_for(lambda: self._init() not in (None, before), seconds, f"{self.name} to reboot")
        self.wait(seconds)

    # Commands and files.

    @property
    def init(self) -> int:
        """The pid of the host's init process, as seen on this machine."""
        pid = self._init()
        if pid is None:
            raise LabError(f"{self.name} is not running")
        return pid

    def _init(self) -> int | None:
        keeper = running_pid(self._record)
        return container_init(keeper) if keeper is not None else None

    def command(self, command: str) -> list[str]:
        """Return the command that runs a shell command on the host as root, without ssh."""
        enter = ["nsenter", "--target", str(self.init), "--mount", "--uts", "--ipc", "--net"]
        enter += ["--pid", "--root", "--wd"]
        clean = ["env", "-i", f"PATH={_ROOT_PATH}", "HOME=/root", "TERM=dumb", "LC_ALL=C"]
        return [*enter, *clean, "/bin/bash", "-c", f"cd /\n{command}"]

    def run(
        self, command: str, *, text: str | None = None, timeout: float | None = BOOT
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command on the host as root, without ssh. Any exit status is accepted."""
        return run(self.command(command), text=text, check=False, timeout=timeout)

    def check(self, command: str, *, timeout: float | None = BOOT) -> str:
        """Run a shell command on the host as root; return its output. Raises LabError."""
        return run(self.command(command), timeout=timeout).stdout

    def write(self, path: str, text: str, mode: str = "0644") -> None:
        """Write a file on the host as root."""
        done = self.run(f"cat >'{path}' && chmod {mode} '{path}'", text=text)
        if done.returncode != 0:
            raise LabError(f"{self.name}: {path}: {done.stderr}")

    def guard_log(self) -> str:
        """Return what the guard has refused so far; "" if nothing newer than EL7 was used."""
        return self.run("cat /var/log/el7-guard.log 2>/dev/null").stdout

    # Faults.

    def freeze(self) -> None:
        """Stop every process (SIGSTOP). The kernel still acknowledges packets."""
        send(container_processes(self.init), signal.SIGSTOP)

    def thaw(self) -> None:
        send(container_processes(self.init), signal.SIGCONT)

    def cut(self, how: str = "drop") -> None:
        """Cut the network: "drop" loses packets silently, "down" sets the link down."""
        network.cut(self.machine, how)

    def mend(self) -> None:
        network.reconnect(self.machine, self.number)

    def sshd_sessions(self) -> list[int]:
        """Return the pids, on this machine, of the sshd processes that serve sessions."""
        servers = [pid for pid in process_tree(self.init) if _argv(pid).startswith("sshd: ")]
        return [pid for pid in servers if "[listener]" not in _argv(pid)]

    def remove(self) -> None:
        """Kill the host and delete its files."""
        self.kill()
        shutil.rmtree(self.folder)


def _argv(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""
