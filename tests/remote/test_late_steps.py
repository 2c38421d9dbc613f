"""A step that takes too long is ended with everything that it started, or it is said what runs."""

from __future__ import annotations

import os
import shlex
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.errors import ConnectionLost
from provisioner.remote import session as sessions
from provisioner.remote.channel import Connection
from provisioner.remote.local import LocalConnection
from provisioner.remote.session import MOST_NAMED, Session, still_running
from provisioner.remote.shell import Program, Report, Step
from provisioner.remote.ssh.connection import connect
from tests.lab.processes import process_tree, wait_for
from tests.modules.conftest import Host, host  # noqa: F401
from tests.remote.counting_connection import CountingConnection
from tests.remote.sshd import sshd

SECONDS = 0.2
"""The time limit of a step."""

# Each script writes its process ID to the file $1, and then waits.
SCRIPTS = {
    "obeys": 'echo $$ >>"$1"; sleep 300; :',
    "ignores": "trap '' TERM; echo $$ >>\"$1\"; sleep 300; :",
    "says_bye": 'trap "echo bye >bye; exit" TERM; echo $$ >>"$1"; sleep 300 & wait',
    "starts": 'trap "sleep 300" TERM; echo $$ >>"$1"; while :; do sleep 1; done',
    "has_child": 'echo $$ >>"$1"; sh ignores "$1" & wait; sleep 300',
    "leaves_child": 'setsid sh obeys "$1" &',
}

WITH_CHILD = "a child that ignores SIGTERM, of a process that does not"

STARTS = {
    "a process that ends at SIGTERM": "sh obeys 1",
    "a process that ignores SIGTERM": "sh ignores 2",
    "a process that does something at SIGTERM": "sh says_bye 3",
    "a session of its own": "setsid sh obeys 4",
    "a session of its own that ignores SIGTERM": "setsid sh ignores 5",
    "a child of a subshell that ignores SIGTERM": "trap '' TERM; sh obeys 6",
    WITH_CHILD: "sh has_child 7",
    "a process that starts another at SIGTERM": "sh starts 8",
}
"""The body of each writes process IDs to the file that its last word names."""


def step(body: str, folder: Path, seconds: float | None = SECONDS) -> Step:
    """Return a step that runs in the folder, with the scripts there."""
    for name, script in SCRIPTS.items():
        (folder / name).write_text(script)
    body = f"cd {shlex.quote(str(folder))}\n{body}"
    return Step(Program("late", body, {}), "apply", timeout=seconds)


def pids_in(file: Path) -> list[int]:
    """Return the process IDs in the file; none where it does not exist."""
    return [int(word) for word in file.read_text().split()] if file.exists() else []


def running(file: Path) -> list[int]:
    """Return the processes in the file that have not ended."""
    return [pid for pid in pids_in(file) if is_running(pid)]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def end(pid: int) -> None:
    """Kill a process and its children."""
    for each in reversed(process_tree(pid)):
        os.kill(each, signal.SIGKILL)


def kill_when(
    is_begun: Callable[[], bool], session: Session, late: Step
) -> tuple[tuple[str, ...], list[Report]]:
    """Run a step and kill it when it has begun. Return what is left, and the reports."""
    reports: list[Report] = []
    thread = threading.Thread(target=lambda: reports.extend(session.exchange([late])))
    thread.start()
    wait_for(is_begun, 60, "the processes")
    left = session.kill()
    thread.join(60)
    return left, reports


def reports_until_lost(session: Session, late: Step) -> tuple[list[Report], ConnectionLost]:
    """Run a step during which the connection is lost. Return its reports and the exception."""
    reports: list[Report] = []
    try:
        for report in session.exchange([late]):
            reports.append(report)
    except ConnectionLost as lost:
        return reports, lost
    raise AssertionError(f"the connection was not lost: {reports}")


def test_everything_that_a_session_runs_is_killed(host: Host) -> None:  # noqa: F811
    """Each runs beside the others, in a subshell."""
    files = {name: host.root / body.split()[-1] for name, body in STARTS.items()}
    body = "\n".join(f"({body}; :) &" for body in STARTS.values()) + "\nwait"

    def is_begun() -> bool:
        counts = {name: len(pids_in(file)) for name, file in files.items()}
        return counts == {**dict.fromkeys(STARTS, 1), WITH_CHILD: 2}

    left, reports = kill_when(is_begun, host.session, step(body, host.root, None))
    assert left == ()
    assert {name: running(file) for name, file in files.items()} == {name: [] for name in STARTS}
    assert (host.root / "bye").read_text() == "bye\n"
    assert [report.status for report in reports] == [128 + signal.SIGTERM]
    (after,) = host.session.exchange([Step(Program("after", "report out fine"), "apply")])
    assert after.get("out") == "fine"


