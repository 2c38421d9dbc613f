"""State that hosts share: all hosts of a run, or the hosts of one batch of a play."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from provisioner.engine.host_state import HostState
from provisioner.engine.roster import Roster
from provisioner.language.play import Node, Play, Role
from provisioner.loading.inventory_groups import Inventory
from provisioner.lock_owner import LockOwner
from provisioner.modules.framework.base import Module
from provisioner.records import dataclass


def _current_folder() -> Path:
    """Return the current directory. Paths stay relative if it has been removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path()


@dataclass
class World:
    """State that all hosts of a run share."""

    roster: Roster
    extra_vars: Mapping[str, Any]
    states: Mapping[str, HostState]
    check: bool = False
    diff: bool = False
    verbosity: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Variables that the command line's options set for every host."""
    jobs: dict[str, Module] = field(default_factory=dict)
    """Modules of async tasks that run in the background, by job id."""
    shows_hosts: bool = False
    """Whether a play, or a file that it may use, names other hosts' variables."""
    lock: LockOwner | None = None
    """This run as the owner of locks on its hosts; None if it does not lock them."""
    lock_timeout: float = 0
    """Seconds to wait for another run that holds the lock of a host."""
    folder: Path = field(default_factory=_current_folder)
    """The current directory. It is stored because a system call for each host would make its thread
    wait.
    """

    @property
    def inventory(self) -> Inventory:
        """The inventory, with the hosts and groups that tasks have added."""
        return self.roster.inventory

    @property
    def inventory_vars(self) -> Mapping[str, Mapping[str, Any]]:
        """Each host's variables from the inventory, merged."""
        return self.roster.inventory_vars


@dataclass
class PlayWorld:
    """State that all hosts of one batch of a play share.

    `hosts` are the hosts of all batches of the play.
    """

    world: World
    play: Play
    hosts: tuple[str, ...]
    batch: tuple[str, ...]
    active: Callable[[], tuple[str, ...]] = tuple
    """Returns the hosts of the play that are not out."""
    select: Callable[[tuple[Node, ...]], tuple[Node, ...]] = tuple
    """Returns the nodes of an included file that --tags and --skip-tags select."""
    stepping: bool = False
    """Whether the operator is asked before each task (--step)."""
    _magic: dict[str, tuple[Role | None, Mapping[str, Any]]] = field(default_factory=dict)
    _connections: dict[str, tuple[tuple[Any, ...], Mapping[str, Any]]] = field(default_factory=dict)

    # Most tasks of a host belong to the same role and have the same keywords, so the variables
    # computed for the last one are kept. Scopes are made for each task: this is their hot path.

    def cached_magic(self, host: str) -> tuple[Role | None, Mapping[str, Any]] | None:
        """Return the host's last cached magic variables, with the role that they belong to."""
        return self._magic.get(host)

    def cache_magic(self, host: str, role: Role | None, variables: Mapping[str, Any]) -> None:
        self._magic[host] = role, variables

    def cached_connection(self, host: str) -> tuple[tuple[Any, ...], Mapping[str, Any]] | None:
        """Return the host's last cached connection variables, with the key of their inputs."""
        return self._connections.get(host)

    def cache_connection(
        self, host: str, key: tuple[Any, ...], variables: Mapping[str, Any]
    ) -> None:
        self._connections[host] = key, variables


class Gate:
    """Whether a task may see other hosts' variables.

    It is closed while a task is prepared before the hosts have waited for each other: other hosts
    may still run earlier tasks.
    """

    def __init__(self, is_open: bool = True) -> None:
        self.is_open = is_open

    def open(self) -> None:
        self.is_open = True
