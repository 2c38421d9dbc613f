"""What the command line says about a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from provisioner.records import dataclass


@dataclass(frozen=True)
class Options:
    """What the command line says about a run."""

    limit: str | None = None
    hosts: frozenset[str] | None = None
    """Only these, whatever the plays and `limit` say (--retry)."""
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
    """Further magic variables."""
