"""Collect hosts and groups while the sources of an inventory are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.loading import inventory_hostnames
from provisioner.loading.inventory_groups import Inventory, InventoryGroup, depths, hosts_below
from provisioner.loading.vault import Vault
from provisioner.records import dataclass
from provisioner.where import Where


@dataclass
class _Draft:
    """A group that is being read. `hosts` and `children` are ordered sets (the values are None)."""

    where: Where
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    vars: dict[str, Any] = field(default_factory=dict)
    priority: int = 1


class Builder:
    """Collects hosts and groups from several sources; later sources override earlier ones.

    `file` is the file that is being read.
    """

    def __init__(self, source: str, basedirs: tuple[Path, ...], vault: Vault) -> None:
        self.vault = vault
        self.file: Path | None = None
        self._source, self._basedirs = source, basedirs
        self._files: dict[str, Path] = {}
        self._hosts: dict[str, dict[str, Any]] = {}
        self._drafts: dict[str, _Draft] = {}
        for name in ("all", "ungrouped"):
            self.add_group(name, Where(source))
        self.add_child("all", "ungrouped", Where(source))

    def has_group(self, name: str) -> bool:
        return name in self._drafts

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(self._drafts)

    def add_group(self, name: str, where: Where) -> None:
        if not name:
            raise LoadError("a group needs a name", where)
        self._drafts.setdefault(name, _Draft(where))

    def add_hosts(self, group: str, pattern: str, variables: Mapping[str, Any], at: Where) -> None:
        """Add the hosts of a pattern such as `web[01:20]:2222` to a group."""
        names, port = inventory_hostnames.hosts(pattern, at)
        for name in names:
            self.add_host(group, name, variables, port)

    def add_host(
        self, group: str | None, name: str, variables: Mapping[str, Any], port: int | None = None
    ) -> None:
        """Add one host under its literal name, to `group` if one is given; merge its variables."""
        if name not in self._hosts:
            self._hosts[name] = {} if port is None else {"ansible_port": port}
            if self.file is not None:
                self._files[name] = self.file
        self._hosts[name].update(variables)
        if group is not None:
            self._drafts[group].hosts[name] = None

    def add_child(self, group: str, child: str, where: Where) -> None:
        self.add_group(child, where)
        self._drafts[group].children[child] = None

    def set_vars(self, group: str, variables: Mapping[str, Any], where: Where) -> None:
        draft = self._drafts[group]
        for name, value in variables.items():
            if name != "ansible_group_priority":
                draft.vars[name] = value
                continue
            try:
                draft.priority = int(value)
            except (TypeError, ValueError):
                place = getattr(variables, "values_at", {}).get(name, where)
                raise LoadError("ansible_group_priority must be a number", place) from None

    def finish(self) -> Inventory:
        """Return the inventory. Raises LoadError if groups contain each other."""
        self._reconcile()
        groups = {
            name: InventoryGroup(name, tuple(d.hosts), tuple(d.children), d.vars, d.priority)
            for name, d in self._drafts.items()
        }
        if len(depths(groups)) < len(groups):
            raise self._cycle(groups)
        hosts = tuple(hosts_below(groups, "all"))
        return Inventory(
            self._source, self._basedirs, hosts, groups, self._hosts, self.vault, self._files
        )

    def _reconcile(self) -> None:
        """Put hosts without a group into `ungrouped`, and groups without a parent below `all`."""
        named = {child for draft in self._drafts.values() for child in draft.children}
        for name in self._drafts:
            if name not in named and name != "all":
                self._drafts["all"].children[name] = None
        grouped: set[str] = set()
        for name, draft in self._drafts.items():
            if name not in ("all", "ungrouped"):
                grouped.update(draft.hosts)
        loose = self._drafts["ungrouped"]
        loose.hosts = {host: None for host in loose.hosts if host not in grouped}
        loose.hosts.update({host: None for host in self._hosts if host not in grouped})

    def _cycle(self, groups: Mapping[str, InventoryGroup]) -> LoadError:
        """Return the error for groups that contain each other; it shows the chain of names."""
        clear = depths(groups).keys()
        name = next(name for name in groups if name not in clear)
        parents = {
            child: g.name for g in groups.values() if g.name not in clear for child in g.children
        }
        chain = [name]
        while parents[chain[0]] not in chain:
            chain.insert(0, parents[chain[0]])
        first = parents[chain[0]]
        names = " → ".join((first, *chain[: chain.index(first) + 1]))
        return LoadError(f"groups contain each other: {names}", self._drafts[first].where)
