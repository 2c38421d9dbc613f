"""Measure how fast a large file is sent and fetched, compared with OpenSSH.

Each method is measured for a whole process, or within an open connection. For ssh the latter is a
ControlMaster's; for provision it is the task that sends or fetches, after another task. On loopback
both ends share the cores, so a link with a limited rate is measured as well. There a second, larger
file gives the time of the additional bytes alone, without starting and connecting.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import hosts, measure
from benchmarks.link import NoLink, link
from benchmarks.tools import Cell, find_tool, ssh_command, write

FILE = Path(__file__).parent / "transfer.json"
CIPHER = "-c aes128-gcm@openssh.com"

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - raw: "true"
    - name: transfer
      {module}: {{src: "{src}", dest: "{dest}"{more}}}
"""

LABELS = {
    "send": {
        "ssh": "`ssh HOST 'cat > f' < f`",
        "proof": "the same, then `sync f; sha256sum f` there",
        "provision": "provision, a whole run with a `copy` of it",
        "ssh-open": "`ssh HOST 'cat > f' < f` over an open connection",
        "task": "provision, the `copy` task of that run",
        "again": "provision, a whole run that finds it there",
    },
    "fetch": {
        "ssh": "`ssh HOST 'cat f' > f`",
        "provision": "provision, a whole run with a `fetch` of it",
        "ssh-open": "`ssh HOST 'cat f' > f` over an open connection",
        "task": "provision, the `fetch` task of that run",
    },
}
LINK = 1000  # Mbit/s
LARGER = 4
"""The second file on the link is this many times as large as the first."""
LINKED = {
    "link-ssh": "ssh",
    "link-provision": "provision",
    "link-ssh-large": "ssh, a file four times as large",
    "link-provision-large": "provision, the same",
    "link-ssh-more": "ssh, the difference of the two",
    "link-provision-more": "provision, the same",
}


@dataclass
class Transfers:
    """Durations of each method in seconds, one value a round; provision's peak memory in MB."""

    about: dict[str, str]
    megabytes: float
    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    def add(self, direction: str, method: str, seconds: float) -> None:
        methods = self.seconds.setdefault(direction, {})
        methods.setdefault(method, []).append(round(seconds, 4))
        print(f"{direction:5} {method:10} {seconds:7.3f} s", flush=True)

    def rate(self, direction: str, method: str) -> float:
        """Return the rate in MB/s."""
        times = {"large": LARGER, "more": LARGER - 1}.get(method.rpartition("-")[2], 1)
        return times * self.megabytes / median(self._durations(direction, method))

    def ratio(self, direction: str, method: str) -> float:
        """Return the rate divided by ssh's of the same round: the median over the rounds.

        Methods that use an open connection are compared with ssh over an open connection.
        """
        base = "ssh-open" if method in ("ssh-open", "task") else "ssh"
        if method.startswith("link-"):
            base = method.replace("provision", "ssh")
        pairs = zip(
            self._durations(direction, base), self._durations(direction, method), strict=True
        )
        return median(b / w for b, w in pairs)

    def _durations(self, direction: str, method: str) -> list[float]:
        methods = self.seconds[direction]
        if not method.endswith("-more"):
            return methods[method]
        small = method.removesuffix("-more")
        pairs = zip(methods[small], methods[f"{small}-large"], strict=True)
        return [large - one for one, large in pairs]

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")


def load(file: Path = FILE) -> Transfers:
    return Transfers(**json.loads(file.read_text()))


