"""How fast a large file passes, beside OpenSSH's own `ssh HOST 'cat > FILE' < FILE` and back.

A way is measured from the start of its process to its end, or within an open connection: for ssh
one of a ControlMaster, for provision the task that sends or fetches, behind another task. On
loopback both ends share the cores; a link of a certain rate is more like a network. There a larger
file shows what each further byte takes, without what starting and connecting take.
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
from benchmarks.tools import Cell, ssh_command, write
from benchmarks.tools import tool as tool_named

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
"""So many times as large is the other file that is sent over the link."""
LINKED = {
    "link-ssh": "ssh",
    "link-provision": "provision",
    "link-ssh-large": "ssh, a file four times as large",
    "link-provision-large": "provision, the same",
    "link-ssh-more": "ssh, what is between the two",
    "link-provision-more": "provision, the same",
}


@dataclass
class Transfers:
    """Seconds of each way, a value a round; memory (MB) of provision's processes at most."""

    about: dict[str, str]
    megabytes: float
    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    def add(self, direction: str, way: str, seconds: float) -> None:
        ways = self.seconds.setdefault(direction, {})
        ways.setdefault(way, []).append(round(seconds, 4))
        print(f"{direction:5} {way:10} {seconds:7.3f} s", flush=True)

    def rate(self, direction: str, way: str) -> float:
        """MB a second."""
        times = {"large": LARGER, "more": LARGER - 1}.get(way.rpartition("-")[2], 1)
        return times * self.megabytes / median(self._of(direction, way))

    def ratio(self, direction: str, way: str) -> float:
        """The rate against ssh's in the same round, on as open a connection: the median."""
        base = "ssh-open" if way in ("ssh-open", "task") else "ssh"
        if way.startswith("link-"):
            base = way.replace("provision", "ssh")
        pairs = zip(self._of(direction, base), self._of(direction, way), strict=True)
        return median(b / w for b, w in pairs)

    def _of(self, direction: str, way: str) -> list[float]:
        ways = self.seconds[direction]
        if not way.endswith("-more"):
            return ways[way]
        small = way.removesuffix("-more")
        pairs = zip(ways[small], ways[f"{small}-large"], strict=True)
        return [large - one for one, large in pairs]

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")


def load(file: Path = FILE) -> Transfers:
    return Transfers(**json.loads(file.read_text()))


@dataclass(frozen=True)
class _Course:
    """Where the file is, and how it is sent and fetched."""

    cell: Cell
    found: Transfers
    megabytes: int
    of: str = "{}"
    """What the name of a way becomes in the results."""

    @property
    def here(self) -> Path:
        return self.cell.folder / f"here-{self.megabytes}"

    @property
    def there(self) -> Path:
        return self.cell.members()[0].root / "there"

    @property
    def back(self) -> Path:
        return self.cell.folder / "back"

    @property
    def to(self) -> str:
        return f"{self.address} 'cat > {self.there}' < {self.here}"

    @property
    def back_again(self) -> str:
        return f"{self.address} 'cat {self.there}' > {self.back}"

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
            play = PLAY.format(module="copy", src=self.here, dest=self.there, more="")
        else:
            play = PLAY.format(module="fetch", src=self.there, dest=self.back, more=", flat: true")
        given = tool_named("provision", Path()).command(self.cell)
        path = write(self.cell.folder / f"{direction}.yml", play)
        return [str(path) if word.endswith("provision.yml") else word for word in given] + [
            "--json"
        ]

    def time_shell(self, direction: str, way: str, line: str) -> None:
        self._clear(direction)
        log = self.cell.folder / "log"
        done = measure.run(["sh", "-c", line], dict(os.environ), log)
        self._check(direction)
        self.found.add(direction, self.of.format(way), done.wall)

    def time_whole(self, direction: str) -> str:
        self._clear(direction)
        done = self._run(direction)
        self._check(direction)
        self.found.add(direction, self.of.format("provision"), done.wall)
        return done.output

    def time_provision(self, direction: str) -> None:
        output = self.time_whole(direction)
        self.found.add(direction, "task", _task_seconds(output, "changed"))
        if direction == "send":
            again = self._run(direction)
            _task_seconds(again.output, "ok")
            self.found.add(direction, "again", again.wall)

    def measure_memory(self, direction: str) -> None:
        self._clear(direction)
        environment = tool_named("provision", Path()).environ(self.cell)
        peak = measure.memory(self.provision(direction), environment, self.cell.folder / "log")
        self.found.memory[direction] = round(peak, 1)

    def _run(self, direction: str) -> measure.Measured:
        environment = tool_named("provision", Path()).environ(self.cell)
        return measure.run(self.provision(direction), environment, self.cell.folder / "log")

    def _clear(self, direction: str) -> None:
        (self.there if direction == "send" else self.back).unlink(missing_ok=True)

    def _check(self, direction: str) -> None:
        arrived = self.there if direction == "send" else self.back
        if arrived.stat().st_size != self.here.stat().st_size:
            raise measure.FailedRun(f"{arrived} is not whole")


