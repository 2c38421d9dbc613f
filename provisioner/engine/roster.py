"""The hosts and groups of a run: what add_host and group_by say is seen by whoever looks next."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from provisioner.engine.state import HostState
from provisioner.loading.hostgroups import Inventory
from provisioner.loading.variables import host_variables


class Newcomers(Protocol):
    """Where hosts that are added get a state: a dict of them will do."""

    def setdefault(self, name: str, state: HostState, /) -> HostState: ...


class Roster:
    """An inventory that grows, or is read again. Used by the threads of all hosts."""

    def __init__(
        self,
        inventory: Inventory,
        statics: Mapping[str, Mapping[str, Any]],
        basedirs: Sequence[Path],
        states: Newcomers,
    ) -> None:
        self._first = self._inventory = inventory
        self._states = states
        self._again = False
        self._statics: Mapping[str, Mapping[str, Any]] = statics
        self._basedirs, self._others = basedirs, tuple(statics)
        self._said: list[tuple[str, Mapping[str, Any]]] = []
        self._taken: list[tuple[int, str, Mapping[str, Any]]] = []
        self._turns: Counter[tuple[str, bool]] = Counter()
        self._lock = threading.RLock()

    def add(self, host: str, said: Mapping[str, Any]) -> None:
        """Note what a task said on `host`: return values of add_host or group_by, or the
        `inventory` that was read again."""
        with self._lock:
            self._said.append((host, said))

    @property
    def inventory(self) -> Inventory:
        self._grow()
        return self._inventory

    @property
    def statics(self) -> Mapping[str, Mapping[str, Any]]:
        """The inventory's variables merged for each host."""
        self._grow()
        return self._statics

    def _grow(self) -> None:
        """Take in all that was said since the last look."""
        if not self._said:  # emptied only when all of it can be seen
            return
        with self._lock:
            if self._said:
                self._take_in()
                self._said = []

    def _in_order(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """All that was said so far, as if the hosts said it task by task, in the inventory's order:
        whichever was faster, a group's hosts have one order."""
        for host, said in self._said:
            if "inventory" in said:
                continue
            turn = host, "add_host" in said
            self._turns[turn] += 1
            self._taken.append((self._turns[turn], host, said))
        seats = {host: seat for seat, host in enumerate(self._inventory.hosts)}
        self._taken.sort(key=lambda entry: (entry[0], seats.get(entry[1], -1)))
        return ((host, said) for _, host, said in self._taken)

    def _start_again(self) -> None:
        """Begin with the inventory that was read again, if one was: what was added comes on top."""
        for _, said in self._said:
            if "inventory" in said:
                self._first = said["inventory"]
                self._again = True
                for name in self._first.hosts:
                    self._states.setdefault(name, HostState(name))

    def _take_in(self) -> None:
        self._start_again()
        hosts: dict[str, Mapping[str, Any]] = {}
        members: dict[str, list[str]] = {}
        parents: dict[str, list[str]] = {}
        for host, said in self._in_order():
            if "add_host" in said:
                added = said["add_host"]
                name = added["host_name"]
                hosts[name] = {**hosts.get(name, {}), **added["host_vars"]}
                for group in added["groups"] or ("ungrouped",):
                    members.setdefault(group, []).append(name)
            elif host in self._first.hosts or host in hosts or not self._again:
                members.setdefault(said["add_group"], []).append(host)
                parents.setdefault(said["add_group"], []).extend(said["parent_groups"])
        for name in hosts:
            self._states.setdefault(name, HostState(name))
        self._inventory = self._first.grown(hosts, members, parents)
        names = dict.fromkeys((*self._inventory.hosts, *self._others))
        self._statics = _Statics(self._inventory, tuple(names), self._basedirs)


class _Statics(Mapping[str, Mapping[str, Any]]):
    """Each host's variables from the inventory, merged when they are asked for."""

    def __init__(
        self, inventory: Inventory, names: Sequence[str], basedirs: Sequence[Path]
    ) -> None:
        self._inventory, self._basedirs = inventory, basedirs
        self._known: dict[str, Mapping[str, Any] | None] = dict.fromkeys(names)

    def __getitem__(self, host: str) -> Mapping[str, Any]:
        found = self._known[host]
        if found is None:
            found = self._known[host] = host_variables(self._inventory, host, self._basedirs)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
