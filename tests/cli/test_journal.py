"""The journal of a run, and --retry last."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from provisioner.events import Event, PlayStarted, RunStarted
from provisioner.reporters import journal
from tests.cli.conftest import Command
from tests.lab.processes import wait_for

FAILING = """
- hosts: all
  gather_facts: false
  tasks:
    - command: echo {{ inventory_hostname }}
    - fail: msg=broken
      when: inventory_hostname == bad | default('h2')
"""
WAITING = """
- hosts: all
  gather_facts: false
  tasks:
    - command: echo {{ inventory_hostname }}
    - wait_for: {path: "{{ playbook_dir }}/go"}
      when: inventory_hostname == 'h2'
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the journals."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/provision/runs"


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def hosts_of(out: str) -> list[str]:
    started: list[str] = json.loads(out.splitlines()[0])["hosts"]
    return started


def test_the_journal_has_the_events_of_the_run(provision: Command, state: Path) -> None:
    out = provision.play(FAILING, "--json").out
    (path,) = state.iterdir()
    printed = [json.loads(line) for line in out.splitlines()]
    assert records(path)[1:] == printed[1:]
    assert records(path)[0] == {**printed[0], "playbooks": [str(provision.folder / "play.yml")]}


def test_only_the_user_can_read_the_journal(provision: Command, state: Path) -> None:
    provision.play(FAILING)
    (path,) = state.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_the_journal_contains_no_secrets(provision: Command, state: Path) -> None:
    play = FAILING.replace("echo {{", "echo {{ ansible_become_password }} {{")
    provision.play(play, "-e", "ansible_become_password=canary-7f3a")
    (path,) = state.iterdir()
    assert "canary-7f3a" not in path.read_text()


def test_commands_that_only_list_have_no_journal(provision: Command, state: Path) -> None:
    provision.play(FAILING, "--list-hosts")
    provision.play(FAILING, "--syntax-check")
    assert not state.exists()


def test_retry_last_runs_the_hosts_that_failed(provision: Command, state: Path) -> None:
    provision.play(FAILING)
    done = provision.play(FAILING, "--retry", "last", "--json", "-e", "bad=none")
    assert (done.exit, hosts_of(done.out)) == (0, ["h2"])
    assert f"--retry last: {state}" in done.err
    again = provision.play(FAILING, "--retry", "last")
    assert again.exit == 0
    assert "nothing to run" in again.err


def test_retry_last_takes_the_last_run_of_the_same_playbook_and_inventory(
    provision: Command, state: Path
) -> None:
    provision.play(FAILING)
    provision.play(FAILING, "-e", "bad=h9", hosts="h8,h9,")
    other = provision.write("other.yml", FAILING)
    provision("h1,h2,", other, "-e", "ansible_connection=local", "-e", "bad=h1")
    done = provision.play(FAILING, "--retry", "last", "--json")
    assert hosts_of(done.out) == ["h2"]


def test_a_run_in_check_mode_is_not_the_last_run(provision: Command, state: Path) -> None:
    provision.play(FAILING)
    provision.play(FAILING, "--check", "-e", "bad=h1")
    assert hosts_of(provision.play(FAILING, "--retry", "last", "--json").out) == ["h2"]


def test_retry_last_without_a_run_is_refused(provision: Command, state: Path) -> None:
    done = provision.play(FAILING, "--retry", "last")
    assert done.exit == 5
    assert "no run of h1,h2, " in done.err
    assert str(state) in done.err


@pytest.mark.parametrize("content", ["", "hello\n", "[]\n", '{"event": "run_started"}\n'])
def test_a_file_that_is_no_journal_is_passed_over(
    provision: Command, state: Path, content: str
) -> None:
    provision.play(FAILING)
    (state / "29991231T000000.000000Z-1.jsonl").write_text(content)
    assert hosts_of(provision.play(FAILING, "--retry", "last", "--json").out) == ["h2"]


