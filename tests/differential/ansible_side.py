"""Run a case with ansible-core 2.16, in its own virtual environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.differential.cases import Case
from tests.differential.observed import STEERING, Observed, hider, plain, step
from tests.differential.runner import ENVIRONMENT

CORE = Path(__file__).parents[2] / ".venv" / "ansible"
"""ansible-core without collections, from `make setup`; enough for the suite's sample."""

VENV = Path(os.environ.get("PROVISION_ANSIBLE_VENV", "/var/cache/provision-ansible"))
PACKAGES = ("ansible==9.13.0", "ansible-core==2.16.*", "jmespath", "netaddr<1", "passlib<1.7.5")
"""ansible 9 includes the collections ansible.posix and community.general of that time."""

EXIT = {0: "well", 2: "failed", 4: "unreachable", 6: "failed"}


def venv() -> Path:
    """Return Ansible's virtual environment; create it if it is missing."""
    if not (VENV / "bin" / "ansible-playbook").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        subprocess.run([VENV / "bin" / "pip", "-q", "install", *PACKAGES], check=True)
    return VENV


@dataclass(frozen=True)
class Ansible:
    """A process that runs cases, one after another."""

    process: subprocess.Popen[str]
    folder: Path
    options: tuple[str, ...] = ("-c", "local")
    interpreter: str = ""

    def run(self, case: Case, folder: Path, out: Path, inventory: str) -> Observed:
        """Run the case, whose files are in `folder`, once; return what is observed."""
        output = self.folder / "output"
        output.unlink(missing_ok=True)
        words = [case.filled(word, folder, out) for word in case.options]
        given = {"out": str(out), "ansible_python_interpreter": self.interpreter}
        words = ["-i", inventory, *self.options, "-e", json.dumps(given), *words, "play.yml"]
        job = {"cwd": str(folder), "words": words, "env": ENVIRONMENT, "out": str(output)}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        ended = json.loads(self.process.stdout.readline())["exit"]
        lines = output.read_text().splitlines() if output.exists() else []
        log = Path(f"{output}.log").read_text(errors="replace")
        events = [json.loads(line) for line in lines]
        return _observed(ended, events, log, hider(DIR=folder, OUT=out))


@contextmanager
def ansible(home: Path | None = None) -> Iterator[Ansible]:
    """Yield a process that runs cases; with all collections if asked for."""
    with tempfile.TemporaryDirectory(prefix="differential-") as name:
        driver = Path(__file__).with_name("driver.py")
        python = str((home or venv()) / "bin" / "python")
        command = [python, str(driver), name]
        # Some messages of Ansible list a set; a fixed hash seed gives a fixed order.
        env = {**os.environ, "PYTHONHASHSEED": "0"}
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
        ) as process:
            yield Ansible(process, Path(name), interpreter=python)
            assert process.stdin is not None
            process.stdin.close()


def _observed(ended: int, events: list[dict[str, Any]], log: str, hide: Any) -> Observed:
    results = [event for event in events if event["event"] == "result"]
    if ended not in EXIT or (ended == 4 and not _stats(events)):
        return {"exit": "invalid", "hosts": {}, "recap": {}, "error": hide(log)[-1500:]}
    hosts: dict[str, list[dict[str, Any]]] = {}
    for event in results:
        steps = hosts.setdefault(event["host"], [])
        short = event["module"].rpartition(".")[2]
        if short == "meta" or (short in STEERING and event["outcome"] in ("ok", "changed")):
            continue
        steps.append(_step(event, hide))
    recap = {host: _recap(counts) for host, counts in _stats(events).items()}
    return {"exit": EXIT[ended], "hosts": hosts, "recap": recap}


def _stats(events: list[dict[str, Any]]) -> Mapping[str, Any]:
    """Return the statistics after the last playbook."""
    found = [event["hosts"] for event in events if event["event"] == "stats"]
    return found[-1] if found else {}


def _recap(counts: Mapping[str, int]) -> dict[str, int]:
    named = {"failures": "failed"}
    kept = ("ok", "changed", "failures", "skipped", "ignored", "rescued")
    return {named.get(name, name): counts[name] for name in kept}


def _step(event: dict[str, Any], hide: Any) -> dict[str, Any]:
    found = step(
        event["task"], event["module"], event["outcome"], event["ignored"], event["values"]
    )
    return {**found, "values": plain(found["values"], hide)}
