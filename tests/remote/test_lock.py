"""The lock on a host (remote/sh/lock.sh), in three shells, with directories of each test."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from provisioner.lock_owner import LockOwner, this_run
from provisioner.remote import session as sessions
from provisioner.remote.lock import LOCK, holder, twin
from provisioner.remote.session import Session
from provisioner.remote.shell import Program, Report, Step
from tests.modules.conftest import Host, ShellConnection, host  # noqa: F401
from tests.remote.sshd import needs_root

CHANGE = Step(Program("change", "changed it"), "apply")
LOOK = Step(Program("look", "true"), "look")
OURS = LockOwner("0001-ours", "alice@laptop", 4711, "site.yml")
THEIRS = LockOwner("0002-theirs", "bob@desk", 42, "my%20play.yml")
TRIES = 200


class Locks:
    """Sessions of one host whose lock file is in a directory of the test."""

    def __init__(self, host: Host) -> None:  # noqa: F811
        channel_maker = host.session._connection
        assert isinstance(channel_maker, ShellConnection)
        self.connection = channel_maker
        self.run = host.root / "run"
        self.shared = host.root / "shm"
        self.home = host.root.parent / "home"
        self.run.mkdir(mode=0o755)
        self.shared.mkdir()
        self.shared.chmod(0o1777)
        self._sessions: list[Session] = []

    @property
    def file(self) -> Path:
        """The lock file of the user who runs the tests."""
        return self.run / "provision.lock" if os.geteuid() == 0 else self.shared_file

    @property
    def shared_file(self) -> Path:
        return self.shared / f".provision-{os.geteuid()}.lock"

    def session(self) -> Session:
        self._sessions.append(Session(self.connection))
        return self._sessions[-1]

    def change(
        self,
        owner: LockOwner = OURS,
        session: Session | None = None,
        machine: str = "web1",
        key: str = "key",
        step: Step = CHANGE,
    ) -> Report:
        session = session or self.session()
        (report,) = session.exchange([step], lock=owner.words(machine, key))
        return report

    def lines(self) -> list[str]:
        return [line for line in self.file.read_text().splitlines() if line]

    def close(self) -> None:
        for session in self._sessions:
            session.close()


@pytest.fixture
def locks(host: Host, monkeypatch: pytest.MonkeyPatch) -> Iterator[Locks]:  # noqa: F811
    found = Locks(host)
    text = LOCK.replace("/run", str(found.run)).replace("/dev/shm", str(found.shared))
    monkeypatch.setattr(sessions, "LOCK", text)
    yield found
    found.close()


def started(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19]


def boot() -> str:
    return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}/{started(1)}"


def line(
    pid: object = None, start: str = "", boot_id: str = "", run: str = "0002-theirs", who: str = ""
) -> str:
    """A line of another run's session; by default one that lives."""
    pid = os.getpid() if pid is None else pid
    words = (pid, start or started(os.getpid()), boot_id or boot(), "1.00", run, "web1", "key")
    return f"\nprovision-lock {' '.join(map(str, words))} {who or 'bob@desk 42 x.yml'}\n"


def test_a_change_takes_the_lock_and_the_end_of_the_session_frees_it(locks: Locks) -> None:
    first = locks.session()
    assert locks.change(OURS, first).changes == ("it",)
    refused = locks.change(THEIRS)
    assert refused.refused
    assert refused.changes == ()
    first.close()
    assert locks.change(THEIRS).changes == ("it",)
    assert len(locks.lines()) == 1
    assert locks.file.stat().st_mode & 0o777 == 0o600


def test_the_refused_run_learns_who_holds_the_lock_and_since_when(locks: Locks) -> None:
    locks.change(THEIRS)
    found = holder(locks.change(OURS))
    assert found is not None
    assert (found.run, found.who, found.pid) == ("0002-theirs", "bob@desk", "42")
    assert found.playbooks == "my play.yml"
    now = time.gmtime()
    assert found.since <= time.strftime("%H:%M:%S", now) or now.tm_hour == 0


def test_looks_and_checks_need_no_lock(locks: Locks) -> None:
    locks.change(THEIRS)
    steps = [LOOK, replace(LOOK, mode="check"), replace(LOOK, mode="read")]
    session = locks.session()
    reports = list(session.exchange(steps, lock=OURS.words("web1", "key")))
    assert [report.refused for report in reports] == [False] * 3
    assert not session.holds_lock


