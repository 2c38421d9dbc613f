"""Run a command and measure its wall time and CPU time, or its memory (in a run of its own)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 300.0  # seconds
INTERVAL = 0.05  # seconds between two readings of the memory


class FailedRun(Exception):
    """A command failed, or did not do what it should have; the message ends with its output."""


@dataclass(frozen=True)
class Measured:
    """`wall` and `cpu` in seconds; `cpu` includes the children that the command waited for."""

    wall: float
    cpu: float
    output: str


def run(
    command: list[str], environment: Mapping[str, str], log: Path, expected: int = 0
) -> Measured:
    """Run `command` to its end in a session of its own.

    Raises FailedRun if its exit status is not `expected`.
    """
    with log.open("wb") as out:
        started = time.perf_counter()
        process = start(command, environment, out.fileno())
        timer = threading.Timer(TIMEOUT, end, [process.pid])
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C does not reach a process in another session
            end(process.pid)
            raise
        finally:
            timer.cancel()
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    output = log.read_text(errors="replace")
    if process.returncode != expected:
        raise FailedRun(f"{command[0]} ended with {process.returncode}:\n{output[-3000:]}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, output)


def memory(
    command: list[str], environment: Mapping[str, str], log: Path, expected: int = 0
) -> float:
    """Run `command` and return its peak memory in MB: the sum of PSS over the session."""
    with log.open("wb") as out:
        process = start(command, environment, out.fileno())
    peak, deadline = 0, time.monotonic() + TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        peak = max(peak, sum(map(_pss, _session(process.pid))))
        time.sleep(INTERVAL)
    if process.returncode != expected:
        end(process.pid)
        process.wait()
        raise FailedRun(f"{command[0]} failed:\n{log.read_text(errors='replace')[-3000:]}")
    return peak / 1024


def start(command: list[str], environment: Mapping[str, str], out: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _session(leader: int) -> list[int]:
    """Return the ids of the processes of a session."""
    pids = []
    for name in filter(str.isdigit, (entry.name for entry in Path("/proc").iterdir())):
        with contextlib.suppress(OSError):
            if os.getsid(int(name)) == leader:
                pids.append(int(name))
    return pids


def _pss(pid: int) -> int:
    """Return the proportional set size in kB (man 5 proc): shared pages count in part."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