def test_a_step_that_takes_too_long_is_ended(host: Host) -> None:  # noqa: F811
    (report,) = host.session.exchange([step("sh ignores pids", host.root)])
    assert report.failed == f"it took longer than {SECONDS:g} s and was ended"
    assert not running(host.root / "pids")


def test_a_process_that_init_has_adopted_goes_on(tmp_path: Path) -> None:
    """A service that a task has started is not a part of the task."""
    pids = tmp_path / "pids"
    session = Session(LocalConnection())
    late = step("sh leaves_child pids; sleep 300", tmp_path, None)
    left, reports = kill_when(lambda: bool(pids_in(pids)), session, late)
    assert (left, len(reports)) == ((), 1)
    (pid,) = running(pids)
    end(pid)
    session.close()


@pytest.fixture
def kill_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let kill on the host do nothing, as for a process of another user."""
    monkeypatch.setattr(sessions, "KILL", f"kill() {{ :; }}\n{sessions.KILL}")


@pytest.mark.usefixtures("kill_does_nothing")
def test_of_a_step_that_cannot_be_ended_it_is_said_what_still_runs(tmp_path: Path) -> None:
    connection = LocalConnection()
    session = Session(connection)
    reports, lost = reports_until_lost(session, step("sleep 300", tmp_path))
    assert [report.status for report in reports] == [None]
    begin = f"it took longer than {SECONDS:g} s and could not be ended: on the host still run: "
    assert lost.reason.startswith(begin)
    named = [process.split() for process in lost.reason.removeprefix(begin).split(", ")]
    me = Path("/proc/self").owner()
    assert {(user, command) for _, user, command in named} <= {(me, "sh"), (me, "sleep")}
    for pid in [int(pid) for pid, _, _ in named]:
        assert is_running(pid)
        os.kill(pid, signal.SIGKILL)
    session.close()
    connection.close()


def test_without_another_session_or_connection_it_is_said_that_a_step_goes_on(
    tmp_path: Path,
) -> None:
    connection = CountingConnection(allowed=1)
    session = Session(connection)
    reports, lost = reports_until_lost(session, step("sleep 300", tmp_path))
    assert [report.status for report in reports] == [None]
    assert "could not be ended: no other session could end it: sshd refuses" in lost.reason
    connection.close()


def test_without_another_session_a_step_is_ended_over_another_connection(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with sshd(tmp_path / "sshd", "MaxSessions 1") as server:
        server.trust()
        made: list[Connection] = []

        def reconnect() -> Connection:
            made.append(connect(server.target()))
            return made[-1]

        connection = connect(server.target())
        session = Session(connection, reconnect=reconnect)
        late = step("sh ignores pids", tmp_path)
        (report,) = session.exchange([late])
        assert report.failed == f"it took longer than {SECONDS:g} s and was ended"
        assert not running(pids)
        assert [each.alive for each in made] == [False]
        connection.close()


def test_a_session_that_ends_another_is_not_ended_by_a_third(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host could otherwise make a chain of sessions that each wait for the next."""
    monkeypatch.setattr(sessions, "KILL", "sleep 300")
    monkeypatch.setattr(sessions, "KILL_SECONDS", 0.1)
    connection = CountingConnection()
    reports, lost = reports_until_lost(Session(connection), step("sleep 300", tmp_path))
    assert [report.status for report in reports] == [None]
    assert "could not be ended" in lost.reason
    assert connection.count == 2
    connection.close()


def test_a_message_names_the_first_processes_and_counts_the_others() -> None:
    left = [f"{number} root sleep" for number in range(MOST_NAMED + 2)]
    assert still_running(left[:2]) == "on the host still run: 0 root sleep, 1 root sleep"
    assert still_running(left).endswith(f"{MOST_NAMED - 1} root sleep and 2 more")


def test_where_kill_itself_fails_the_reason_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "KILL", "exit 9")
    connection = LocalConnection()
    session = Session(connection)
    _, lost = reports_until_lost(session, step("sleep 300", tmp_path))
    assert "kill failed with status 9" in lost.reason
    connection.close()
