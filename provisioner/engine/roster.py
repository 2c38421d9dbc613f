"""The inventory of a run: add_host and group_by extend it, refresh_inventory replaces it.

Tasks report additions, which are merged when the inventory is next read. Reports arrive in any
order, because each host runs at its own speed. The result is the same as if the hosts had run each
task one after the other, in inventory order.
"""

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
"""Sort key of a report: (ordinal of the call of add_host or group_by on that host, index of the
host in the inventory)."""

_FIRST: Key = (0, 0)
"""The key of the members that the inventory had from the start."""


@dataclass(frozen=True)
class _Report:
    """The report of one task on a host: return values of add_host or group_by."""

    key: Key
    host: str
    values: Mapping[str, Any]


class _GroupMembers:
    """The hosts of a group that tasks have extended, in the order of the reports' keys."""

    def __init__(self, initial: Sequence[str]) -> None:
        """Start with the hosts that the inventory has in the group."""
        self._initial = initial
        self._keys: list[Key] = []
        self._hosts: list[str] = []
        self._key_of = dict.fromkeys(initial, _FIRST)

    def keeps_order(self, key: Key, host: str) -> bool:
        """Whether an existing member keeps its place after a report with that key."""
        return self._key_of.get(host, key) <= key

    def insert(self, key: Key, host: str) -> bool:
        """Insert the host at its place. Return false if it is a member already."""
        if host in self._key_of:
            return False
        self._key_of[host] = key
        index = bisect_right(self._keys, key)
        self._keys.insert(index, key)
        self._hosts.insert(index, host)
        return True

    def hosts(self) -> tuple[str, ...]:
        return (*self._initial, *self._hosts)


class HostStates(Protocol):
    """Creates the states of new hosts, for example a dict of states."""

    def setdefault(self, name: str, state: HostState, /) -> HostState: ...