def _task_seconds(output: str, outcome: str) -> float:
    for line in filter(lambda line: line.startswith("{"), output.splitlines()):
        event: dict[str, Any] = json.loads(line)
        if event.get("task") == "transfer" and event["event"] == "task_finished":
            if event["outcome"] != outcome:
                raise measure.FailedRun(f"the task is {event['outcome']}: {event['message']}")
            return float(event["seconds"])
    raise measure.FailedRun("the task was not run")


def run(folder: Path, rounds: int, megabytes: int, about: dict[str, str]) -> Transfers:
    """Send and fetch a file of random bytes, each way in turn, `rounds` times; on loopback, and
    where that can be over a link."""
    found = Transfers(about, float(megabytes))
    with contextlib.ExitStack() as stack:
        here = stack.enter_context(hosts.fleet(folder, 1, [0]))
        course = _course(here, found, megabytes)
        stack.enter_context(_open_connection(course))
        linked = []
        try:
            far = stack.enter_context(link(LINK))
            (folder / "far").mkdir()
            there = stack.enter_context(hosts.fleet(folder / "far", 1, [0], far))
            linked = [
                _course(there, found, megabytes, "link-{}"),
                _course(there, found, megabytes * LARGER, "link-{}-large"),
            ]
        except NoLink as why:
            print(f"no link: {why}", flush=True)
        for _ in range(rounds):
            for step in [*_steps(course), *chain.from_iterable(map(_steps_linked, linked))]:
                step()
        for direction in LABELS:
            course.measure_memory(direction)
    return found


def _course(fleet: hosts.Fleet, found: Transfers, megabytes: int, of: str = "{}") -> _Course:
    course = _Course(Cell(fleet, 1, 0), found, megabytes, of)
    hosts.reset(course.cell.members())
    course.cell.folder.mkdir(parents=True, exist_ok=True)
    with course.here.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    return course


@contextlib.contextmanager
def _open_connection(course: _Course) -> Iterator[None]:
    master = f"{course.ssh} -M -S {course.cell.folder}/open -Nf {course.address}"
    subprocess.run(["sh", "-c", master], check=True)
    try:
        yield
    finally:
        stop = f"{course.open_ssh} -O exit {course.address}"
        subprocess.run(["sh", "-c", stop], check=True, capture_output=True)


def _steps(course: _Course) -> Iterator[Callable[[], object]]:
    there = course.there
    proof = f"{course.address} 'cat > {there} && sync {there} && sha256sum {there}' < {course.here}"
    yield lambda: course.time_shell("send", "ssh", f"{course.ssh} {course.to}")
    yield lambda: course.time_shell("send", "ssh-open", f"{course.open_ssh} {course.to}")
    yield lambda: course.time_shell("send", "proof", f"{course.ssh} {proof}")
    yield lambda: course.time_provision("send")
    yield lambda: course.time_shell("fetch", "ssh", f"{course.ssh} {course.back_again}")
    yield lambda: course.time_shell("fetch", "ssh-open", f"{course.open_ssh} {course.back_again}")
    yield lambda: course.time_provision("fetch")


def _steps_linked(course: _Course) -> Iterator[Callable[[], object]]:
    yield lambda: course.time_shell("send", "ssh", f"{course.ssh} {course.to}")
    yield lambda: course.time_whole("send")
    yield lambda: course.time_shell("fetch", "ssh", f"{course.ssh} {course.back_again}")
    yield lambda: course.time_whole("fetch")


def tables(found: Transfers) -> str:
    """The page's part, in Markdown."""
    rounds = len(found.seconds["send"]["ssh"])
    said = found.about
    about = (
        f"Measured on {said['date']}, {said['cores']} cores, {found.megabytes:.0f} MB of random"
        f" bytes, aes128-gcm: {rounds} interleaved rounds, medians. {said['note']}"
    )
    parts = [f"{about.strip()}\n"]
    for direction, labels in LABELS.items():
        lines = [f"| {direction} | MB/s | rate ÷ ssh's |", "|---|---|---|"]
        for way, label in labels.items():
            rate, ratio = found.rate(direction, way), found.ratio(direction, way)
            lines.append(f"| {label} | {rate:.0f} | {ratio:.2f} |")
        if "link-ssh" in found.seconds[direction]:
            lines += _linked(found, direction)
        parts.append("\n".join(lines) + "\n")
    most = max(found.memory.values())
    parts.append(f"provision's memory at most (PSS), Python and all: {most:.0f} MB.\n")
    return "\n".join(parts)


def _linked(found: Transfers, direction: str) -> Iterator[str]:
    for way, label in LINKED.items():
        rate, ratio = found.rate(direction, way), found.ratio(direction, way)
        yield f"| over {LINK / 1000:g} Gbit/s: {label} | {rate:.0f} | {ratio:.2f} |"