@dataclass(frozen=True)
class _Setup:
    """A file, its places, and how it is sent and fetched."""

    cell: Cell
    transfers: Transfers
    megabytes: int
    label: str = "{}"
    """Pattern for the name of a method in the results."""

    @property
    def source_file(self) -> Path:
        return self.cell.folder / f"here-{self.megabytes}"

    @property
    def remote_file(self) -> Path:
        return self.cell.members()[0].root / "there"

    @property
    def fetched_file(self) -> Path:
        return self.cell.folder / "back"

    @property
    def send_arguments(self) -> str:
        return f"{self.address} 'cat > {self.remote_file}' < {self.source_file}"

    @property
    def fetch_arguments(self) -> str:
        return f"{self.address} 'cat {self.remote_file}' > {self.fetched_file}"

    @property
    def ssh(self) -> str:
        return f"{ssh_command(self.cell)} {CIPHER}"

    @property
    def address(self) -> str:
        return self.cell.members()[0].address

    @property
    def open_ssh(self) -> str:
        return f"ssh -F none -S {self.cell.folder}/open"

    def provision(self, direction: str) -> list[str]:
        if direction == "send":
            play = PLAY.format(module="copy", src=self.source_file, dest=self.remote_file, more="")
        else:
            play = PLAY.format(
                module="fetch", src=self.remote_file, dest=self.fetched_file, more=", flat: true"
            )
        command = find_tool("provision", Path()).command(self.cell)
        path = write(self.cell.folder / f"{direction}.yml", play)
        return [str(path) if word.endswith("provision.yml") else word for word in command] + [
            "--json"
        ]

    def time_shell(self, direction: str, method: str, line: str) -> None:
        self._clear(direction)
        log = self.cell.folder / "log"
        done = measure.run(["sh", "-c", line], dict(os.environ), log)
        self._check(direction)
        self.transfers.add(direction, self.label.format(method), done.wall)

    def time_whole(self, direction: str) -> str:
        self._clear(direction)
        done = self._run(direction)
        self._check(direction)
        self.transfers.add(direction, self.label.format("provision"), done.wall)
        return done.output

    def time_provision(self, direction: str) -> None:
        output = self.time_whole(direction)
        self.transfers.add(direction, "task", _task_seconds(output, "changed"))
        if direction == "send":
            again = self._run(direction)
            _task_seconds(again.output, "ok")
            self.transfers.add(direction, "again", again.wall)

    def measure_memory(self, direction: str) -> None:
        self._clear(direction)
        environment = find_tool("provision", Path()).environ(self.cell)
        peak = measure.memory(self.provision(direction), environment, self.cell.folder / "log")
        self.transfers.memory[direction] = round(peak, 1)

    def _run(self, direction: str) -> measure.Measured:
        environment = find_tool("provision", Path()).environ(self.cell)
        return measure.run(self.provision(direction), environment, self.cell.folder / "log")

    def _clear(self, direction: str) -> None:
        (self.remote_file if direction == "send" else self.fetched_file).unlink(missing_ok=True)

    def _check(self, direction: str) -> None:
        arrived = self.remote_file if direction == "send" else self.fetched_file
        if arrived.stat().st_size != self.source_file.stat().st_size:
            raise measure.FailedRun(f"{arrived} is not complete")


def _task_seconds(output: str, outcome: str) -> float:
    for line in filter(lambda line: line.startswith("{"), output.splitlines()):
        event: dict[str, Any] = json.loads(line)
        if event.get("task") == "transfer" and event["event"] == "task_finished":
            if event["outcome"] != outcome:
                raise measure.FailedRun(f"the task is {event['outcome']}: {event['message']}")
            return float(event["seconds"])
    raise measure.FailedRun("the task did not run")


def run(folder: Path, rounds: int, megabytes: int, about: dict[str, str]) -> Transfers:
    """Send and fetch a file of random bytes with each method, `rounds` times.

    On loopback and, if this machine can set one up, over a link.
    """
    transfers = Transfers(about, float(megabytes))
    with contextlib.ExitStack() as stack:
        loopback = stack.enter_context(hosts.fleet(folder, 1, [0]))
        setup = _setup(loopback, transfers, megabytes)
        stack.enter_context(_open_connection(setup))
        shaped = []
        try:
            far = stack.enter_context(link(LINK))
            (folder / "far").mkdir()
            far_fleet = stack.enter_context(hosts.fleet(folder / "far", 1, [0], far))
            shaped = [
                _setup(far_fleet, transfers, megabytes, "link-{}"),
                _setup(far_fleet, transfers, megabytes * LARGER, "link-{}-large"),
            ]
        except NoLink as why:
            print(f"not measured over a link: {why}", flush=True)
        for _ in range(rounds):
            for step in [*_steps(setup), *chain.from_iterable(map(_steps_linked, shaped))]:
                step()
        for direction in LABELS:
            setup.measure_memory(direction)
    return transfers


