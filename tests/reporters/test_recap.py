"""The end of a run, as the console tells it."""

from __future__ import annotations

import re

from provisioner.events import HostSummary, RunFinished, Status
from tests.reporters.examples import plain, started


def test_check_mode_is_named_first_and_last() -> None:
    end = RunFinished({"web1": HostSummary(Status.CHANGED, changed=1)}, 0)
    lines = plain([started(["web1"], check=True), end]).splitlines()
    assert lines[0] == "hosts.yml: docker.yml on 1 host, check mode: nothing will be changed"
    assert lines[2] == "Recap (check mode: nothing was changed)"
    assert lines[4].startswith("web1  would change        0        1")
    assert lines[5] == "1 host: 1 would change - 0.0 s"


def test_an_interrupted_run_says_so() -> None:
    end = RunFinished({"web1": HostSummary(Status.NOT_RUN)}, 130, interrupted=True)
    assert plain([started(["web1"]), end]).splitlines()[-2:] == [
        "interrupted: 1 host: 1 not-run - 0.0 s",
        "exit 130: interrupted",
    ]


def test_a_recap_of_many_hosts_lists_those_that_are_not_ok() -> None:
    hosts = {f"web{number}": HostSummary(Status.OK) for number in range(31)}
    hosts["web7"] = HostSummary(Status.FAILED)
    end = RunFinished(hosts, 2)
    text = plain([started(list(hosts)), end])
    assert re.findall(r"^web\d+", text, re.MULTILINE) == ["web7"]
    assert "31 hosts: 30 ok, 1 failed - 0.0 s (30 hosts not listed: -v lists all)" in text
    assert len(re.findall(r"^web\d+", plain([started(), end], verbosity=1), re.MULTILINE)) == 31