def test_after_kill_9_retry_last_runs_the_hosts_that_were_not_done(
    provision: Command, state: Path
) -> None:
    playbook = provision.write("play.yml", WAITING)
    command = [sys.executable, "-m", "provisioner", "h1,h2,", str(playbook)]
    options = ["-e", "ansible_connection=local"]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: _tasks(state) >= 2, 60, "both hosts to run their first task")
        (path,) = state.iterdir()
        running = provision(*command[3:], *options, "--retry", "last")
        process.kill()
    assert running.exit == 5
    assert f"that run has not ended (pid {process.pid})" in running.err
    assert records(path)[-1]["event"] != "run_finished"
    (provision.folder / "go").touch()
    done = provision(*command[3:], *options, "--retry", "last", "--json")
    assert done.exit == 0
    assert "h2" in hosts_of(done.out)


def _tasks(state: Path) -> int:
    if not state.exists():
        return 0
    return sum(path.read_text().count("task_finished") for path in state.iterdir())


# ---- A journal that cannot be written is no failure


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("XDG_STATE_HOME", "file", "file/provision/runs: Not a directory"),
        ("HOME", "missing", "missing: there is no such home directory"),
    ],
)
def test_a_directory_that_cannot_be_made_is_a_warning(
    tmp_path: Path, variable: str, value: str, reason: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "play.yml").write_text(FAILING)
    environment = {key: text for key, text in os.environ.items() if key != "XDG_STATE_HOME"}
    done = subprocess.run(
        [sys.executable, "-m", "provisioner", "h1,", "play.yml", "-e", "ansible_connection=local"],
        cwd=tmp_path,
        env={**environment, variable: str(tmp_path / value)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    (warning,) = done.stderr.splitlines()
    assert warning.startswith("provision: warning: the journal of this run: ")
    assert reason in warning
    assert not (tmp_path / "missing").exists()


def test_a_directory_of_another_user_is_not_used(provision: Command, state: Path) -> None:
    if os.geteuid():
        pytest.skip("needs root")
    state.mkdir(parents=True)
    os.chown(state, 65534, 65534)
    assert provision.play(FAILING, "-e", "bad=none").exit == 0
    assert list(state.iterdir()) == []


def test_a_full_disk_ends_the_journal_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, state: Path
) -> None:
    warnings: list[str] = []
    reporter = journal.Journal(warnings.append)
    reporter(_started())
    monkeypatch.setattr(journal, "encode", _no_space)
    for _ in range(3):
        reporter(_started_play())
    reporter.close()
    assert len(warnings) == 1
    assert "No space left on device" in warnings[0]


def _no_space(_record: object) -> str:
    raise OSError(28, "No space left on device")


def _started() -> RunStarted:
    return RunStarted("hosts.yml", ("site.yml",), ("h1",), check=False, diff=False)


def _started_play() -> Event:
    return PlayStarted("web", ("h1",), "site.yml:1", 3)


# ---- Limits


def test_old_journals_are_deleted(
    provision: Command, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "KEPT_RUNS", 2)
    for _ in range(4):
        provision.play(FAILING)
    assert len(list(state.iterdir())) == 2


def test_large_journals_are_deleted_but_not_the_newest(
    provision: Command, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "KEPT_BYTES", 1)
    for _ in range(3):
        provision.play(FAILING)
    (path,) = state.iterdir()
    assert records(path)[-1]["event"] == "run_finished"


def test_the_long_output_of_a_command_is_shortened(provision: Command, state: Path) -> None:
    play = FAILING.replace("echo {{ inventory_hostname }}", "seq 300000")
    provision.play(play)
    (path,) = state.iterdir()
    assert path.stat().st_size < 2 * journal.LONGEST_LINE
    (task, *_) = [record for record in records(path) if record["event"] == "task_finished"]
    assert task["stdout"].startswith("1\n2\n")
    assert task["stdout"].rstrip().endswith("300000")
    assert " characters are left out " in task["stdout"]


def test_the_lock_of_the_journal_ends_with_the_run(provision: Command, state: Path) -> None:
    provision.play(FAILING)
    (path,) = state.iterdir()
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
