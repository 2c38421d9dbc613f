"""Hosts that lie in different ways end with their status and reason; the good ones converge."""

from __future__ import annotations

from pathlib import Path

from tests.faults.hostile.__main__ import of_lies, of_run
from tests.faults.hostile.fleet import fleet
from tests.faults.hostile.lies import LIES

QUICK = (
    "closes at once",
    "an endless line",
    "NULs",
    "no names",
    "a farewell with escapes",
    "a group with g = 1",
    "closes in the login",
    "no channel",
    "an end at once",
    "an exit status that is a word",
    "negative lengths",
    "more than the total",
)
"""Lies that end without a time limit."""


def test_the_good_hosts_converge_and_each_hostile_one_has_its_reason(tmp_path: Path) -> None:
    numbers = [number for number, lie in enumerate(LIES) if lie.name in QUICK]
    assert len(numbers) == len(QUICK)
    with fleet(tmp_path / "fleet", 2, numbers) as hosts:
        outcome = hosts.run("--forks", "20")
        assert (of_run(hosts, outcome), of_lies(hosts, outcome)) == ([], [])
