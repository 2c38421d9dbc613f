"""The options of a run that decide which hosts and tasks are planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

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
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Magic variables that come from the command line, such as ansible_forks."""
