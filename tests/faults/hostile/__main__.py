"""Runs a playbook on 15 good hosts and 5 hostile ones, until each lie of the table was tried."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.faults.hostile.fleet import Fleet, Outcome, fleet
from tests.faults.hostile.lies import LIES

GOOD, HOSTILE = 15, 5
SECONDS, MEGABYTES = 60.0, 200.0


def main() -> int:
    """Print a line for each lie and for each run. Return 1 where something was not as promised."""
    wrong = 0
    for first in range(0, len(LIES), HOSTILE):
        numbers = range(first, min(first + HOSTILE, len(LIES)))
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
            fleet(Path(folder) / "fleet", GOOD, numbers) as hosts,
        ):
            outcome = hosts.run("--forks", "20", *sys.argv[1:])
            failures = [*of_run(hosts, outcome), *of_lies(hosts, outcome)]
        wrong += len(failures)
        print(f"{outcome.seconds:5.1f} s {outcome.megabytes:4.0f} MB exit {outcome.exit}  ", end="")
        print(", ".join(LIES[number].name for number in numbers), *failures, sep="\n    ")
    print(f"{len(LIES)} lies, {wrong} failures")
    return int(wrong > 0)


def of_run(hosts: Fleet, outcome: Outcome) -> list[str]:
    """Return what is wrong with the run and its good hosts."""
    failures = [f"{name}: {outcome.statuses.get(name)}" for name in hosts.good]
    failures = [text for text in failures if not text.endswith(": changed")]
    if missing := set(hosts.good) - hosts.marks():
        failures.append(f"not done: {sorted(missing)}")
    if "Traceback" in outcome.screen:
        failures.append("a traceback")
    if outcome.exit != 4:
        failures.append(f"exit {outcome.exit}")
    if outcome.seconds > SECONDS:
        failures.append("too slow")
    if outcome.megabytes > MEGABYTES:
        failures.append("too much memory")
    return failures


def of_lies(hosts: Fleet, outcome: Outcome) -> list[str]:
    """Return the hostile hosts that have another status or reason than their lie must have."""
    failures = []
    for name, lie in hosts.lies.items():
        status, reason = outcome.statuses.get(name, ""), outcome.reasons.get(name, "")
        if status != lie.status or not all(word in reason for word in lie.words):
            failures.append(f"{lie.name}: {status}: {reason[:200]!r}")
    return failures


if __name__ == "__main__":
    sys.exit(main())
