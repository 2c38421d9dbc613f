"""Watch a host's processes from outside, and stop a run at a point until it may go on."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab import Host, Lab
from tests.lab.processes import container_processes, wait_for

PATIENCE = 240
"""Seconds after which a step counts as hanging."""


@dataclass
class Watch:
    """Collects argv and environment of all processes of a host.

    A process with `until_seen` in its argv waits for a file of that name, which is created once the
    process was seen.
    """

    host: Host
    seen: set[bytes] = field(default_factory=set)
    until_seen: Sequence[str] = ()

    def __enter__(self) -> Self:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(self.host.init,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()

    def _look(self, init: int) -> None:
        while not self._end.is_set():
            for pid in container_processes(init):
                for file in ("cmdline", "environ"):
                    try:
                        self.seen.add(Path(f"/proc/{pid}/{file}").read_bytes())
                    except OSError:
                        continue  # it has ended
            for name in self.until_seen:
                if self.found(name):
                    Path(f"/proc/{init}/root{name}").touch()

    def found(self, text: str) -> list[bytes]:
        return [entry for entry in self.seen if text.encode() in entry]


@dataclass(frozen=True)
class Gate:
    """A task that tells when it has begun and ends when it may; it uses a tmpfs of the host."""

    host: Host

    task = (
        "    - name: At the gate\n"
        "      shell: touch /run/begun; while [ ! -e /run/open ]; do sleep 0.05; done;"
        " echo through >/root/gate\n"
    )

    def close(self) -> None:
        self.host.check("rm -f /run/begun /run/open /root/gate /root/before /root/behind")

    def reached(self, process: subprocess.Popen[str]) -> None:
        """Wait until the run has reached this task."""

        def begun() -> bool:
            assert process.poll() is None, process.communicate()
            return self.host.run("test -e /run/begun").returncode == 0

        wait_for(begun, PATIENCE, "the run to reach the gate")

    def open(self) -> None:
        self.host.check("touch /run/open")

    def passed(self) -> bool:
        return self.host.run("test -e /root/gate").returncode == 0

    def behind(self) -> bool:
        """Whether the task after this one ran."""
        return self.host.run("test -e /root/behind").returncode == 0


GATED = (
    "- name: Gated\n  hosts: all\n  gather_facts: false\n  become: true\n  tasks:\n"
    "    - name: Before the gate\n      copy: {dest: /root/before, content: before}\n"
    + Gate.task
    + "    - name: Behind the gate\n      copy: {dest: /root/behind, content: behind}\n"
)
"""A playbook that can be stopped within a task."""


def reset_start_limit(lab: Lab) -> None:
    """Reset the start counter of Docker's unit.

    The unit may be started three times a minute, and tests may be faster.
    """
    for host in lab.hosts.values():
        host.run("systemctl reset-failed docker")


def wait_until_idle(host: Host) -> None:
    """Wait until no session, and no process of one, is left on the host."""
    wait_for(lambda: not host.sshd_sessions(), PATIENCE, "the sessions to end")
    quiet = "! pgrep -x sudo && ! pgrep -u ops"
    wait_for(lambda: host.run(quiet).returncode == 0, PATIENCE, "the shells to end")
