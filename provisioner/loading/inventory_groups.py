"""`Inventory`: hosts, groups and their variables, in the orders that Ansible gives them."""

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
class Group:
    """A group as written: hosts of its own, child groups, variables."""

    name: str
    hosts: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 1
    """ansible_group_priority: of groups equally deep, variables of the higher one win."""


@dataclass(frozen=True)
class Inventory:
    """All hosts, in the order in which a play on `all` has them. `all` and `ungrouped` are always
    there, and every group is below `all`.

    Beside each of `basedirs` stand group_vars and host_vars; a list of hosts has no place.
    """

    source: str
    basedirs: tuple[Path, ...]
    hosts: tuple[str, ...]
    groups: Mapping[str, Group]
    host_vars: Mapping[str, Mapping[str, Any]]
    vault: Vault = NO_VAULT
    files_of: Mapping[str, Path] = field(default_factory=dict)
    """The file that named each host first; hosts of a list have none."""
    sources: tuple[str, ...] = ()
    """What it was read from, to be read again."""

    @cached_property
    def members(self) -> Mapping[str, tuple[str, ...]]:
        """Each group's hosts: its own, then those of its children, then of theirs. This machine may
        be in a group without being a host of the inventory (group_by), yet not in `all`."""
        found = {name: tuple(hosts_below(self.groups, name)) for name in self.groups}
        known = frozenset(self.hosts)
        return {**found, "all": tuple(host for host in found["all"] if host in known)}

    @cached_property
    def named(self) -> Mapping[str, list[str]]:
        """The same as templates see it in `groups`: one for all hosts, as with Ansible."""
        return {name: list(hosts) for name, hosts in self.members.items()}

    @cached_property
    def depths(self) -> Mapping[str, int]:
        """How far each group is from `all`: variables of deeper ones win."""
        return depths(self.groups)

    @cached_property
    def groups_of(self) -> Mapping[str, tuple[str, ...]]:
        """Each host's groups but `all`, in the order in which variables add up: by depth,
        priority and name."""
        found: dict[str, list[str]] = {host: [] for host in self.hosts}
        for name in sorted(self.groups, key=self._weight):
            for host in self.members[name] if name != "all" else ():
                found.setdefault(host, []).append(name)
        return {host: tuple(names) for host, names in found.items()}

    def _weight(self, name: str) -> tuple[int, int, str]:
        """A group that tasks have put below itself (group_by) has no depth."""
        return self.depths.get(name, 0), self.groups[name].priority, name

    @cached_property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        """The groups that each group is directly below."""
        found: dict[str, list[str]] = {name: [] for name in self.groups}
        for name, group in self.groups.items():
            for child in group.children:
                found[child].append(name)
        return {name: tuple(above) for name, above in found.items()}

    def grown(
        self,
        hosts: Mapping[str, Mapping[str, Any]],
        members: Mapping[str, Sequence[str]],
        parents: Mapping[str, Iterable[str]] | None = None,
    ) -> Inventory:
        """With further hosts (and their variables), with `members` put into groups, and groups
        below their `parents`; groups are made where they don't exist. In `all` the further hosts
        come first, as with Ansible."""
        groups = dict(self.groups)
        for name, joined in members.items():
            old = groups.get(name, Group(name))
            groups[name] = replace(old, hosts=tuple(dict.fromkeys((*old.hosts, *joined))))
        placed = {h for name in members if name not in ("all", "ungrouped") for h in members[name]}
        loose = groups["ungrouped"]
        left = tuple(host for host in loose.hosts if host not in placed)
        groups["ungrouped"] = replace(loose, hosts=left)
        for name, above in (parents or {}).items():
            for parent in above:
                old = groups.get(parent, Group(parent))
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
        """With a host that is there in a group that is there, whose own hosts are `hosts` then: as
        `grown`, but what has been worked out is taken along: it may be done host by host."""
        groups = {**self.groups, name: replace(self.groups[name], hosts=hosts)}
        old = self.groups_of[host]
        if "ungrouped" in old:
            loose = self.groups["ungrouped"]
            place = loose.hosts.index(host)
            left = loose.hosts[:place] + loose.hosts[place + 1 :]
            groups["ungrouped"] = replace(loose, hosts=left)
        new = replace(self, groups=groups)
        now = {*old, *self._upwards(name)} - {"all", "ungrouped"}
        vars(new).update(
            files=self.files,
            depths=self.depths,
            parents=self.parents,
            groups_of={**self.groups_of, host: tuple(sorted(now, key=self._weight))},
        )
        return new

    def _upwards(self, name: str) -> Iterable[str]:
        """The group and all that it is below."""
        found, todo = {name}, [name]
        for group in todo:
            todo += [above for above in self.parents[group] if above not in found]
            found.update(todo)
        return found

    @cached_property
    def files(self) -> VarsFiles:
        """The group_vars and host_vars of this inventory and of playbooks, read once each."""
        return VarsFiles(self.vault)


def hosts_below(groups: Mapping[str, Group], name: str) -> Iterable[str]:
    """The hosts of a group and of all below it, level by level."""
    return dict.fromkeys(host for group in below(groups, name) for host in groups[group].hosts)


def below(groups: Mapping[str, Group], name: str) -> Iterable[str]:
    """The group and all groups below it, level by level."""
    seen, level = {name: None}, [name]
    while level:
        level = [c for g in level for c in dict.fromkeys(groups[g].children) if c not in seen]
        level = list(dict.fromkeys(level))
        seen.update(dict.fromkeys(level))
    return seen


def depths(groups: Mapping[str, Group]) -> dict[str, int]:
    """The length of the longest way from `all` to each group; groups in a cycle are left out."""
    open_parents = dict.fromkeys(groups, 0)
    for group in groups.values():
        for child in group.children:
            open_parents[child] += 1
    found = {name: 0 for name, count in open_parents.items() if not count}
    ready = list(found)
    for name in ready:
        for child in groups[name].children:
            found[child] = max(found.get(child, 0), found[name] + 1)
            open_parents[child] -= 1
            if not open_parents[child]:
                ready.append(child)
    return {name: found[name] for name in ready}
