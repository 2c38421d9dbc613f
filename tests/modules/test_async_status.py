"""Background tasks: the job, its result, and the module async_status."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from provisioner.engine.async_jobs import result_of
from provisioner.modules import find_module
from provisioner.modules.async_status import AsyncStatus, Background, with_folder
from provisioner.modules.command import Shell
from provisioner.modules.copy import Copy
from provisioner.modules.framework.base import Module, ModuleError
from provisioner.modules.lineinfile import LineInFile
from provisioner.remote.shell import Mode, Step
from provisioner.result import Outcome, Result
from tests.modules.conftest import Host, listing

BLOCKED = "echo early; until [ -e go ]; do sleep 0.05; done; echo out; echo err >&2; exit {code}"


class Jobs:
    """Starts jobs on a host and asks for their results."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.known: dict[str, Module] = {}
        self.folder = host.root / "jobs"

    def send(self, module: Module, mode: Mode) -> Result:
        program = with_folder(module.program(self.host.context), str(self.folder))
        (report,) = self.host.session.exchange([Step(program, mode)])
        return result_of(module, report, False, self.known)

    def start(self, code: int = 0, seconds: float = 60, mode: Mode = "apply") -> Result:
        inner = Shell(cmd=BLOCKED.format(code=code), chdir=str(self.host.root))
        return self.send(Background(inner=inner, job_id="j1", seconds=seconds), mode)

    def ask(self, mode: Mode = "look", jid: str = "j1") -> Result:
        return self.send(AsyncStatus(jid=jid), mode)

    def finished(self) -> Result:
        """The job's result, once it has ended."""
        while not (result := self.ask()).returns["finished"]:
            time.sleep(0.02)
        return result

    def release(self) -> None:
        (self.host.root / "go").touch()


@pytest.fixture
def jobs(host: Host) -> Jobs:
    return Jobs(host)


@pytest.mark.parametrize(("code", "outcome"), [(0, Outcome.CHANGED), (3, Outcome.FAILED)])
def test_a_job_runs_in_the_background_and_its_result_is_kept(
    jobs: Jobs, code: int, outcome: Outcome
) -> None:
    began = jobs.start(code)
    assert began.outcome is Outcome.CHANGED
    assert began.returns == {
        "ansible_job_id": "j1",
        "started": 1,
        "finished": 0,
        "results_file": str(jobs.folder / "j1"),
    }
    asked = jobs.ask()
    assert (asked.outcome, asked.returns["finished"]) == (Outcome.OK, 0)
    jobs.release()
    result = jobs.finished()
    assert result.outcome is outcome
    assert result.returns["rc"] == code
    assert (result.returns["stdout"], result.returns["stderr"]) == ("early\nout", "err")
    assert result.returns["ansible_job_id"] == "j1"


def test_a_job_survives_the_end_of_the_session(jobs: Jobs) -> None:
    jobs.start()
    jobs.host.session.close()
    jobs.release()
    wait_for_file(jobs.folder / "j1")
    assert not list(jobs.folder.glob("*.part"))


def test_another_run_finds_the_output_of_a_command(jobs: Jobs) -> None:
    jobs.start()
    jobs.release()
    jobs.finished()
    jobs.known.clear()
    assert jobs.ask().returns["stdout"] == "early\nout"


def test_only_the_user_can_read_results(jobs: Jobs) -> None:
    jobs.start()
    jobs.release()
    jobs.finished()
    modes = [path.stat().st_mode & 0o077 for path in (jobs.folder, *jobs.folder.iterdir())]
    assert modes == [0, 0, 0]


def test_a_job_that_takes_too_long_is_ended(jobs: Jobs) -> None:
    jobs.start(seconds=0.2)
    result = jobs.finished()
    assert result.failed
    assert result.message == "it took longer than 0.2 s and was ended"


