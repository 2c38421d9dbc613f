"""Measure the second run of docker.yml on lab hosts, and its hello-world container alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from benchmarks import measure

FILE = Path(__file__).parent / "docker.json"
ROOT = Path(__file__).parents[1]
LAB = [sys.executable, str(ROOT / "tests/lab/lab.py")]
HOSTS = 3
HELLO = (
    "s=$(date +%s%N); docker run --rm hello-world >/dev/null || exit;"
    " echo $((($(date +%s%N) - s) / 1000000))"
)


@dataclass
class Runs:
    """Durations in seconds; the lists have one value for each round."""

    about: dict[str, str]
    hosts: int = HOSTS
    first: float = 0.0
    second: list[float] = field(default_factory=list)
    hello: list[float] = field(default_factory=list)

    @property
    def remainder(self) -> float:
        """The median over the rounds of: second run minus hello-world container."""
        return median(run - hello for run, hello in zip(self.second, self.hello, strict=True))

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")


def load(file: Path = FILE) -> Runs:
    return Runs(**json.loads(file.read_text()))


def run(folder: Path, rounds: int, about: dict[str, str]) -> Runs:
    """Start a lab, install Docker on its hosts and measure. The lab is always stopped."""
    name = f"bench-{os.getpid()}"
    try:
        _lab("up", "--name", name, str(HOSTS))
        inventory = folder / "hosts.yml"
        inventory.write_text(_lab("inventory", "--name", name))
        host = _lab("list").split(f"{name} ")[1].split()[0]
        runs = Runs(about)
        runs.first = round(_provision(inventory, folder).wall, 3)
        for number in range(rounds):
            runs.hello.append(int(_lab("sh", "--name", name, host, HELLO)) / 1000)
            second = _provision(inventory, folder)
            if '"outcome": "changed"' in second.output:
                raise measure.FailedRun(f"the second run changed something:\n{second.output}")
            runs.second.append(round(second.wall, 3))
            print(f"round {number + 1}: {runs.second[-1]} s, hello-world {runs.hello[-1]} s")
        return runs
    finally:
        _lab("down", "--name", name)


def _provision(inventory: Path, folder: Path) -> measure.Measured:
    command = [sys.executable, "-m", "provisioner", str(inventory), "--json"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    return measure.run(command, environment, folder / "log")


def _lab(*arguments: str) -> str:
    done = subprocess.run([*LAB, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise measure.FailedRun(f"lab.py {' '.join(arguments)}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def table(runs: Runs) -> str:
    """Return the section of docs/performance.md, in Markdown."""
    about = runs.about
    heading = (
        f"Measured on {about['date']}, {about['cores']} cores that {runs.hosts} lab hosts share"
        f" with the controller: {len(runs.second)} rounds, medians. {about['note']}"
    )
    return (
        f"{heading.strip()}\n\n"
        "| | seconds |\n|---|---|\n"
        f"| first run: packages, settings, service, image | {runs.first:.1f} |\n"
        f"| second run, all of it | {median(runs.second):.2f} |\n"
        f"| `docker run --rm hello-world` alone, on one host | {median(runs.hello):.2f} |\n"
        f"| second run without that container | {runs.remainder:.2f} |\n"
    )
