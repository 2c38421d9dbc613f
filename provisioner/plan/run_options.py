"""The options of a run that decide which hosts and tasks are planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from provisioner.lock_owner import LockOwner
from provisioner.records import dataclass


@dataclass(frozen=True)
class Options:
    """The options of a run, from the command line."""

    limit: str | None = None
    hosts: frozenset[str] | None = None
    """If set, only these hosts take part (--retry)."""
    tags: frozenset[str] = frozenset()
    skip_tags: frozenset[str] = frozenset()
    extra_vars: Mapping[str, Any] = field(default_factory=dict)
    check: bool = False
    diff: bool = False
    forks: int = 50
    verbosity: int = 0
    become: bool = False
    become_user: str | None = None
    become_method: str | None = None
    connection: str | None = None
    start_at_task: str | None = None
    force_handlers: bool = False
    lock: LockOwner | None = None
    """This run as the owner of locks on its hosts; None if it does not lock them."""
    lock_timeout: float = 300
    """Seconds to wait for another run that holds the lock of a host."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Magic variables that come from the command line, such as ansible_forks."""
