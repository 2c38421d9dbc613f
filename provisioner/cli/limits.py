"""What this machine allows: how many hosts can be at work at once with its limit of open files."""

from __future__ import annotations

import resource

OWN_FILES = 32
"""Files that the process itself has open: libraries, reports, terminal, agent."""

FILES_A_HOST = 4
"""A socket, and what a ProxyCommand or a jump host adds."""


def parallelism(wanted: int) -> tuple[int, tuple[str, ...]]:
    """The number of hosts at once, and what to tell the operator where it is below `wanted`."""
    possible = connections()
    if possible >= wanted:
        return wanted, ()
    return possible, (
        f"at most {possible} hosts at once instead of {wanted}: the limit of open files is "
        f"{resource.getrlimit(resource.RLIMIT_NOFILE)[0]} (raise it with `ulimit -n`)",
    )


def connections() -> int:
    """How many hosts can be connected at once. Raises the soft limit of open files to the hard
    one first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard == resource.RLIM_INFINITY:
        return 1 << 20
    return max(1, (hard - OWN_FILES) // FILES_A_HOST)