def test_no_process_is_left_when_a_job_has_ended(jobs: Jobs) -> None:
    seconds = 10**5 + crc32(bytes(jobs.host.root)) % 10**5  # recognizes the processes of this test
    for number in range(10):
        inner = Shell(cmd=":", chdir=str(jobs.host.root))
        jobs.send(Background(inner=inner, job_id=f"j{number}", seconds=seconds), "apply")
        while not jobs.ask(jid=f"j{number}").returns["finished"]:
            time.sleep(0.02)
    assert not [pid for pid, words in commands() if str(seconds) in words]


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield the processes of this machine with their command lines."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield place.parent.name, place.read_text(errors="replace").split("\0")[:-1]


def test_a_job_that_is_gone_without_a_result_is_a_failure(jobs: Jobs) -> None:
    jobs.folder.mkdir()
    (jobs.folder / "j1.part").write_text("x")
    (jobs.folder / "j1.pid").write_text("4194304999\n")
    result = jobs.ask()
    assert result.failed
    assert "restarted" in result.message
    assert result.returns["finished"] == 1


def test_cleanup_removes_the_result_and_a_look_does_not(jobs: Jobs) -> None:
    jobs.start()
    jobs.release()
    jobs.finished()
    before = listing(jobs.folder)
    jobs.send(AsyncStatus(jid="j1", mode="cleanup"), "check")
    assert listing(jobs.folder) == before
    result = jobs.send(AsyncStatus(jid="j1", mode="cleanup"), "apply")
    assert result.outcome is Outcome.OK
    assert result.returns["erased"] == str(jobs.folder / "j1")
    assert not list(jobs.folder.iterdir())
    assert jobs.ask().message == "could not find job"


def test_check_mode_starts_nothing_and_status_of_it_does_not_fail(jobs: Jobs) -> None:
    began = jobs.start(mode="check")
    assert not jobs.folder.exists()
    asked = jobs.ask("check", jid=began.returns["ansible_job_id"])
    assert (asked.outcome, asked.returns["finished"]) == (Outcome.SKIPPED, 1)


def test_a_task_that_needs_content_from_the_controller_can_not_run_in_the_background(
    jobs: Jobs,
) -> None:
    job = Background(inner=Copy(content="x\0", dest="/x"), job_id="j1", seconds=1)
    with pytest.raises(ModuleError, match="poll"):
        job.program(jobs.host.context)


def start_edit(jobs: Jobs, job: Background) -> Result:
    """Read the file and start the edit, as the engine does."""
    (read,) = jobs.host.session.exchange([Step(job.program(jobs.host.context), "apply")])
    program = job.edit(read)
    assert program is not None
    (report,) = jobs.host.session.exchange([Step(program, "apply")])
    return result_of(job, report, False, jobs.known)


@pytest.mark.parametrize(
    ("before", "outcome", "words"),
    [
        ("b\n", Outcome.CHANGED, "line added"),
        ("b\n" + "x" * 20_000 + "\n", Outcome.CHANGED, "line added"),
        ("b\nline\n", Outcome.OK, ""),
        (None, Outcome.FAILED, "does not exist"),
    ],
)
def test_an_edit_by_the_controller_runs_in_the_background(
    jobs: Jobs, before: str | None, outcome: Outcome, words: str
) -> None:
    path = jobs.host.root / "f"
    if before is not None:
        path.write_text(before)
    inner = LineInFile(path=str(path), line="line")
    job = Background(inner=inner, job_id="j1", seconds=60, folder=str(jobs.folder))
    began = start_edit(jobs, job)
    assert (began.outcome, began.returns["started"]) == (Outcome.CHANGED, 1)
    result = jobs.finished()
    assert result.outcome is outcome
    assert words in result.message
    assert before is None or path.read_text().endswith("\nline\n")


@pytest.mark.parametrize("jid", ["", "../x", "a/b", "..", ".hidden"])
def test_a_job_id_is_a_plain_name(jid: str) -> None:
    with pytest.raises(ValueError, match="ansible_job_id"):
        find_module("async_status")(jid=jid)


def wait_for_file(path: Path) -> None:
    while not path.exists():
        time.sleep(0.02)
