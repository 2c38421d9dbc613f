"""Background processes of the lab, identified by pid and start time."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.lab.commands import LabError


def start_process(argv: Sequence[str | Path], log: Path, record: Path) -> None:
    """Start a process that outlives this one; write its pid and start time to `record`."""
    words = [str(word) for word in argv]
    with log.open("ab") as output:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, output.fileno(), 2),
        ]
        pid = os.posix_spawnp(words[0], words, dict(os.environ), file_actions=actions, setsid=True)
    record.write_text(f"{pid} {_start_time(pid)}\n")


def running_pid(record: Path) -> int | None:
    """Return the pid in `record` if that process still runs."""
    try:
        pid, started = record.read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if _start_time(int(pid)) == started else None


def _start_time(pid: int) -> str:
    """Return when a process started, in clock ticks; "" if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(word) for word in text.split()]


def process_tree(pid: int) -> list[int]:
    """Return a process and all its descendants, parents first."""
    pids = [pid]
    for parent in pids:
        pids.extend(children(parent))
    return pids


def container_init(keeper: int) -> int | None:
    """Return the pid, as seen on this machine, of a container's init process."""
    for pid in process_tree(keeper):
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        numbers = next(line.split()[1:] for line in lines if line.startswith("NSpid:"))
        if len(numbers) > 1 and numbers[-1] == "1":
            return pid
    return None


def container_processes(init: int) -> list[int]:
    """Return all processes in a container's pid namespace, without docker's nested ones."""
    namespace = Path(f"/proc/{init}/ns/pid").stat().st_ino
    pids = []
    for pid in all_pids():
        try:
            if Path(f"/proc/{pid}/ns/pid").stat().st_ino == namespace:
                pids.append(pid)
        except OSError:
            continue
    return pids


def send(pids: Sequence[int], number: int) -> None:
    """Send a signal to processes. Those that have ended are ignored."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def kill_recorded(record: Path) -> None:
    """Kill the process in `record` and its descendants, and wait until they have ended."""
    pid = running_pid(record)
    if pid is not None:
        pids = process_tree(pid)
        send(pids, signal.SIGKILL)
        wait_for(
            lambda: not any(_start_time(pid) for pid in pids), 240, f"process {pids[0]} to end"
        )
    _reap(record)
    record.unlink(missing_ok=True)


def kill_inside(folder: Path) -> None:
    """Kill every process whose root file system is a host's below `folder`, recorded or not."""
    inside = [pid for pid in all_pids() if _runs_on(pid, folder)]
    send(inside, signal.SIGKILL)
    wait_for(lambda: not any(_start_time(pid) for pid in inside), 240, f"{folder.name} to end")


def _runs_on(pid: int, folder: Path) -> bool:
    try:
        return f"upperdir={folder}/" in Path(f"/proc/{pid}/mountinfo").read_text()
    except OSError:
        return False


def all_pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _reap(record: Path) -> None:
    """Collect the exit status of the process in `record`, if it is a child of this one."""
    with suppress(FileNotFoundError, ValueError, ChildProcessError):
        os.waitpid(int(record.read_text().split()[0]), os.WNOHANG)


def wait_for_server(record: Path, address: str, log: Path) -> None:
    """Wait until the process in `record` accepts connections at `address` (host:port).

    Raises LabError with its log if it ends, or if it does not listen in time.
    """

    def ready() -> bool:
        if running_pid(record) is None:
            raise LabError(f"{record.stem} has ended:\n{log.read_text(errors='replace')[-1500:]}")
        return _listens(address)

    wait_for(ready, 240, f"{record.stem} to listen on {address}")


def _listens(address: str) -> bool:
    host, _, port = address.partition(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0


def wait_for(ready: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until `ready` is true. Raises LabError, which names `what`, after `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise LabError(f"waited {seconds:g} s for {what}")
        time.sleep(0.05)
