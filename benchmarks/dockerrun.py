"""docker.yml's second run on lab hosts, beside what its own hello-world takes on one of them."""

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
    """Seconds, a value a round."""

    about: dict[str, str]
    hosts: int = HOSTS
    first: float = 0.0
    second: list[float] = field(default_factory=list)
    hello: list[float] = field(default_factory=list)

    @property
    def more(self) -> float:
        """How much longer the second run takes than its container: the median over the rounds."""
        return median(run - hello for run, hello in zip(self.second, self.hello, strict=True))

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")


def load(file: Path = FILE) -> Runs:
    return Runs(**json.loads(file.read_text()))


def run(folder: Path, rounds: int, about: dict[str, str]) -> Runs:
    """Bring a lab up, install Docker on it, and measure; the lab is taken down in any case."""
    name = f"bench-{os.getpid()}"
    try:
        _lab("up", "--name", name, str(HOSTS))
        inventory = folder / "hosts.yml"
        inventory.write_text(_lab("inventory", "--name", name))
        host = _lab("list").split(f"{name} ")[1].split()[0]
        found = Runs(about)
        found.first = round(_provision(inventory, folder).wall, 3)
        for number in range(rounds):
            found.hello.append(int(_lab("sh", "--name", name, host, HELLO)) / 1000)
            second = _provision(inventory, folder)
            if '"outcome": "changed"' in second.output:
                raise measure.FailedRun(f"a second run changed something:\n{second.output}")
            found.second.append(round(second.wall, 3))
            print(f"round {number + 1}: {found.second[-1]} s, hello-world {found.hello[-1]} s")
        return found
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


def table(found: Runs) -> str:
    """The page's part, in Markdown."""
    said = found.about
    about = (
        f"Measured on {said['date']}, {said['cores']} cores that {found.hosts} lab hosts share with"
        f" the controller: {len(found.second)} rounds, medians. {said['note']}"
    )
    return (
        f"{about.strip()}\n\n"
        "| | seconds |\n|---|---|\n"
        f"| first run: packages, settings, service, image | {found.first:.1f} |\n"
        f"| second run, all of it | {median(found.second):.2f} |\n"
        f"| `docker run --rm hello-world` alone, on one host | {median(found.hello):.2f} |\n"
        f"| the second run's remainder | {found.more:.2f} |\n"
    )
