"""The number of parallel hosts, by the machine's limits of open files and threads."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from provisioner.cli import limits

FILES, USER = "the limit of open files is 64", "only 20 more processes and threads are allowed"


def cgroups(folder: Path, own: str, files: dict[str, str]) -> int:
    """Return the spare threads for this content of /proc/self/cgroup and /sys/fs/cgroup."""
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
        ("0::/a/b\n", {"a/b/pids.max": "max", "a/b/pids.current": "8"}, limits.UNLIMITED),
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
        # In a container, its cgroup is mounted as the root.
        ("8:pids:/docker/0123\n", {"pids/pids.max": "30", "pids/pids.current": "9"}, 21),
        (
            "8:cpu:/job\n",
            {"pids/job/pids.max": "30", "pids/job/pids.current": "9"},
            limits.UNLIMITED,
        ),
        ("0::/gone\n", {}, limits.UNLIMITED),
        ("0::/a\n", {"a/pids.max": "nonsense", "a/pids.current": "8"}, limits.UNLIMITED),
        ("", {}, limits.UNLIMITED),
    ],
)
def test_the_lowest_limit_of_the_cgroups_counts(
    tmp_path: Path, own: str, files: dict[str, str], spare: int
) -> None:
    assert cgroups(tmp_path, own, files) == spare


def test_without_cgroups_there_is_no_limit_of_threads(tmp_path: Path) -> None:
    assert limits.spare_in_cgroups(tmp_path / "none", tmp_path / "none") == limits.UNLIMITED


@pytest.mark.parametrize(
    ("files", "threads", "possible", "message"),
    [
        (1024, 500, 50, ""),
        (64, 500, 8, FILES),
        (1024, 20, 4, USER),
        (64, 20, 4, USER),
        (36, 500, 1, "at most 1 host in parallel instead of 50"),
        (8, 500, 1, "the limit of open files is 8"),
        (1024, -3, 1, "only 0 more"),
    ],
)
def test_the_lower_limit_reduces_the_parallelism_with_a_notice(
    monkeypatch: pytest.MonkeyPatch, files: int, threads: int, possible: int, message: str
) -> None:
    monkeypatch.setattr(limits, "_max_files", lambda: files)
    monkeypatch.setattr(limits, "_spare_threads", lambda: threads)
    hosts, notices = limits.parallelism(50)
    assert hosts == possible
    assert message in "".join(notices)
    assert bool(notices) is bool(message)


def test_the_running_threads_of_the_user_count(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = limits._threads_of(Path("/proc/self"))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(limits, "_raise_limit", {resource.RLIMIT_NPROC: 9000}.__getitem__)
    monkeypatch.setattr(limits, "_threads_of", lambda process: ours * (process.name == "1"))
    assert limits._spare_threads_of_user() == 9000 - ours