def _setup(fleet: hosts.Fleet, transfers: Transfers, megabytes: int, label: str = "{}") -> _Setup:
    setup = _Setup(Cell(fleet, 1, 0), transfers, megabytes, label)
    hosts.reset(setup.cell.members())
    setup.cell.folder.mkdir(parents=True, exist_ok=True)
    with setup.source_file.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    return setup


@contextlib.contextmanager
def _open_connection(setup: _Setup) -> Iterator[None]:
    master = f"{setup.ssh} -M -S {setup.cell.folder}/open -Nf {setup.address}"
    subprocess.run(["sh", "-c", master], check=True)
    try:
        yield
    finally:
        stop = f"{setup.open_ssh} -O exit {setup.address}"
        subprocess.run(["sh", "-c", stop], check=True, capture_output=True)


def _steps(setup: _Setup) -> Iterator[Callable[[], object]]:
    path = setup.remote_file
    proof = (
        f"{setup.address} 'cat > {path} && sync {path} && sha256sum {path}' < {setup.source_file}"
    )
    yield lambda: setup.time_shell("send", "ssh", f"{setup.ssh} {setup.send_arguments}")
    yield lambda: setup.time_shell("send", "ssh-open", f"{setup.open_ssh} {setup.send_arguments}")
    yield lambda: setup.time_shell("send", "proof", f"{setup.ssh} {proof}")
    yield lambda: setup.time_provision("send")
    yield lambda: setup.time_shell("fetch", "ssh", f"{setup.ssh} {setup.fetch_arguments}")
    yield lambda: setup.time_shell("fetch", "ssh-open", f"{setup.open_ssh} {setup.fetch_arguments}")
    yield lambda: setup.time_provision("fetch")


def _steps_linked(setup: _Setup) -> Iterator[Callable[[], object]]:
    yield lambda: setup.time_shell("send", "ssh", f"{setup.ssh} {setup.send_arguments}")
    yield lambda: setup.time_whole("send")
    yield lambda: setup.time_shell("fetch", "ssh", f"{setup.ssh} {setup.fetch_arguments}")
    yield lambda: setup.time_whole("fetch")


def tables(transfers: Transfers) -> str:
    """Return the section of docs/performance.md, in Markdown."""
    rounds = len(transfers.seconds["send"]["ssh"])
    about = transfers.about
    heading = (
        f"Measured on {about['date']}, {about['cores']} cores, {transfers.megabytes:.0f} MB of"
        f" random bytes, aes128-gcm: {rounds} interleaved rounds, medians. {about['note']}"
    )
    parts = [f"{heading.strip()}\n"]
    for direction, labels in LABELS.items():
        lines = [f"| {direction} | MB/s | rate ÷ ssh's |", "|---|---|---|"]
        for method, label in labels.items():
            rate, ratio = transfers.rate(direction, method), transfers.ratio(direction, method)
            lines.append(f"| {label} | {rate:.0f} | {ratio:.2f} |")
        if "link-ssh" in transfers.seconds[direction]:
            lines += _linked(transfers, direction)
        parts.append("\n".join(lines) + "\n")
    peak = max(transfers.memory.values())
    parts.append(f"Peak memory (PSS) of provision, including Python: {peak:.0f} MB.\n")
    return "\n".join(parts)


def _linked(transfers: Transfers, direction: str) -> Iterator[str]:
    for method, label in LINKED.items():
        rate, ratio = transfers.rate(direction, method), transfers.ratio(direction, method)
        yield f"| over {LINK / 1000:g} Gbit/s: {label} | {rate:.0f} | {ratio:.2f} |"