class Roster:
    """The current inventory. The threads of all hosts use it."""

    def __init__(
        self,
        inventory: Inventory,
        inventory_vars: Mapping[str, Mapping[str, Any]],
        basedirs: Sequence[Path],
        states: HostStates,
    ) -> None:
        self._base = self._inventory = inventory
        """`_base` is the inventory without the additions of tasks."""
        self._inventory_vars = inventory_vars
        self._basedirs, self._other_hosts = basedirs, tuple(inventory_vars)
        self._states = states
        self._refreshed = False
        self._new: list[tuple[str, Mapping[str, Any]]] = []
        """Reports that have not been merged: (host, values)."""
        self._reports: list[_Report] = []
        """Reports that have been merged."""
        self._calls: Counter[tuple[str, bool]] = Counter()
        """The number of reports by host, for group_by and for add_host (True)."""
        self._indices = _indices(inventory)
        self._members: dict[str, _GroupMembers] = {}
        self._parent_keys: dict[tuple[str, str], Key] = {}
        """(group, parent) -> the key of the report that named this parent first."""
        self._lock = threading.RLock()

    def report(self, host: str, values: Mapping[str, Any]) -> None:
        """Add the return values of an add_host, group_by or refresh_inventory task on `host`."""
        with self._lock:
            self._new.append((host, values))

    @property
    def inventory(self) -> Inventory:
        self._take_in()
        return self._inventory

    @property
    def inventory_vars(self) -> Mapping[str, Mapping[str, Any]]:
        """Each host's variables from the inventory, merged."""
        self._take_in()
        return self._inventory_vars

    def _take_in(self) -> None:
        """Merge all new reports."""
        if not self._new:  # safe without the lock, because the list is emptied last
            return
        with self._lock:
            for number, (host, values) in enumerate(self._new):
                if not self._is_simple(host, values):
                    self._rebuild(self._new[number:])
                    break
                self._add_member(self._keep(host, values))
            self._new = []

    def _keep(self, host: str, values: Mapping[str, Any]) -> _Report:
        report = _Report(self._key(host, values), host, values)
        self._calls[host, "add_host" in values] += 1
        self._reports.append(report)
        return report

    def _key(self, host: str, values: Mapping[str, Any]) -> Key:
        return self._calls[host, "add_host" in values] + 1, self._indices.get(host, -1)

    def _is_simple(self, host: str, values: Mapping[str, Any]) -> bool:
        """Whether the report only adds a known host to a group that a task has already added to.

        The groups then keep their order, which is the order in which they were first named.
        """
        key, group = self._key(host, values), values.get("add_group")
        return (
            group in self._members
            and self._members[group].keeps_order(key, host)
            and all(
                self._parent_keys.get((group, parent), key) < key
                for parent in values["parent_groups"]
            )
            and host in self._inventory.groups_of
            and not self._inventory.groups["ungrouped"].children
        )

    def _add_member(self, report: _Report) -> None:
        """Merge a simple report.

        The result is that of `_rebuild`, which takes too long for thousands of hosts that report
        one after the other.
        """
        group = report.values["add_group"]
        members = self._members[group]
        was_ungrouped = "ungrouped" in self._inventory.groups_of[report.host]
        if members.insert(report.key, report.host) or was_ungrouped:
            self._inventory = self._inventory.joined(report.host, group, members.hosts())
            assert isinstance(self._inventory_vars, _InventoryVars)
            self._inventory_vars = self._inventory_vars.without(report.host, self._inventory)

    def _refresh(self, new: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Use the inventory that a task has read again as the new base, if there is one."""
        for _, values in new:
            if "inventory" in values:
                self._base = values["inventory"]
                self._refreshed = True
                for name in self._base.hosts:
                    self._states.setdefault(name, HostState(name))

    def _rebuild(self, new: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Build the inventory from its base and all reports, in the order of their keys."""
        self._refresh(new)
        for host, values in new:
            if "inventory" not in values:
                self._keep(host, values)
        self._reports.sort(key=lambda report: report.key)
        hosts: dict[str, Mapping[str, Any]] = {}
        members: dict[str, list[tuple[Key, str]]] = {}
        parents: dict[str, list[str]] = {}
        self._parent_keys.clear()
        for report in self._reports:
            if "add_host" in report.values:
                added = report.values["add_host"]
                name = added["host_name"]
                hosts[name] = {**hosts.get(name, {}), **added["host_vars"]}
                for group in added["groups"] or ("ungrouped",):
                    members.setdefault(group, []).append((report.key, name))
            elif self._still_exists(report.host, hosts):
                group = report.values["add_group"]
                members.setdefault(group, []).append((report.key, report.host))
                for parent in report.values["parent_groups"]:
                    parents.setdefault(group, []).append(parent)
                    self._parent_keys.setdefault((group, parent), report.key)
        for name in hosts:
            self._states.setdefault(name, HostState(name))
        names_of = {group: [name for _, name in pairs] for group, pairs in members.items()}
        self._inventory = self._base.grown(hosts, names_of, parents)
        names = dict.fromkeys((*self._inventory.hosts, *self._other_hosts))
        self._inventory_vars = _InventoryVars(self._inventory, dict.fromkeys(names), self._basedirs)
        self._indices = _indices(self._inventory)
        self._members = {} if self._refreshed else self._group_members(members, parents)

    def _still_exists(self, host: str, added: Mapping[str, Any]) -> bool:
        """Whether the host is in the refreshed inventory, or was added by a task."""
        return host in self._base.hosts or host in added or not self._refreshed

    def _group_members(
        self, members: Mapping[str, Sequence[tuple[Key, str]]], groups: Iterable[str]
    ) -> dict[str, _GroupMembers]:
        """Return the members of the groups that group_by has named."""
        by_group = {}
        for name in {*groups} - {"all", "ungrouped"}:
            group = self._base.groups.get(name)
            by_group[name] = _GroupMembers(group.hosts if group is not None else ())
            for key, host in members[name]:
                by_group[name].insert(key, host)
        return by_group


def _indices(inventory: Inventory) -> dict[str, int]:
    """Return the index of each host in the inventory."""
    return {host: index for index, host in enumerate(inventory.hosts)}


class _InventoryVars(Mapping[str, Mapping[str, Any]]):
    """Each host's variables from the inventory, merged on first use."""

    def __init__(
        self,
        inventory: Inventory,
        merged: dict[str, Mapping[str, Any] | None],
        basedirs: Sequence[Path],
    ) -> None:
        self._inventory, self._merged, self._basedirs = inventory, merged, basedirs

    def without(self, host: str, inventory: Inventory) -> _InventoryVars:
        """Return a copy in which that host's variables are merged again."""
        return _InventoryVars(inventory, {**self._merged, host: None}, self._basedirs)

    def __getitem__(self, host: str) -> Mapping[str, Any]:
        variables = self._merged[host]
        if variables is None:
            variables = host_variables(self._inventory, host, self._basedirs)
            self._merged[host] = variables
        return variables

    def __iter__(self) -> Iterator[str]:
        return iter(self._merged)

    def __len__(self) -> int:
        return len(self._merged)
