"""Measure provision with many hosts: N hosts of an inventory on M real sshds, some of them dead.

Each measurement is a second run of the benchmark's play (nothing to change): wall time, CPU time of
the process and its children, and the peak of its memory (PSS) in a run of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import hosts, measure
from benchmarks.tools import SSH_OPTIONS, Cell, find_tool

FILE = Path(__file__).parent / "scale.json"
UNREACHABLE = 4
IDLE_SECONDS = 60


@dataclass(frozen=True)
class Point:
    """One measurement: `wall` and `cpu` in seconds, `memory` in MB."""

    hosts: int
    dead: int
    wall: float
    cpu: float
    memory: float
    workers: int = 0


def measure_all(
    counts: Sequence[int], sshds: int, dead: int, workers: int, forks: int, note: str, file: Path
) -> None:
    """Measure with each number of hosts in `counts` and write `file`.

    With the largest number, also measure `dead` % dead hosts and `workers` processes; then idle
    connections.
    """
    points: list[Point] = []
    with (
        tempfile.TemporaryDirectory(prefix="provision-bench-") as folder,
        hosts.fleet(Path(folder), sshds, [0]) as fleet,
        unanswered_port() as dead_port,
    ):
        cell = Cell(fleet, sshds, 0)
        hosts.reset(cell.members())
        provision = find_tool("provision", Path())
        measure.run(provision.command(cell), provision.environ(cell), cell.folder / "log")
        cases = [(count, 0, 0) for count in counts]
        cases += [(max(counts), dead, 0)] if dead else []
        cases += [(max(counts), 0, workers)] if workers else []
        for count, dead_percent, processes in cases:
            point = _point(cell, dead_port, (count, dead_percent, processes), forks)
            points.append(point)
            print(point, flush=True)
        idle = _idle(cell, min(300, max(counts)))
        print(f"idle: {idle}", flush=True)
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sshds": sshds,
        "forks": forks,
        "note": note,
    }
    data = {"about": about, "idle": idle, "points": [asdict(point) for point in points]}
    file.write_text(json.dumps(data, indent=1) + "\n")


def _point(cell: Cell, dead_port: tuple[str, int], kind: tuple[int, int, int], forks: int) -> Point:
    count, dead, workers = kind
    command = _command(cell, dead_port, count, dead, forks)
    command += ["--workers", str(workers)] if workers else []
    log, expected = cell.folder / "log", UNREACHABLE if dead else 0
    environment = find_tool("provision", Path()).environ(cell)
    measured = measure.run(command, environment, log, expected)
    memory = measure.memory(command, environment, log, expected)
    return Point(
        count, dead, round(measured.wall, 2), round(measured.cpu, 2), round(memory, 1), workers
    )


def _command(
    cell: Cell,
    dead_port: tuple[str, int],
    count: int,
    dead: int,
    forks: int,
    play: str = "provision",
) -> list[str]:
    """Return the command for an inventory of `count` hosts.

    Of these, `dead` % do not answer; they are spread evenly. Neighbours in the inventory are never
    the same sshd.
    """
    members, listed = cell.members(), {}
    for number in range(count):
        sshd = members[number % len(members)]
        is_dead = dead and number % (100 // dead) == 100 // dead - 1
        address, port = dead_port if is_dead else (sshd.address, sshd.port)
        listed[f"n{number:05}"] = {
            "ansible_host": address, "ansible_port": port, "root": str(sshd.root),
        }  # fmt: skip
    shared = {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(cell.fleet.key),
        "ansible_ssh_common_args": f"{SSH_OPTIONS} -o UserKnownHostsFile={cell.fleet.known_hosts}",
    }
    inventory = cell.folder / f"fleet-{count}-{dead}.yml"
    inventory.write_text(json.dumps({"all": {"vars": shared, "hosts": listed}}))
    playbook = cell.folder / f"{play}.yml"
    arguments = [str(inventory), str(playbook), "-f", str(forks)]
    return [sys.executable, "-m", "provisioner", *arguments]


@contextlib.contextmanager
def unanswered_port() -> Iterator[tuple[str, int]]:
    """Open a port that neither accepts nor refuses: its queue of connections is full."""
    with socket.socket() as server, contextlib.ExitStack() as stack:
        server.bind(("127.9.255.1", 0))
        server.listen(0)
        address: tuple[str, int] = server.getsockname()
        for _ in range(8):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(address)
        yield address


def _idle(cell: Cell, count: int) -> dict[str, float]:
    """Return the CPU time of `count` idle connections: all hosts wait for one that sleeps."""
    log = cell.folder / "log"
    play = cell.folder / "idle.yml"
    play.write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        "    - {name: Connect, command: echo}\n"
        f"    - {{name: Wait, command: sleep {IDLE_SECONDS + 60}, run_once: true}}\n"
    )
    command = _command(cell, ("", 0), count, 0, count, "idle")
    with log.open("wb") as out:
        process = measure.start(command, find_tool("provision", Path()).environ(cell), out.fileno())
    try:
        while _threads(process.pid) < count:
            time.sleep(1)
        time.sleep(20)
        before = _cpu(process.pid)
        time.sleep(IDLE_SECONDS)
        used = _cpu(process.pid) - before
    finally:
        measure.end(process.pid)
        process.wait()
    return {"hosts": count, "seconds": IDLE_SECONDS, "cpu": round(used, 3)}


def _threads(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())


def _cpu(pid: int) -> float:
    """Return the CPU time of a process so far in seconds, user and kernel mode (man 5 proc)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def section() -> str:
    """Return the section of docs/performance.md, in Markdown."""
    if not FILE.exists():
        return "Not measured yet.\n"
    data = json.loads(FILE.read_text())
    about, idle = data["about"], data["idle"]
    lines = [
        f"Measured on {about['date']} with {about['cores']} cores shared by controller and hosts,"
        f" Python {about['python']}, {about['sshds']} sshds, `-f {about['forks']}`."
        f" {about['note']}".rstrip(),
        "",
        "| hosts | wall, s | CPU a host, ms | peak memory (PSS), MB |",
        "|---|---|---|---|",
    ]
    for point in (Point(**row) for row in data["points"]):
        lines.append(
            f"| {_label(point)} | {point.wall:.1f} | {1000 * point.cpu / point.hosts:.1f}"
            f" | {point.memory:.0f} |"
        )
    share = 100 * idle["cpu"] / idle["seconds"]
    lines += [
        "",
        f"{idle['hosts']} idle connections use {share:.2f} % of a core.",
    ]
    return "\n".join(lines) + "\n"


def _label(point: Point) -> str:
    dead = f", {point.dead} % of them dead" if point.dead else ""
    workers = f", `--workers {point.workers}`" if point.workers else ""
    return f"{point.hosts:,}{dead}{workers}"
