"""Print an inventory as `ansible-inventory` does: --list as JSON or YAML, --graph, --host."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from provisioner.errors import UsageError
from provisioner.language.templating.template import Template, is_template
from provisioner.loading import host_patterns
from provisioner.loading.inventory_groups import Inventory
from provisioner.loading.variables import group_variables, host_variables
from provisioner.loading.vault import Sealed
from provisioner.records import dataclass
from provisioner.where import nearest, with_hint

Values = dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """An inventory in the format of ansible-inventory.

    `limit` is a host pattern. With `export`, each variable is shown at the host or group that
    defines it. Otherwise each host is shown with all its variables.
    """

    inventory: Inventory
    limit: str | None = None
    export: bool = False
    basedirs: Sequence[Path] = ()
    extra_vars: Mapping[str, Any] = field(default_factory=dict)

    def hosts(self) -> tuple[str, ...]:
        """Return the hosts that `limit` allows, in the order of the inventory."""
        allowed = (
            host_patterns.limit(self.inventory, self.limit) if self.limit else self.inventory.hosts
        )
        return tuple(host for host in self.inventory.hosts if host in allowed)

    def host(self, name: str) -> Values:
        """Return all variables of one host, with templates unrendered.

        Raises UsageError if `name` is not exactly one host.
        """
        hosts = host_patterns.select(self.inventory, name)
        if len(hosts) != 1:
            hint = nearest(name, self.inventory.hosts)
            raise UsageError(with_hint(f'--host: "{name}" must be exactly one host', hint))
        return self._host_variables(hosts[0])

    def _host_variables(self, name: str) -> Values:
        if self.export:
            own = dict(self.inventory.host_vars.get(name, {}))
            for folder in (*self.inventory.basedirs, *self.basedirs):
                own.update(self.inventory.files.of(folder / "host_vars", name))
            return _plain_values(own)
        merged = host_variables(self.inventory, name, self.basedirs)
        return _plain_values({**merged, **self.extra_vars})

    def _group_variables(self, name: str) -> Values:
        variables = _plain_values(group_variables(self.inventory, name, self.basedirs))
        priority = self.inventory.groups[name].priority
        return variables if priority == 1 else {**variables, "ansible_group_priority": priority}

    def as_json(self) -> Values:
        """Return --list: one flat mapping of groups, with the hosts' variables in `_meta`."""
        shown, groups = self.hosts(), {}
        for name in self._in_order("all"):
            group = self.inventory.groups[name]
            body: Values = {"children": list(group.children)}
            if name != "all":
                body["hosts"] = [host for host in group.hosts if host in shown]
            if self.export:
                body["vars"] = self._group_variables(name)
            if body := {key: value for key, value in body.items() if value}:
                groups[name] = body
        hostvars = {host: own for host in shown if (own := self._host_variables(host))}
        return {**groups, "_meta": {"hostvars": hostvars}}

    def _in_order(self, top: str) -> Iterator[str]:
        """Yield the group and all groups below it, each once, parents first."""
        seen = {top}
        stack = [top]
        while stack:
            name = stack.pop()
            yield name
            new = [c for c in self.inventory.groups[name].children if c not in seen]
            seen.update(new)
            stack.extend(reversed(new))

    def as_nested(self) -> Values:
        """Return --list --yaml: nested groups. A host's variables are shown only the first time."""
        shown = frozenset(self.hosts())
        return self._nested("all", shown, set(), set())

    def _nested(self, name: str, shown: frozenset[str], hosts: set[str], done: set[str]) -> Values:
        group = self.inventory.groups[name]
        children: Values = {}
        for child in group.children:
            if child in done:
                children[child] = {}
            else:
                children |= self._nested(child, shown, hosts, done)
                done.add(child)
        body: Values = {"children": children, "hosts": {}}
        for host in group.hosts if name != "all" else ():
            if host in shown:
                body["hosts"][host] = {} if host in hosts else self._host_variables(host)
                hosts.add(host)
        if self.export:
            body["vars"] = self._group_variables(name)
        body = {key: value for key, value in body.items() if value}
        return {name: body} if body else {}

    def graph(self, top: str, *, variables: bool = False) -> str:
        """Return --graph: the tree of groups and hosts below the group `top`."""
        if top not in self.inventory.groups:
            hint = nearest(top, self.inventory.groups)
            raise UsageError(with_hint(f'--graph: there is no group "{top}"', hint))
        return "\n".join(self._graph(top, 0, variables))

    def _graph(self, name: str, depth: int, variables: bool) -> Iterator[str]:
        group = self.inventory.groups[name]
        yield _line(f"@{name}:", depth)
        for child in group.children:
            yield from self._graph(child, depth + 1, variables)
        for host in group.hosts if name != "all" else ():
            yield _line(host, depth + 1)
            if variables:
                yield from _variables(self._host_variables(host), depth + 2)
        if variables:
            yield from _variables(self._group_variables(name), depth + 1)


def _line(text: str, depth: int) -> str:
    return "  |" * depth + "--" + text if depth else text


def _variables(values: Values, depth: int) -> Iterator[str]:
    for name, value in sorted(values.items(), key=lambda pair: str(pair[0])):
        yield _line(f"{{{name} = {value}}}", depth)


def _plain_values(values: Mapping[str, Any]) -> Values:
    return {name: plain(value) for name, value in values.items()}


def plain(value: Any) -> Any:
    """Return the value with built-in types only, and with marks for encrypted and unsafe text."""
    match value:
        case Template():
            return value.source
        case str():
            looks_like_template = is_template(value) and not isinstance(value, Sealed)
            return _Unsafe(value) if looks_like_template else value
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case tuple():
            return tuple(plain(item) for item in value)
        case bytes():
            return value.decode("utf-8", "replace")
        case bool() | None:
            return value
        case int():
            return int(value)
    return value


class _Unsafe(str):
    """Text that looks like a template but must not be rendered."""

    __slots__ = ()


def _tagged(value: Any) -> Any:
    """Return the value with Ansible's JSON marks for encrypted and for unsafe text."""
    match value:
        case Sealed():
            return {"__ansible_vault": str(value)}
        case _Unsafe():
            return {"__ansible_unsafe": str(value)}
        case dict():
            return {key: _tagged(item) for key, item in value.items()}
        case list() | tuple():
            return [_tagged(item) for item in value]
    return value


def json_text(value: Any) -> str:
    """Return JSON in the format of ansible-inventory, with sorted keys if they can be compared."""
    tagged = _tagged(value)
    try:
        return json.dumps(tagged, sort_keys=True, indent=4, ensure_ascii=False, default=str)
    except TypeError:  # keys of different types can't be sorted
        return json.dumps(tagged, indent=4, ensure_ascii=False, default=str)


def yaml_text(value: Any) -> str:
    """Return YAML in the format of ansible-inventory."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def sealed(dumper: Dumper, data: Sealed) -> yaml.Node:
        return dumper.represent_scalar("!vault", str(data), style="|")

    def unsafe(dumper: Dumper, data: _Unsafe) -> yaml.Node:
        return dumper.represent_scalar("!unsafe", str(data))

    Dumper.add_representer(Sealed, sealed)
    Dumper.add_representer(_Unsafe, unsafe)
    Dumper.add_representer(tuple, Dumper.represent_list)
    text: str = yaml.dump(value, Dumper=Dumper, default_flow_style=False, allow_unicode=True)
    return text
