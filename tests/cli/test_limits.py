"""How many hosts at once this machine allows: by its open files, and by its threads."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from provisioner.cli import limits

FILES, USER = "the limit of open files is 64", "room for 20 more processes and threads"


def cgroups(folder: Path, own: str, files: dict[str, str]) -> int:
    """What is spare where /proc/self/cgroup says `own` and /sys/fs/cgroup has these files."""
    (folder / "own").write_text(own)
    for name, text in files.items():
        path = folder / "mounted" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return limits.spare_in_cgroups(folder / "own", folder / "mounted")


@pytest.mark.parametrize(
    ("own", "files", "spare"),
    [
        ("0::/a.slice/b\n", {"a.slice/b/pids.max": "50", "a.slice/b/pids.current": "8"}, 42),
        ("0::/a.slice/b\n", {"a.slice/pids.max": "50", "a.slice/pids.current": "8"}, 42),
        ("0::/a/b\n", {"a/b/pids.max": "max", "a/b/pids.current": "8"}, limits.MANY),
        (
            "0::/a/b\n",
            {
                "a/b/pids.max": "30",
                "a/b/pids.current": "20",
                "a/pids.max": "9",
                "a/pids.current": "8",
            },
            1,
        ),
        ("0::/\n", {"pids.max": "100", "pids.current": "1"}, 99),
        ("4:cpu,pids:/job\n", {"pids/job/pids.max": "30", "pids/job/pids.current": "9"}, 21),
        # A container whose cgroup is mounted as the root of what it sees.
        ("8:pids:/docker/0123\n", {"pids/pids.max": "30", "pids/pids.current": "9"}, 21),
        ("8:cpu:/job\n", {"pids/job/pids.max": "30", "pids/job/pids.current": "9"}, limits.MANY),
        ("0::/gone\n", {}, limits.MANY),
        ("0::/a\n", {"a/pids.max": "nonsense", "a/pids.current": "8"}, limits.MANY),
        ("", {}, limits.MANY),
    ],
)
def test_what_each_cgroup_allows_counts(
    tmp_path: Path, own: str, files: dict[str, str], spare: int
) -> None:
    assert cgroups(tmp_path, own, files) == spare


def test_without_cgroups_there_is_no_such_limit(tmp_path: Path) -> None:
    assert limits.spare_in_cgroups(tmp_path / "none", tmp_path / "none") == limits.MANY


@pytest.mark.parametrize(
    ("files", "threads", "possible", "told"),
    [
        (1024, 500, 50, ""),
        (64, 500, 8, FILES),
        (1024, 20, 4, USER),
        (64, 20, 4, USER),
        (36, 500, 1, "at most 1 host at once instead of 50"),
        (8, 500, 1, "the limit of open files is 8"),
        (1024, -3, 1, "room for 0 more"),
    ],
)
def test_the_narrower_limit_lowers_the_parallelism_and_is_told(
    monkeypatch: pytest.MonkeyPatch, files: int, threads: int, possible: int, told: str
) -> None:
    monkeypatch.setattr(limits, "_files", lambda: files)
    monkeypatch.setattr(limits, "_threads", lambda: threads)
    hosts, notices = limits.parallelism(50)
    assert hosts == possible
    assert told in "".join(notices)
    assert bool(notices) is bool(told)


def test_a_user_may_start_what_is_left_of_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = limits._threads_of(Path("/proc/self"))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(limits, "_raised", {resource.RLIMIT_NPROC: 9000}.__getitem__)
    monkeypatch.setattr(limits, "_threads_of", lambda process: ours * (process.name == "1"))
    assert limits._left_to_user() == 9000 - ours