def test_a_refused_change_ends_the_frame_and_the_looks_before_it_are_reported(locks: Locks) -> None:
    locks.change(THEIRS)
    steps = [LOOK, CHANGE, LOOK]
    reports = list(locks.session().exchange(steps, lock=OURS.words("web1", "key")))
    assert [report.refused for report in reports] == [False, True]


def test_sessions_of_one_run_share_the_lock(locks: Locks) -> None:
    first = locks.session()
    reports = [locks.change(OURS, first), locks.change(OURS), locks.change(OURS)]
    assert [report.changes for report in reports] == [("it",)] * 3
    first.close()
    assert locks.change(THEIRS).refused


def test_later_changes_of_a_session_start_no_process(locks: Locks, host: Host) -> None:  # noqa: F811
    host.fake("flock", 'exec /usr/bin/flock "$@"')
    session = locks.session()
    for _ in range(3):
        locks.change(OURS, session)
    assert len(host.calls()) == 1


@pytest.mark.parametrize("how", ["SIGKILL to the shell", "the connection ends"])
def test_a_holder_that_dies_blocks_nobody(locks: Locks, how: str) -> None:
    first = locks.session()
    locks.change(THEIRS, first)
    if how == "the connection ends":
        locks.connection.close()
    else:
        os.kill(first._pid, 9)
    for _ in range(TRIES):
        if not (report := locks.change(OURS)).refused:
            break
        time.sleep(0.02)
    assert report.changes == ("it",)


def test_a_daemon_of_a_task_does_not_keep_the_lock(locks: Locks) -> None:
    first = locks.session()
    body = 'run sh -c "sleep 60 & echo \\$!"; output; changed it'
    report = locks.change(THEIRS, first, step=Step(Program("daemon", body), "apply"))
    first.close()
    try:
        assert locks.change(OURS).changes == ("it",)
    finally:
        os.kill(int(report.get("stdout")), 9)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        (line(), True),
        (line(start="1"), False),
        (line(pid=4_194_999), False),
        (line(pid="../self"), False),
        (line(pid="1x"), False),
        (line(boot_id="another-boot/1"), False),
        (line(who="a\\0bc 42 x.yml"), False),
        (line(who=f"{'a' * 4000} 42 x.yml"), False),
        ("\nprovision-lock\n", False),
        (line(start="1") + line(start="2") + line(), True),
        ("\nprovision-lock 1 2" + line(), True),
    ],
    ids=[
        "it lives",
        "the pid is used again",
        "the process is gone",
        "the pid is a path",
        "the pid is no number",
        "another boot or container",
        "a backslash",
        "too long",
        "cut off",
        "a living one after dead ones",
        "a living one after one that was cut off",
    ],
)
def test_a_line_counts_while_its_session_lives(locks: Locks, text: str, counts: bool) -> None:
    locks.file.write_text(text)
    assert locks.change(OURS).refused is counts
    left = [part for part in text.splitlines() if part] if counts else locks.lines()[:1]
    assert locks.lines() == left


def test_a_zombie_holds_no_lock(locks: Locks) -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    while Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z":
        time.sleep(0.01)
    locks.file.write_text(line(pid, started(pid)))
    report = locks.change(OURS)
    os.waitpid(pid, 0)
    assert report.changes == ("it",)


def test_a_text_of_another_run_is_short_and_is_not_code(locks: Locks) -> None:
    owner = replace(THEIRS, who=f"$(touch{'x' * 300})", playbooks="`id`;")
    words = owner.words("web1", "key").split()
    locks.file.write_text(line(who=f"{words[3]} \x1b[31m%1b[31m {words[5]}"))
    found = holder(locks.change(OURS))
    assert found is not None
    assert found.who == "$(touch" + "x" * 73
    assert found.pid == "\x1b[31m\x1b[31m"  # reporters escape it
    assert found.playbooks == "`id`;"


