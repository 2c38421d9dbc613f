"""What this machine allows: how many hosts can be at work at once with its limits of open files and
of threads."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

OWN_FILES = 32
"""Files that the process itself has open: libraries, reports, terminal, agent."""

FILES_A_HOST = 4
"""A socket, and what a ProxyCommand or a jump host adds."""

OWN_THREADS = 8
"""Threads that hosts don't have: this process's own, a ProxyCommand's shell and the like."""

THREADS_A_HOST = 3
"""Who walks the play, who reads what the host says, who connects early."""

MANY = 1 << 20

PLENTY = 1 << 14
"""A user's limit of threads from which on theirs are not counted."""


def parallelism(wanted: int) -> tuple[int, tuple[str, ...]]:
    """The number of hosts at once, and what to tell the operator where it is below `wanted`."""
    possible = connections()
    if possible >= wanted:
        return wanted, ()
    hosts = "1 host" if possible == 1 else f"{possible} hosts"
    why = (
        f"the limit of open files is {_files()} (raise it with `ulimit -n`)"
        if _for_files() <= _for_threads()
        else f"there is room for {max(0, _threads())} more processes and threads (raise the "
        "container's or the service's limit, TasksMax, or `ulimit -u`)"
    )
    return possible, (f"at most {hosts} at once instead of {wanted}: {why}",)


def connections() -> int:
    """How many hosts can be connected at once. Raises the soft limits to the hard ones first."""
    return max(1, min(_for_files(), _for_threads()))


def _for_files() -> int:
    return (_files() - OWN_FILES) // FILES_A_HOST


def _files() -> int:
    return _raised(resource.RLIMIT_NOFILE)


def _for_threads() -> int:
    return (_threads() - OWN_THREADS) // THREADS_A_HOST


@cache
def _threads() -> int:
    """Threads that could still be started when this was first asked: by the user, and in each
    cgroup that we are in."""
    return min(_left_to_user(), spare_in_cgroups())


def _raised(limit: int) -> int:
    soft, hard = resource.getrlimit(limit)
    if soft != hard:
        resource.setrlimit(limit, (hard, hard))
    return MANY if hard == resource.RLIM_INFINITY else hard


def _left_to_user() -> int:
    most = _raised(resource.RLIMIT_NPROC)
    if os.geteuid() == 0 or most > PLENTY:
        return MANY
    return most - sum(_threads_of(process) for process in Path("/proc").glob("[0-9]*"))


def _threads_of(process: Path) -> int:
    with suppress(OSError):  # it may end meanwhile
        if process.stat().st_uid == os.getuid():
            return len(list((process / "task").iterdir()))
    return 0


def spare_in_cgroups(
    own: Path = Path("/proc/self/cgroup"), mounted: Path = Path("/sys/fs/cgroup")
) -> int:
    """Threads that the cgroups of this process still allow (pids.max, version 1 and 2)."""
    return min((_spare_in(level) for level in _levels(own, mounted)), default=MANY)


def _levels(own: Path, mounted: Path) -> Iterator[Path]:
    with suppress(OSError):
        for line in own.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "pids" not in controllers.split(","):
                continue
            for root in (mounted / "pids",) if controllers else (mounted, mounted / "unified"):
                folder = root / path.lstrip("/")
                yield folder
                yield from (up for up in folder.parents if up.is_relative_to(root))


def _spare_in(level: Path) -> int:
    with suppress(OSError, ValueError):  # not there, or "max"
        most = int((level / "pids.max").read_text())
        return most - int((level / "pids.current").read_text())
    return MANY
