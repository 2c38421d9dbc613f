"""The recap at the end of a run, and the grouping of similar failures and notices."""

from __future__ import annotations

import re

from provisioner.events import HostFinished, HostSummary, Notice, RunFinished, Status
from provisioner.result import Outcome
from tests.reporters.examples import plain, started, task


def test_the_header_and_the_recap_name_check_mode() -> None:
    end = RunFinished({"web1": HostSummary(Status.CHANGED, changed=1)}, 0)
    lines = plain([started(["web1"], check=True), end]).splitlines()
    assert lines[0] == "hosts.yml: docker.yml on 1 host, check mode: nothing will be changed"
    assert lines[2] == "Recap (check mode: nothing was changed)"
    assert lines[4].startswith("web1  would change     0        1")
    assert lines[5] == "1 host: 1 would change - 0.0 s"


def test_the_recap_of_an_interrupted_run_says_interrupted() -> None:
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


def test_many_hosts_with_the_same_reason_are_one_group() -> None:
    dead = {f"web{n}": HostSummary(Status.UNREACHABLE) for n in range(1, 41)}
    hosts = {**dead, "db": HostSummary(Status.FAILED), "ok": HostSummary(Status.OK)}
    ends = [
        HostFinished(name, summary, f"port 22 of 10.0.0.{n} doesn't answer", "is it up?")
        for n, (name, summary) in enumerate(dead.items())
    ]
    ends.append(HostFinished("db", hosts["db"], "no space left"))
    text = plain([started(list(hosts)), *ends, RunFinished(hosts, 6)])
    recap = text[text.index("Recap") :].splitlines()
    names = ", ".join(dead)
    assert recap[1:] == [
        "40 hosts unreachable",
        "  reason: port 22 of 10.0.0.0 doesn't answer",
        "  what to do: is it up?",
        f"  hosts: {names}",
        "1 host failed",
        "  reason: no space left",
        "  hosts: db",
        "42 hosts: 1 ok, 1 failed, 40 unreachable - 0.0 s (1 host not listed: -v lists all)",
        "exit 6: hosts failed, and others are unreachable or in an unknown state",
    ]


def test_a_reason_that_three_hosts_share_is_shown_once_below_the_table() -> None:
    lost = HostSummary(Status.UNREACHABLE)
    hosts = dict.fromkeys(("web1", "web2", "web3"), lost)
    hosts["db"] = HostSummary(Status.FAILED, failed=1, notes=("a note",))
    ends = [HostFinished(name, lost, f"{name} doesn't answer", "is it up?") for name in hosts][:3]
    ends.append(HostFinished("db", hosts["db"], "no space left", "make room"))
    recap = plain([started(list(hosts)), *ends, RunFinished(hosts, 6)]).partition("Recap")[2]
    assert [" ".join(each.split()[:6]) for each in recap.splitlines()[2:-2]] == [
        "web1 unreachable 0 0 0 0",
        "web2 unreachable 0 0 0 0",
        "web3 unreachable 0 0 0 0",
        "db failed 0 0 1 0",
        "reason: no space left",
        "what to do: make room",
        "a note",
        "3 hosts unreachable",
        "reason: web1 doesn't answer",
        "what to do: is it up?",
        "hosts: web1, web2, web3",
    ]


def test_similar_failures_are_shown_ten_times() -> None:
    names = [f"web{n}" for n in range(40)]
    events = [
        task(name, Outcome.FAILED, message=f"{name} has 10.0.0.{n}", stderr="" if n else "x")
        for n, name in enumerate(names)
    ]
    text = plain([started(names), *events])
    assert re.findall(r"^web\d+", text, re.MULTILINE) == names[:11]
    assert text.count("the recap lists the other hosts with the same failure") == 1
    everything = plain([started(names), *events], verbosity=1)
    assert re.findall(r"^web\d+", everything, re.MULTILINE) == names


def test_a_notice_about_many_hosts_is_shown_once() -> None:
    names = [f"web{n}" for n in range(40)]
    notices = [Notice(f"{name}: BatchMode has no effect") for name in names]
    other = Notice("the vault is old")
    text = plain([started(names), *notices, other])
    assert re.findall("warning: .*", text) == [
        "warning: web0: BatchMode has no effect",
        "warning: the vault is old",
    ]
    assert plain([started(names[:2]), *notices[:2]]).count("warning:") == 2
