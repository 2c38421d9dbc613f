"""Runs that end early: by Ctrl-C, by signals, by a closed pipe."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeLab
from tests.e2e.runs import Provision, checked, event_of, finish
from tests.e2e.watching import GATED, PATIENCE, Gate, wait_until_idle
from tests.lab import Lab

pytestmark = pytest.mark.lab

HOST = "el7-1"


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(1)


@pytest.fixture
def gate(lab: Lab) -> Iterator[Gate]:
    gate = Gate(lab[HOST])
    gate.close()
    yield gate
    gate.open()


@pytest.fixture
def playbook(tmp_path: Path) -> Path:
    path = tmp_path / "site.yml"
    path.write_text(GATED)
    return path


def stderr_until(process: subprocess.Popen[str], text: str) -> str:
    """Read standard error up to the line that contains `text`."""
    assert process.stderr is not None
    read = ""
    while text not in read:
        line = process.stderr.readline()
        assert line, f"it ended without {text!r}:\n{read}"
        read += line
    return read


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_one_signal_ends_the_run_at_a_task_boundary_with_a_recap(
    lab: Lab,
    provision: Provision,
    gate: Gate,
    playbook: Path,
    number: signal.Signals,
    status: int,
) -> None:
    with provision.start(lab, playbook, json=False) as process:
        gate.reached(process)
        process.send_signal(number)
        stderr_until(process, "stopping")
        gate.open()
        stdout, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == status
    steps, _, recap = stdout.partition("\nRecap")
    assert "At the gate" in steps
    assert "Behind the gate" not in steps
    assert HOST in recap
    assert f"exit {status}" in recap
    assert gate.passed()
    assert not gate.behind()
    assert provision(lab, playbook).status(HOST) == "changed"
    assert gate.behind()


def test_a_second_ctrl_c_ends_the_running_task_and_reports_it(
    lab: Lab, provision: Provision, gate: Gate, playbook: Path
) -> None:
    with provision.start(lab, playbook) as process:
        gate.reached(process)
        process.send_signal(signal.SIGINT)
        stderr_until(process, "stopping")
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=PATIENCE)
    run = checked(finish(process.returncode, stdout, stderr), 130)
    assert run.tasks(HOST, "failed", "unknown") == ["At the gate"]
    assert run.status(HOST) in ("failed", "unknown")
    wait_until_idle(lab[HOST])
    assert not gate.passed()
    assert not gate.behind()


def test_the_next_run_completes_a_stopped_run_of_docker_yml(lab: Lab, provision: Provision) -> None:
    lab.services.set_faults({"/linux/centos/7/": {"hold": True}})  # Docker's packages
    with provision.start(lab) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while "Docker's repository is set up" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1]
        process.send_signal(signal.SIGINT)
        first_lines = stderr_until(process, "stopping")
        lab.services.set_faults({})
        rest, stderr = process.communicate(timeout=PATIENCE)
    stopped = checked(finish(process.returncode, "".join(lines) + rest, first_lines + stderr), 130)
    assert stopped.events[-1]["interrupted"] is True
    assert "Docker runs, now and at boot" not in stopped.changed(HOST)
    assert provision(lab).task(HOST, "Smoke test: docker run hello-world")["outcome"] == "ok"
    assert provision(lab).changed(HOST) == []


def test_a_closed_pipe_does_not_end_the_run(
    lab: Lab, provision: Provision, gate: Gate, playbook: Path
) -> None:
    with provision.start(lab, playbook) as process:
        assert process.stdout is not None
        assert event_of(process.stdout.readline())["event"] == "run_started"
        process.stdout.close()
        gate.reached(process)
        gate.open()
        assert process.wait(PATIENCE) == 0
    assert gate.behind()
