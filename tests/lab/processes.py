"""Processes of the lab: started in the background, known by pid and start time, ended by pid."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.lab.common import LabError


def start_process(argv: Sequence[str | Path], log: Path, record: Path) -> None:
    """Start a process that outlives this one and note it in the file `record`."""
    words = [str(word) for word in argv]
    with log.open("ab") as output:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, output.fileno(), 2),
        ]
        pid = os.posix_spawnp(words[0], words, dict(os.environ), file_actions=actions, setsid=True)
    record.write_text(f"{pid} {_started(pid)}\n")


def recorded(record: Path) -> int | None:
    """The pid of a noted process, if that very process still runs."""
    try:
        pid, started = record.read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if _started(int(pid)) == started else None


def _started(pid: int) -> str:
    """When a process started, in clock ticks; "" for one that is gone or a zombie."""
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


def family(pid: int) -> list[int]:
    """A process and all its descendants, parents first."""
    found = [pid]
    for parent in found:
        found.extend(children(parent))
    return found


def container_init(keeper: int) -> int | None:
    """The pid, as seen from outside, of the first process inside a container."""
    for pid in family(keeper):
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        numbers = next(line.split()[1:] for line in lines if line.startswith("NSpid:"))
        if len(numbers) > 1 and numbers[-1] == "1":
            return pid
    return None


def members(init: int) -> list[int]:
    """All processes in the pid namespace of a container, docker's nested ones not included."""
    space = Path(f"/proc/{init}/ns/pid").stat().st_ino
    found = []
    for pid in all_pids():
        try:
            if Path(f"/proc/{pid}/ns/pid").stat().st_ino == space:
                found.append(pid)
        except OSError:
            continue
    return found


def send(pids: Sequence[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def end(record: Path) -> None:
    """Kill a noted process and all its descendants; return when they are gone."""
    pid = recorded(record)
    if pid is not None:
        gone = family(pid)
        send(gone, signal.SIGKILL)
        wait_for(lambda: not any(_started(one) for one in gone), 240, f"process {pid} to end")
    _reap(record)
    record.unlink(missing_ok=True)


def end_inside(folder: Path) -> None:
    """Kill every process that lives on a host of this folder, whoever lost sight of it."""
    inside = [pid for pid in all_pids() if _lives_on(pid, folder)]
    send(inside, signal.SIGKILL)
    wait_for(lambda: not any(_started(pid) for pid in inside), 240, f"{folder.name} to end")


def _lives_on(pid: int, folder: Path) -> bool:
    try:
        return f"upperdir={folder}/" in Path(f"/proc/{pid}/mountinfo").read_text()
    except OSError:
        return False


def all_pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _reap(record: Path) -> None:
    """Take leave of a noted process that has ended, if it was a child of this one."""
    with suppress(FileNotFoundError, ValueError, ChildProcessError):
        os.waitpid(int(record.read_text().split()[0]), os.WNOHANG)


def wait_for_server(record: Path, address: str, log: Path) -> None:
    """Wait until a noted process accepts connections at host:port, or fail with its log."""

    def ready() -> bool:
        if recorded(record) is None:
            raise LabError(f"{record.stem} has ended:\n{log.read_text(errors='replace')[-1500:]}")
        return _listens(address)

    wait_for(ready, 240, f"{record.stem} to listen on {address}")


def _listens(address: str) -> bool:
    host, _, port = address.partition(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0


def wait_for(ready: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is so, or fail saying what was waited for."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise LabError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.05)