@pytest.mark.parametrize(("machine", "key"), [("web2", "key"), ("~a b%'\\é\udcff$x", "key")])
def test_the_same_run_under_another_name_is_found(locks: Locks, machine: str, key: str) -> None:
    locks.change(OURS, machine=machine)
    report = locks.change(OURS, machine="web1")
    assert report.refused
    assert twin(report) == machine
    assert locks.change(OURS, machine=machine).changes == ("it",)


@pytest.mark.parametrize(("first", "second"), [("key", "another"), ("", "")])
def test_another_host_key_or_none_is_another_host(locks: Locks, first: str, second: str) -> None:
    locks.change(OURS, machine="web2", key=first)
    assert locks.change(OURS, key=second).changes == ("it",)


def make_link(file: Path, target: Path) -> None:
    file.symlink_to(target)


def make_dangling_link(file: Path, target: Path) -> None:
    file.symlink_to(target.with_name("new"))


def make_folder(file: Path, _target: Path) -> None:
    file.mkdir()


def make_fifo(file: Path, _target: Path) -> None:
    os.mkfifo(file)


def make_file_of_another_user(file: Path, _target: Path) -> None:
    file.touch()
    os.chown(file, 4321, 4321)


OBSTACLES = [make_link, make_dangling_link, make_folder, make_fifo, make_file_of_another_user]


@needs_root
@pytest.mark.parametrize("make", OBSTACLES)
def test_what_another_user_puts_there_is_not_used(
    locks: Locks, make: Callable[[Path, Path], None]
) -> None:
    target = locks.home / "precious"
    target.write_text("precious")
    make(locks.file, target)
    make(locks.shared_file, target)
    first = locks.session()
    assert locks.change(OURS, first).changes == ("it",)
    assert locks.change(THEIRS).refused
    assert (locks.home / ".provision-0.lock").stat().st_size > 0
    assert target.read_text() == "precious"
    assert not target.with_name("new").exists()


@needs_root
def test_a_run_directory_of_another_user_is_not_used(locks: Locks) -> None:
    os.chown(locks.run, 4321, 4321)
    locks.change(OURS)
    assert not locks.file.exists()
    assert locks.shared_file.exists()


def test_a_shared_directory_in_which_others_may_rename_is_not_used(locks: Locks) -> None:
    locks.run.rmdir()
    locks.shared.chmod(0o777)
    os.chown(locks.shared, 4321, -1) if os.geteuid() == 0 else None
    locks.change(OURS)
    assert list(locks.shared.iterdir()) == []


@pytest.mark.parametrize(
    ("broken", "reason"),
    [("flock", "not installed"), ("content", "unknown content"), ("nothing", "")],
)
def test_a_host_that_cannot_lock_is_changed_all_the_same(
    locks: Locks,
    host: Host,  # noqa: F811
    broken: str,
    reason: str,
) -> None:
    if broken == "flock":
        host.fake("flock", "exit 127")
    if broken == "content":
        locks.file.write_text("the text of somebody\n")
    session = locks.session()
    report = locks.change(OURS, session)
    assert report.changes == ("it",)
    assert reason in report.get("lock_off")
    assert session.holds_lock
    if broken == "content":
        assert locks.file.read_text() == "the text of somebody\n"


@pytest.mark.parametrize("missing", ["/proc/sys/kernel/random/boot_id", "/proc/uptime", "/proc/"])
def test_without_proc_a_host_is_changed_all_the_same(
    locks: Locks, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr(sessions, "LOCK", LOCK.replace(missing, "/nonexistent/"))
    report = locks.change(OURS)
    assert report.changes == ("it",)
    assert report.get("lock_off") == "/proc is not mounted"


def test_twenty_runs_at_once_change_one_after_the_other(locks: Locks, host: Host) -> None:  # noqa: F811
    log = host.root / "log"
    step = Step(Program("change", f"echo begin >>{log}; sleep 0.01; echo end >>{log}"), "apply")
    begin = threading.Barrier(20)

    def run(session: Session) -> None:
        begin.wait()
        while locks.change(this_run(["x"]), session, step=step).refused:
            time.sleep(0.02)
        session.close()

    threads = [threading.Thread(target=run, args=(locks.session(),)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.read_text().split() == ["begin", "end"] * 20


def test_the_run_that_began_earlier_has_the_smaller_name() -> None:
    first, second = this_run(["a"]), this_run(["b"])
    assert first.run < second.run
