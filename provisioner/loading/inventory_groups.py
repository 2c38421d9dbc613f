"""The inventory: hosts, groups and their variables, in the same order as in Ansible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from provisioner.loading.vars_files import VarsFiles
from provisioner.loading.vault import NO_VAULT, Vault
from provisioner.records import dataclass


@dataclass(frozen=True)
class InventoryGroup:
    """One group: its own hosts, its child groups, its variables."""

    name: str
    hosts: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 1
    """ansible_group_priority: among groups of the same depth, the higher one overrides."""


@dataclass(frozen=True)
class Inventory:
    """Hosts and groups of a run. The groups `all` and `ungrouped` always exist.

    `hosts` are in the order of a play on `all`. Each of `basedirs` may have group_vars and
    host_vars; a list of hosts (`host1,host2,`) has no basedir.
    """

    source: str
    basedirs: tuple[Path, ...]
    hosts: tuple[str, ...]
    groups: Mapping[str, InventoryGroup]
    host_vars: Mapping[str, Mapping[str, Any]]
    vault: Vault = NO_VAULT
    files_of: Mapping[str, Path] = field(default_factory=dict)
    """Host ▶ the file that named it first. Hosts of a list have no file."""
    sources: tuple[str, ...] = ()
    """The operator's inventory arguments; `meta: refresh_inventory` reads them again."""

    @cached_property
    def members(self) -> Mapping[str, tuple[str, ...]]:
        """Group ▶ its hosts: its own first, then those of its child groups, level by level.

        group_by may put localhost into a group although the inventory does not name it; `all`
        leaves such a host out.
        """
        members = {name: tuple(hosts_below(self.groups, name)) for name in self.groups}
        own_hosts = frozenset(self.hosts)
        return {**members, "all": tuple(host for host in members["all"] if host in own_hosts)}

    @cached_property
    def named(self) -> Mapping[str, list[str]]:
        """`members` in the form of the magic variable `groups`."""
        return {name: list(hosts) for name, hosts in self.members.items()}

    @cached_property
    def depths(self) -> Mapping[str, int]:
        """Group ▶ its distance from `all`. Variables of deeper groups override."""
        return depths(self.groups)

    @cached_property
    def groups_of(self) -> Mapping[str, tuple[str, ...]]:
        """Host ▶ its groups except `all`, later ones overriding: by depth, priority and name."""
        groups: dict[str, list[str]] = {host: [] for host in self.hosts}
        for name in sorted(self.groups, key=self._weight):
            for host in self.members[name] if name != "all" else ():
                groups.setdefault(host, []).append(name)
        return {host: tuple(names) for host, names in groups.items()}

    def _weight(self, name: str) -> tuple[int, int, str]:
        """Return the sort key of a group.

        A group that group_by has put below itself has depth 0.
        """
        return self.depths.get(name, 0), self.groups[name].priority, name

    @cached_property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        """Group ▶ the groups that have it as a child."""
        parents: dict[str, list[str]] = {name: [] for name in self.groups}
        for name, group in self.groups.items():
            for child in group.children:
                parents[child].append(name)
        return {name: tuple(above) for name, above in parents.items()}

    def grown(
        self,
        hosts: Mapping[str, Mapping[str, Any]],
        members: Mapping[str, Sequence[str]],
        parents: Mapping[str, Iterable[str]] | None = None,
    ) -> Inventory:
        """Return the inventory with hosts, memberships and child groups added.

        `hosts` are new hosts with their variables, `members` maps a group to hosts that join it,
        `parents` maps a group to groups that get it as a child. Missing groups are created. New
        hosts come first in `all`, as in Ansible.
        """
        groups = dict(self.groups)
        for name, joined in members.items():
            old = groups.get(name, InventoryGroup(name))
            groups[name] = replace(old, hosts=tuple(dict.fromkeys((*old.hosts, *joined))))
        placed = {h for name in members if name not in ("all", "ungrouped") for h in members[name]}
        loose = groups["ungrouped"]
        still_ungrouped = tuple(host for host in loose.hosts if host not in placed)
        groups["ungrouped"] = replace(loose, hosts=still_ungrouped)
        for name, above in (parents or {}).items():
            for parent in above:
                old = groups.get(parent, InventoryGroup(parent))
                groups[parent] = replace(
                    old, children=tuple({**dict.fromkeys(old.children), name: 0})
                )
        top = groups["all"]
        new = [name for name in groups if name not in self.groups and name not in top.children]
        added = (*top.hosts, *(host for host in hosts if host not in self.hosts))
        groups["all"] = replace(top, hosts=added, children=(*top.children, *new))
        own = {**self.host_vars}
        for host, variables in hosts.items():
            own[host] = {**own.get(host, {}), **variables}
        every = tuple(dict.fromkeys((*added, *self.hosts)))
        grown = replace(self, hosts=every, groups=groups, host_vars=own)
        vars(grown).update(files=self.files)
        return grown

    def joined(self, host: str, name: str, hosts: tuple[str, ...]) -> Inventory:
        """Return the inventory with an existing host added to the existing group `name`.

        `hosts` are the group's own hosts after that. Unlike `grown` it keeps the computed
        properties, so that group_by on thousands of hosts stays fast.
        """
        groups = {**self.groups, name: replace(self.groups[name], hosts=hosts)}
        old = self.groups_of[host]
        if "ungrouped" in old:
            loose = self.groups["ungrouped"]
            place = loose.hosts.index(host)
            still_ungrouped = loose.hosts[:place] + loose.hosts[place + 1 :]
            groups["ungrouped"] = replace(loose, hosts=still_ungrouped)
        new = replace(self, groups=groups)
        groups_now = {*old, *self._ancestors(name)} - {"all", "ungrouped"}
        vars(new).update(
            files=self.files,
            depths=self.depths,
            parents=self.parents,
            groups_of={**self.groups_of, host: tuple(sorted(groups_now, key=self._weight))},
        )
        return new

    def _ancestors(self, name: str) -> Iterable[str]:
        """Return the group and all groups that contain it."""
        ancestors, todo = {name}, [name]
        for group in todo:
            todo += [above for above in self.parents[group] if above not in ancestors]
            ancestors.update(todo)
        return ancestors

    @cached_property
    def files(self) -> VarsFiles:
        """group_vars and host_vars of this inventory and of playbooks; each file is read once."""
        return VarsFiles(self.vault)


def hosts_below(groups: Mapping[str, InventoryGroup], name: str) -> Iterable[str]:
    """Return the hosts of a group and of all groups below it, level by level."""
    return dict.fromkeys(host for group in below(groups, name) for host in groups[group].hosts)


def below(groups: Mapping[str, InventoryGroup], name: str) -> Iterable[str]:
    """Return the group and all groups below it, level by level."""
    seen, level = {name: None}, [name]
    while level:
        level = [c for g in level for c in dict.fromkeys(groups[g].children) if c not in seen]
        level = list(dict.fromkeys(level))
        seen.update(dict.fromkeys(level))
    return seen


def depths(groups: Mapping[str, InventoryGroup]) -> dict[str, int]:
    """Return the longest path from `all` to each group. Groups in a cycle are left out."""
    open_parents = dict.fromkeys(groups, 0)
    for group in groups.values():
        for child in group.children:
            open_parents[child] += 1
    depth_of = {name: 0 for name, count in open_parents.items() if not count}
    ready = list(depth_of)
    for name in ready:
        for child in groups[name].children:
            depth_of[child] = max(depth_of.get(child, 0), depth_of[name] + 1)
            open_parents[child] -= 1
            if not open_parents[child]:
                ready.append(child)
    return {name: depth_of[name] for name in ready}
