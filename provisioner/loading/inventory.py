"""Inventories ▶ `Inventory`: hosts, groups and their variables. YAML, INI and `host1,host2,`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.loading import inifile, yamlfile
from provisioner.loading.where import Where, nearest
from provisioner.loading.yamlfile import YamlMap, place_of


@dataclass(frozen=True)
class Group:
    """A group as written: hosts of its own, child groups, variables."""

    name: str
    hosts: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Inventory:
    """All hosts in the order they are first named. `all` and `ungrouped` are always there."""

    source: str
    basedir: Path
    hosts: tuple[str, ...]
    groups: Mapping[str, Group]
    host_vars: Mapping[str, Mapping[str, Any]]

    @cached_property
    def members(self) -> Mapping[str, tuple[str, ...]]:
        """Each group's hosts, those of its children included, in inventory order."""
        order = {host: index for index, host in enumerate(self.hosts)}
        return {
            name: tuple(sorted(self._below(name), key=order.__getitem__)) for name in self.groups
        }

    def _below(self, name: str) -> set[str]:
        if name == "all":
            return set(self.hosts)
        group = self.groups[name]
        return set(group.hosts).union(*(self._below(child) for child in group.children))

    @cached_property
    def depths(self) -> Mapping[str, int]:
        """How far each group is from `all`: variables of deeper ones win."""
        depths = dict.fromkeys(self.groups, 1)
        depths["all"] = 0
        for _ in self.groups:
            for group in self.groups.values():
                for child in group.children if group.name != "all" else ():
                    depths[child] = max(depths[child], depths[group.name] + 1)
        return depths

    @cached_property
    def groups_of(self) -> Mapping[str, tuple[str, ...]]:
        """Each host's groups but `all`, by depth and name: the order in which variables add up."""
        found: dict[str, list[str]] = {host: [] for host in self.hosts}
        for name in sorted(self.groups, key=lambda name: (self.depths[name], name)):
            for host in self.members[name] if name != "all" else ():
                found[host].append(name)
        return {host: tuple(names) for host, names in found.items()}


def load_inventory(source: str) -> Inventory:
    """The inventory that `source` names: a file, or a comma-separated list of hosts."""
    if "," in source:
        builder = Builder(source, Path.cwd())
        for name in filter(None, (part.strip() for part in source.split(","))):
            builder.add_host("ungrouped", name, {}, Where(source))
        return builder.finish()
    path = Path(source)
    if not path.exists():
        raise LoadError(f"there is no inventory {source}", None, "a list of hosts ends in a comma")
    if path.is_dir():
        raise LoadError(f"the inventory {source} is a directory: not supported yet")
    data = yamlfile.read(path, what="inventory")
    builder = Builder(source, path.parent)
    if path.suffix in (".yml", ".yaml", ".json") or _looks_like_yaml(data):
        _load_yaml(builder, yamlfile.parse(data, source), Where(source, 1, 1))
    else:
        inifile.load(builder, data.decode("utf-8", "replace"), source)
    return builder.finish()


def _looks_like_yaml(data: bytes) -> bool:
    first = next((line for line in data.splitlines() if line and not line.startswith(b"#")), b"")
    return first.startswith(b"---") or re.match(rb"[\w.-]+:\s*(#.*)?$", first) is not None


class Builder:
    """Collects hosts and groups while a source is read."""

    def __init__(self, source: str, basedir: Path) -> None:
        self._source, self._basedir = source, basedir
        self._hosts: dict[str, dict[str, Any]] = {}
        self._groups: dict[str, dict[str, Any]] = {}
        self._places: dict[str, Where] = {}
        for name in ("all", "ungrouped"):
            self.add_group(name, Where(source))

    def add_group(self, name: str, where: Where) -> None:
        self._groups.setdefault(name, {"hosts": [], "children": [], "vars": {}})
        self._places.setdefault(name, where)

    def add_host(self, group: str, pattern: str, variables: Mapping[str, Any], at: Where) -> None:
        """Add the host or hosts (`web[01:20]`) to a group; their variables add up."""
        for name in expand(pattern, at):
            self._hosts.setdefault(name, {}).update(variables)
            if name not in self._groups[group]["hosts"]:
                self._groups[group]["hosts"].append(name)

    def add_child(self, group: str, child: str, where: Where) -> None:
        self.add_group(child, where)
        if child not in self._groups[group]["children"]:
            self._groups[group]["children"].append(child)

    def set_vars(self, group: str, variables: Mapping[str, Any]) -> None:
        self._groups[group]["vars"].update(variables)

    def finish(self) -> Inventory:
        self._no_cycle()
        for name in self._groups:
            if name in self._hosts and name != "all":
                raise LoadError(f'"{name}" is both a group and a host', self._places[name])
        groups = {
            name: Group(name, tuple(g["hosts"]), tuple(g["children"]), g["vars"])
            for name, g in self._groups.items()
        }
        grouped = {host for name, g in groups.items() if name != "all" for host in g.hosts}
        loose = tuple(host for host in self._hosts if host not in grouped)
        old = groups["ungrouped"]
        groups["ungrouped"] = Group("ungrouped", old.hosts + loose, old.children, old.vars)
        return Inventory(self._source, self._basedir, tuple(self._hosts), groups, self._hosts)

    def _no_cycle(self) -> None:
        done: set[str] = set()

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                chain = " → ".join((*path[path.index(name) :], name))
                raise LoadError(f"groups contain each other: {chain}", self._places[name])
            if name not in done:
                for child in self._groups[name]["children"]:
                    visit(child, (*path, name))
                done.add(name)

        for name in self._groups:
            visit(name, ())


