"""`python -m tests.faults.interrupts`: signals to the command at many moments of a real run.

SIGINT and SIGTERM arrive 20, 40, … 1000 ms after the start. Each must end the process, with its own
status and without a traceback, unless Python itself was still starting. Then SIGKILL arrives at
random moments, and the next run must converge. After each run, no process or temporary file is left
on the host.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.remote.sshd import Sshd, sshd

STEP = 0.02
LIMIT = 60
"""Seconds that a run, or the end of its processes on the host, may take."""

PLAY = """
- hosts: all
  gather_facts: true
  tasks:
    - file: {path: "{{ folder }}", state: directory, mode: "0750"}
    - copy: {content: "{{ 'x' * 300000 }}", dest: "{{ folder }}/large"}
    - command: sleep 0.5
    - lineinfile: {path: "{{ folder }}/lines", line: "{{ item }}", create: true}
      loop: [a, b, c, d, e, f, g, h]
    - command: sleep 0.5
    - copy: {content: "{{ 'y' * 300000 }}", dest: "{{ folder }}/large"}
    - command: sleep 0.5
    - copy: {content: end, dest: "{{ folder }}/end"}
"""

EXPECTED = {"large": "y" * 300_000, "lines": "a\nb\nc\nd\ne\nf\ng\nh\n", "end": "end"}

TRACEBACK = re.compile(r"Traceback|Fatal Python error|Exception ignored")


@dataclass
class Trial:
    """A run that got a signal, and what was wrong with it."""

    number: signal.Signals
    delay: float
    status: int = 0
    seconds: float = 0.0
    """From the signal to the end of the process."""
    said: str = ""
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        end = f"{self.status:>4}  {self.seconds:5.2f} s  {'; '.join(self.faults) or 'ok':<12}"
        return f"{self.number.name:<8} {self.delay * 1000:5.0f} ms  {end}  {self.said}"


class Arena:
    """A host on this machine, and the runs on it."""

    def __init__(self, folder: Path, server: Sshd, mark: str) -> None:
        self._server, self._mark = server, mark
        self._files = folder / "files"
        play = folder / "play.yml"
        play.write_text(PLAY)
        options = {
            "ansible_port": server.port,
            "ansible_ssh_private_key_file": server.key,
            "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={server.known_hosts} "
            "-o IdentityAgent=none",
            "folder": self._files,
        }
        variables = [
            word for name, value in options.items() for word in ("-e", f"{name}='{value}'")
        ]
        command = Path(sys.executable).with_name("provision")
        self._command = [str(command), f"{server.address},", str(play), *variables]

    def reset(self) -> None:
        shutil.rmtree(self._files, ignore_errors=True)

    def start(self) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
        )

    def trial(self, number: signal.Signals, delay: float) -> Trial:
        """Send a signal to a run after so many seconds."""
        trial = Trial(number, delay)
        process = self.start()
        time.sleep(delay)
        is_ours = _handles_hangup(process.pid)
        sent = time.monotonic()
        process.send_signal(number)
        try:
            out, err = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            trial.faults.append(f"still ran after {LIMIT} s")
        trial.seconds = time.monotonic() - sent
        trial.status = process.returncode
        trial.said = (err.strip().splitlines() or [""])[-1]
        if trial.status == 0 and number == signal.SIGKILL:
            trial.said = "had ended before"
        elif not is_ours:
            trial.said = f"Python was starting; {trial.said}"
        else:
            # While Python ends, the kernel ends the process; a shell shows 128 + the number.
            if trial.status not in (128 + number, -number):
                trial.faults.append("swallowed" if trial.status == 0 else "another status")
            if TRACEBACK.search(out + err):
                trial.faults.append("traceback")
        trial.faults += self.leftovers()
        return trial

    def next_run(self) -> list[str]:
        """Run to the end, and return what is wrong then."""
        process = self.start()
        out, err = process.communicate(timeout=2 * LIMIT)
        faults = (
            [] if process.returncode == 0 else [f"the next run: {process.returncode} {out}{err}"]
        )
        found = {path.name: path.read_text() for path in self._files.iterdir()}
        if found != EXPECTED:
            faults.append(f"the next run leaves {sorted(found)}")
        return faults + self.leftovers()

    def leftovers(self) -> list[str]:
        """Wait until the host has no process of the run, and return what is left."""
        deadline = time.monotonic() + LIMIT
        while (left := list(self._processes())) and time.monotonic() < deadline:
            time.sleep(0.02)
        faults = [f"process {command}" for command in left]
        if self._files.exists():
            names = {path.name for path in self._files.iterdir()}
            faults += [f"file {name}" for name in sorted(names - EXPECTED.keys())]
        return faults

    def _processes(self) -> Iterator[str]:
        """Yield the command lines of the processes that sshd has started for the runs."""
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if self._mark in (entry / "environ").read_bytes().decode("latin-1"):
                    yield (entry / "cmdline").read_bytes().decode("latin-1").replace("\0", " ")[:80]
            except OSError:
                continue


def _handles_hangup(pid: int) -> bool:
    """Whether our handlers are installed. Python has none for SIGHUP."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = re.search(r"SigCgt:\s*(\w+)", status)
    return caught is not None and int(caught[1], 16) & 1 << signal.SIGHUP - 1 != 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.interrupts")
    parser.add_argument("--delays", type=int, default=50, help="moments of SIGINT and of SIGTERM")
    parser.add_argument("--kills", type=int, default=50, help="number of runs that get SIGKILL")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    moments = random.Random(arguments.seed)
    os.environ.pop("PROVISION_NO_LOCK", None)
    with tempfile.TemporaryDirectory() as name:
        folder, mark = Path(name), f"PROVISION_MARK={secrets.token_hex(8)}"
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        with sshd(folder / "sshd", f"SetEnv HOME={folder / 'sshd'} {mark}") as server:
            server.trust()
            arena = Arena(folder, server, mark)
            failed = 0
            for number in (signal.SIGINT, signal.SIGTERM):
                for step in range(1, arguments.delays + 1):
                    arena.reset()
                    failed += _show(arena.trial(number, step * STEP))
            for _ in range(arguments.kills):
                arena.reset()
                trial = arena.trial(signal.SIGKILL, moments.uniform(0, 2))
                trial.faults = [fault for fault in trial.faults if not fault.startswith("file ")]
                trial.faults += arena.next_run()
                failed += _show(trial)
    total = 2 * arguments.delays + arguments.kills
    print(f"{total - failed} of {total} as promised")
    return 1 if failed else 0


def _show(trial: Trial) -> bool:
    print(trial, flush=True)
    return bool(trial.faults)


if __name__ == "__main__":
    sys.exit(main())
