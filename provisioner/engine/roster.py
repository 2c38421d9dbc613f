"""The hosts and groups of a run: what add_host and group_by say is seen by whoever looks next."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from provisioner.engine.host_state import HostState
from provisioner.loading.inventory_groups import Inventory
from provisioner.loading.variables import host_variables
from provisioner.records import dataclass

Key = tuple[int, int]
"""Where something stands that a host said: the how many-th of its kind it was, the host's seat."""

_BEFORE_ALL: Key = (0, 0)

News = tuple[str, Mapping[str, Any]]
"""A host, and what a task on it said."""


@dataclass(frozen=True)
class _Said:
    """What a task said on a host."""

    key: Key
    host: str
    values: Mapping[str, Any]


class _Joined:
    """The hosts that tasks have put into a group, in the order of what was said; `first` were in
    it already."""

    def __init__(self, first: Sequence[str]) -> None:
        self._first = first
        self._keys: list[Key] = []
        self._hosts: list[str] = []
        self._places = dict.fromkeys(first, _BEFORE_ALL)

    def takes(self, key: Key, host: str) -> bool:
        """Whether what is said there does not move a host that is in the group."""
        return self._places.get(host, key) <= key

    def put(self, key: Key, host: str) -> bool:
        """Put a host in its place; false where it is in the group."""
        if host in self._places:
            return False
        self._places[host] = key
        place = bisect_right(self._keys, key)
        self._keys.insert(place, key)
        self._hosts.insert(place, host)
        return True

    def hosts(self) -> tuple[str, ...]:
        return (*self._first, *self._hosts)


class Newcomers(Protocol):
    """Where hosts that are added get a state: a dict of them will do."""

    def setdefault(self, name: str, state: HostState, /) -> HostState: ...