_RANGE = re.compile(r"\[(\w+):(\w+)(?::(\d+))?\]")


def expand(pattern: str, where: Where) -> Iterator[str]:
    """`db[1:3]` ▶ db1 db2 db3; `[01:10]` keeps its zeros; letters and a step work too."""
    match = _RANGE.search(pattern)
    if match is None:
        if not pattern or re.search(r"[\s/;|&$`\"'<>\\]", pattern):
            raise LoadError(f'"{pattern}" can\'t be a host\'s name', where)
        yield pattern
        return
    first, last, step = match[1], match[2], int(match[3] or 1)
    if first.isdigit() and last.isdigit():
        width = len(first) if first.startswith("0") else 0
        values = [str(n).zfill(width) for n in range(int(first), int(last) + 1, step)]
    elif len(first) == len(last) == 1:
        values = [chr(n) for n in range(ord(first), ord(last) + 1, step)]
    else:
        raise LoadError(f'"{match[0]}" is not a range', where, "as in [01:20] or [a:f]")
    if not values or len(values) > 100_000:
        raise LoadError(f'"{match[0]}" is an empty range, or one of over 100,000', where)
    for value in values:
        yield from expand(pattern[: match.start()] + value + pattern[match.end() :], where)


def _load_yaml(builder: Builder, data: Any, where: Where) -> None:
    if not isinstance(data, YamlMap) or not data:
        hint = "a playbook? The inventory comes first: provision INVENTORY [PLAYBOOK …]"
        raise LoadError(
            "an inventory is a mapping of groups", where, hint if isinstance(data, list) else ""
        )
    for name, body in data.items():
        _load_group(builder, str(name), body, data.keys_at[name])


_GROUP_KEYS = ("hosts", "children", "vars")


def _load_group(builder: Builder, name: str, body: Any, where: Where) -> None:
    builder.add_group(name, where)
    if body is None:
        return
    if not isinstance(body, YamlMap):
        raise LoadError(f'the group "{name}" is a mapping', where, "with hosts, children or vars")
    for key in body:
        if key not in _GROUP_KEYS:
            hint = nearest(str(key), _GROUP_KEYS) or "a group has hosts, children and vars"
            raise LoadError(f'"{key}" is not a key of a group', body.keys_at[key], hint)
    for host, variables in _mapping(body, "hosts").items():
        builder.add_host(name, str(host), _host_vars(body["hosts"], host, variables), where)
    for child, inner in _mapping(body, "children").items():
        place = body["children"].keys_at[child]
        builder.add_child(name, str(child), place)
        _load_group(builder, str(child), inner, place)
    builder.set_vars(name, _mapping(body, "vars"))


def _mapping(body: YamlMap, key: str) -> YamlMap:
    value = body.get(key)
    if value is None:
        return YamlMap(body.where)
    if isinstance(value, str) and key == "hosts":
        single = YamlMap(body.where)
        single[value] = None
        body[key] = single
        return single
    if not isinstance(value, YamlMap):
        raise LoadError(
            f'"{key}" is a mapping', body.values_at[key], "each name with a colon behind it"
        )
    return value


def _host_vars(hosts: YamlMap, host: Any, variables: Any) -> Mapping[str, Any]:
    if variables is None:
        return {}
    if not isinstance(variables, dict):
        raise LoadError(f'the variables of "{host}" are a mapping', place_of(hosts, host))
    return variables
