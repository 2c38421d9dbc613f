"""Whatever goes wrong with one host concerns this host only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from provisioner.engine.host_run import HostRun
from provisioner.events import HostFinished, TaskFinished
from provisioner.fleet.login import Login
from provisioner.modules.command import Command
from provisioner.modules.stat import Stat
from provisioner.remote.local import LocalChannel
from tests.engine.play_runner import Frames, PlayRunner

LOOKS = (
    "[{hosts: all, gather_facts: false, tasks: [{name: a, stat: {path: /}}, {name: b, ping: {}}]}]"
)
CHANGES = (
    "[{hosts: all, gather_facts: false, tasks: [{name: a, command: echo}, {name: b, ping: {}}]}]"
)
HOSTS = ("h1", "h2", "h3")


def statuses(runner: PlayRunner, playbook: str, **options: Any) -> tuple[list[str], int]:
    """Run the playbook on three hosts. Return the status of each, and the exit status."""
    got = runner.run(playbook, hosts=3, **options)
    return [str(got.hosts[host].status) for host in HOSTS], got.exit


def fail_for(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """Put a bug into the engine that one host meets, at its second frame."""
    send = HostRun._send

    def failing(self: HostRun, frame: Any) -> Any:
        if self._state.name == host and self._state.touched:
            raise ZeroDivisionError("a bug")
        return send(self, frame)

    monkeypatch.setattr(HostRun, "_send", failing)


@pytest.mark.parametrize(
    ("playbook", "module", "status"),
    [(LOOKS, Stat, "unreachable"), (CHANGES, Command, "unknown")],
)
@pytest.mark.parametrize(
    "error", [ValueError("5,000 digits"), RecursionError(), IndexError("x\x1b[31m" * 999)]
)
def test_an_exception_of_a_module_that_reads_a_report_is_the_failure_of_its_host(
    runner: PlayRunner,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    playbook: str,
    module: type[Any],
    status: str,
) -> None:
    calls = 0

    def returns(self: object, report: object) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise error
        return {}

    monkeypatch.setattr(module, "returns", returns)
    got = runner.run(playbook, hosts=3)
    ended = sorted(str(got.hosts[host].status) for host in HOSTS)
    good = "ok" if playbook == LOOKS else "changed"
    assert (ended, got.exit) == (sorted([good, good, status]), 4)
    (finished,) = [e for e in got.events if isinstance(e, TaskFinished) and e.traceback]
    assert f"the module {module.__name__.lower()} can't read" in finished.message
    assert type(error).__name__ in finished.message
    assert len(finished.message) < 600
    assert type(error).__name__ in finished.traceback


def test_a_bug_in_the_engine_ends_the_run_of_one_host(
    runner: PlayRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_for(monkeypatch, "h2")
    got = runner.run(CHANGES.replace("ping: {}", "command: echo"), hosts=3)
    assert [str(got.hosts[host].status) for host in HOSTS] == ["changed", "unknown", "changed"]
    assert got.exit == 1
    (crashed,) = [e for e in got.events if isinstance(e, HostFinished) and e.traceback]
    assert (crashed.host, crashed.reason) == ("h2", "a bug in provision: ZeroDivisionError: a bug")
    assert 'raise ZeroDivisionError("a bug")' in crashed.traceback


def test_a_bug_in_the_task_of_the_leader_ends_the_run_for_all(
    runner: PlayRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a lost connection: another host would repeat what the leader may have done."""
    fail_for(monkeypatch, "h1")
    once = (
        "[{hosts: all, gather_facts: false, tasks: [{ping: {}}, {command: echo, run_once: true}]}]"
    )
    ended, status = statuses(runner, once)
    assert (ended[0], status) == ("unknown", 1)
    assert "changed" not in ended


class Raising(Frames):
    """A connection whose channel raises the exception when it has sent `after` frames."""

    def __init__(self, error: Exception, after: int) -> None:
        super().__init__()
        self.error, self.after = error, after

    def open(self, command: str, *, terminal: bool = False) -> LocalChannel:
        channel = super().open(command)
        receive = channel.receive

        def failing(timeout: float | None) -> bytes:
            if len(self.log) > self.after:
                raise self.error
            return receive(timeout)

        channel.receive = failing  # type: ignore[method-assign]
        return channel


@pytest.mark.parametrize(
    "error",
    [
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        KeyError(200),
        MemoryError(),
        RecursionError("maximum recursion depth exceeded"),
        OverflowError("int too large"),
        AssertionError(),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize(
    ("playbook", "status"), [(LOOKS, "unreachable"), (CHANGES, "unknown")], ids=["look", "change"]
)
def test_any_exception_during_an_exchange_is_the_failure_of_its_host(
    runner: PlayRunner, error: Exception, playbook: str, status: str
) -> None:
    connect = runner.connect

    def hostile(host: str, variables: Mapping[str, Any]) -> Login:
        return Login(Raising(error, 0), "root") if host == "h2" else connect(host, variables)

    runner.connect = hostile  # type: ignore[method-assign]
    good = "ok" if playbook == LOOKS else "changed"
    assert statuses(runner, playbook) == ([good, status, good], 4)


def test_an_exception_while_connecting_is_the_failure_of_its_host(runner: PlayRunner) -> None:
    connect = runner.connect

    def hostile(host: str, variables: Mapping[str, Any]) -> Login:
        if host == "h2":
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
        return connect(host, variables)

    runner.connect = hostile  # type: ignore[method-assign]
    assert statuses(runner, CHANGES) == (["changed", "unreachable", "changed"], 4)
