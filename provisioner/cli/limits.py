"""How many hosts can run in parallel on this machine, by its limits of open files and threads."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

OWN_FILES = 32
"""Open files of the process itself: libraries, reports, terminal, agent."""

FILES_PER_HOST = 4
"""A socket, and the pipes of a ProxyCommand or the connection to a jump host."""

OWN_THREADS = 8
"""Threads besides those of the hosts: this process, the shell of a ProxyCommand, others."""

THREADS_PER_HOST = 3
"""A thread that runs the play, one that reads the connection, and one that preconnects."""

UNLIMITED = 1 << 20

LARGE_USER_LIMIT = 1 << 14
"""Above this limit of threads per user, the user's running threads are not counted."""


def parallelism(requested: int) -> tuple[int, tuple[str, ...]]:
    """Return the number of hosts to run in parallel.

    Also return a notice if that is less than `requested`.
    """
    possible = max_connections()
    if possible >= requested:
        return requested, ()
    hosts = "1 host" if possible == 1 else f"{possible} hosts"
    if _hosts_by_files() <= _hosts_by_threads():
        reason = f"the limit of open files is {_max_files()} (raise it with `ulimit -n`)"
    else:
        reason = (
            f"only {max(0, _spare_threads())} more processes and threads are allowed (raise the "
            "limit of the container or service, TasksMax, or `ulimit -u`)"
        )
    return possible, (f"at most {hosts} in parallel instead of {requested}: {reason}",)


def max_connections() -> int:
    """Return how many hosts can be connected at once. Raises the soft limits to the hard limits."""
    return max(1, min(_hosts_by_files(), _hosts_by_threads()))


def _hosts_by_files() -> int:
    return (_max_files() - OWN_FILES) // FILES_PER_HOST


def _max_files() -> int:
    return _raise_limit(resource.RLIMIT_NOFILE)


def _hosts_by_threads() -> int:
    return (_spare_threads() - OWN_THREADS) // THREADS_PER_HOST


@cache
def _spare_threads() -> int:
    """Return how many threads the user and the cgroups of this process still allow.

    The result of the first call is kept, so that our own threads do not count.
    """
    return min(_spare_threads_of_user(), spare_in_cgroups())


def _raise_limit(limit: int) -> int:
    """Raise a resource's soft limit to its hard limit, and return that."""
    soft, hard = resource.getrlimit(limit)
    if soft != hard:
        resource.setrlimit(limit, (hard, hard))
    return UNLIMITED if hard == resource.RLIM_INFINITY else hard


def _spare_threads_of_user() -> int:
    limit = _raise_limit(resource.RLIMIT_NPROC)
    if os.geteuid() == 0 or limit > LARGE_USER_LIMIT:
        return UNLIMITED
    return limit - sum(_threads_of(process) for process in Path("/proc").glob("[0-9]*"))


def _threads_of(process: Path) -> int:
    """Return the number of a process's threads if it belongs to this user, else 0."""
    with suppress(OSError):  # the process may end meanwhile
        if process.stat().st_uid == os.getuid():
            return len(list((process / "task").iterdir()))
    return 0


def spare_in_cgroups(
    own: Path = Path("/proc/self/cgroup"), mounted: Path = Path("/sys/fs/cgroup")
) -> int:
    """Return how many threads the cgroups of this process still allow (pids.max, v1 and v2)."""
    return min((_spare_in(level) for level in _levels(own, mounted)), default=UNLIMITED)


def _levels(own: Path, mounted: Path) -> Iterator[Path]:
    """Yield the folders of the process's cgroups and of their ancestors."""
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
    with suppress(OSError, ValueError):  # no such file, or "max"
        limit = int((level / "pids.max").read_text())
        return limit - int((level / "pids.current").read_text())
    return UNLIMITED
