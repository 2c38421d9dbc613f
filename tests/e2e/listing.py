"""List a host's file system, to show that nothing was changed or left behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from tests.lab import Host

R = TypeVar("R")

_LISTING = r"""
find / /tmp /var/lib/docker -xdev \
    \( -path /proc -o -path /sys -o -path /run -o -path /dev \) -prune -o \
    -printf '%p\t%M\t%U:%G\t%s\t%T@\t%C@\t%l\0'
"""

LOGIN_WRITES = re.compile(
    r"""
    /var/log/journal(/.*)?                 # sshd and sudo log each login to systemd's journal
    | /var/lib/rpm/rpmdb\.sqlite-(shm|wal) # the locks of `rpm -q` (the lab's rpm: sqlite)
    | /tmp                                 # its time only: a command's output is kept in a file
                                           # that is unlinked as soon as it is open
    """,
    re.VERBOSE,
)
"""Files that a login and a query of the package database write."""

_GREETING = "/run/motd.dynamic"
"""Debian's sshd writes this file at every login."""

_LOCK = "/run/provision.lock"
"""The lock of root's sessions stays until the next boot, with at most one line for each session."""

_TEMPORARY = "/tmp /var/tmp /dev/shm /run"


def listing(host: Host) -> dict[str, str]:
    """Return path ▶ mode, owner, size, times of content and inode, target of a link."""
    entries = host.check(_LISTING).split("\0")
    pairs = (entry.partition("\t") for entry in entries if entry)
    return {path: rest for path, _, rest in pairs if not LOGIN_WRITES.fullmatch(path)}


_COLLECT = r"""
collect() {  # unit ctr socket
    [ -S "$3" ] && systemctl -q is-active "$1" || return 0
    set -- "$2" -a "$3" -n moby leases
    "$@" create --id collected && "$@" rm --sync collected
}
collect containerd ctr /run/containerd/containerd.sock &&
    collect docker /usr/libexec/docker/ctr /run/docker/containerd/containerd.sock
"""


def baseline(host: Host) -> dict[str, str]:
    """Return the listing to compare with, after changes that are not the run's.

    The lab's overlay file system changes a directory when it is read, or a file in it is opened for
    writing, for the first time. containerd's garbage collection writes its database seconds after a
    container has ended; removing a lease with --sync does it at once.
    """
    host.check("rpm -q bash")
    host.check(_COLLECT)
    listing(host)
    return listing(host)


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return readable lines with the differences of two listings."""
    paths = sorted(before.keys() | after.keys())
    return [
        f"{path}: {before.get(path, 'not there')} -> {after.get(path, 'not there')}"
        for path in paths
        if before.get(path) != after.get(path)
    ]


def touched(hosts: Mapping[str, Host], run: Callable[[], R]) -> tuple[R, dict[str, list[str]]]:
    """Run `run`; return its result and what it changed in each host's files."""
    before = {name: baseline(host) for name, host in hosts.items()}
    result = run()
    return result, {name: differences(before[name], listing(host)) for name, host in hosts.items()}


def temporary_files(host: Host, *folders: str) -> set[str]:
    """Return all files in the folders for temporary files and in further folders."""
    places = f"{_TEMPORARY} {' '.join(folders)}"
    found = host.check(f"find {places} -xdev -print 2>/dev/null || :").splitlines()
    return set(found) - {_GREETING, _LOCK}