class Roster:
    """An inventory that grows, or is read again. Used by the threads of all hosts."""

    def __init__(
        self,
        inventory: Inventory,
        inventory_vars: Mapping[str, Mapping[str, Any]],
        basedirs: Sequence[Path],
        states: Newcomers,
    ) -> None:
        self._first = self._inventory = inventory
        self._states = states
        self._again = False
        self._statics: Mapping[str, Mapping[str, Any]] = inventory_vars
        self._basedirs, self._others = basedirs, tuple(inventory_vars)
        self._said: list[News] = []
        self._taken: list[_Said] = []
        self._turns: Counter[tuple[str, bool]] = Counter()
        self._seats = _seats(inventory)
        self._joined: dict[str, _Joined] = {}
        self._named: dict[tuple[str, str], Key] = {}
        """Where each group was first said to be below a parent."""
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
    def inventory_vars(self) -> Mapping[str, Mapping[str, Any]]:
        """The inventory's variables merged for each host."""
        self._grow()
        return self._statics

    def _grow(self) -> None:
        """Take in all that was said since the last look."""
        if not self._said:  # emptied only when all of it can be seen
            return
        with self._lock:
            for number, (host, values) in enumerate(self._said):
                if not self._is_join(host, values):
                    self._take_in(self._said[number:])
                    break
                self._join(self._noted(host, values))
            self._said = []

    def _noted(self, host: str, values: Mapping[str, Any]) -> _Said:
        key = self._key(host, values)
        self._turns[host, "add_host" in values] += 1
        self._taken.append(_Said(key, host, values))
        return self._taken[-1]

    def _key(self, host: str, values: Mapping[str, Any]) -> Key:
        return self._turns[host, "add_host" in values] + 1, self._seats.get(host, -1)

    def _is_join(self, host: str, values: Mapping[str, Any]) -> bool:
        """Whether it only puts a host that is there into a group that others were put into before:
        groups stand in the order in which they were first named."""
        key, group = self._key(host, values), values.get("add_group")
        return (
            group in self._joined
            and self._joined[group].takes(key, host)
            and all(self._named.get((group, each), key) < key for each in values["parent_groups"])
            and host in self._inventory.groups_of
            and not self._inventory.groups["ungrouped"].children
        )

    def _join(self, said: _Said) -> None:
        """What `_take_in` does, for one host alone: thousands of them may say so in turn."""
        group = said.values["add_group"]
        joined = self._joined[group]
        loose = "ungrouped" in self._inventory.groups_of[said.host]
        if joined.put(said.key, said.host) or loose:
            self._inventory = self._inventory.joined(said.host, group, joined.hosts())
            assert isinstance(self._statics, _Statics)
            self._statics = self._statics.without(said.host, self._inventory)

    def _start_again(self, news: Sequence[News]) -> None:
        """Begin with the inventory that was read again, if one was: what was added comes on top."""
        for _, values in news:
            if "inventory" in values:
                self._first = values["inventory"]
                self._again = True
                for name in self._first.hosts:
                    self._states.setdefault(name, HostState(name))

    def _take_in(self, news: Sequence[News]) -> None:
        """Begin anew, with all that was said so far, as if the hosts said it task by task, in the
        inventory's order: whichever was faster, a group's hosts have one order."""
        self._start_again(news)
        for host, values in news:
            if "inventory" not in values:
                self._noted(host, values)
        self._taken.sort(key=lambda said: said.key)
        hosts: dict[str, Mapping[str, Any]] = {}
        members: dict[str, list[tuple[Key, str]]] = {}
        parents: dict[str, list[str]] = {}
        self._named.clear()
        for said in self._taken:
            if "add_host" in said.values:
                added = said.values["add_host"]
                name = added["host_name"]
                hosts[name] = {**hosts.get(name, {}), **added["host_vars"]}
                for group in added["groups"] or ("ungrouped",):
                    members.setdefault(group, []).append((said.key, name))
            elif said.host in self._first.hosts or said.host in hosts or not self._again:
                group = said.values["add_group"]
                members.setdefault(group, []).append((said.key, said.host))
                for parent in said.values["parent_groups"]:
                    parents.setdefault(group, []).append(parent)
                    self._named.setdefault((group, parent), said.key)
        for name in hosts:
            self._states.setdefault(name, HostState(name))
        joined = {group: [name for _, name in found] for group, found in members.items()}
        self._inventory = self._first.grown(hosts, joined, parents)
        names = dict.fromkeys((*self._inventory.hosts, *self._others))
        self._statics = _Statics(self._inventory, dict.fromkeys(names), self._basedirs)
        self._seats = _seats(self._inventory)
        self._joined = {} if self._again else self._put(members, parents)

    def _put(
        self, members: Mapping[str, Sequence[tuple[Key, str]]], groups: Iterable[str]
    ) -> dict[str, _Joined]:
        found = {}
        for group in {*groups} - {"all", "ungrouped"}:
            first = self._first.groups.get(group)
            found[group] = _Joined(first.hosts if first is not None else ())
            for key, name in members[group]:
                found[group].put(key, name)
        return found


def _seats(inventory: Inventory) -> dict[str, int]:
    return {host: session_key for session_key, host in enumerate(inventory.hosts)}


class _Statics(Mapping[str, Mapping[str, Any]]):
    """Each host's variables from the inventory, merged when they are asked for."""

    def __init__(
        self,
        inventory: Inventory,
        known: dict[str, Mapping[str, Any] | None],
        basedirs: Sequence[Path],
    ) -> None:
        self._inventory, self._known, self._basedirs = inventory, known, basedirs

    def without(self, host: str, inventory: Inventory) -> _Statics:
        """The same where only that host's have changed."""
        return _Statics(inventory, {**self._known, host: None}, self._basedirs)

    def __getitem__(self, host: str) -> Mapping[str, Any]:
        found = self._known[host]
        if found is None:
            found = self._known[host] = host_variables(self._inventory, host, self._basedirs)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
