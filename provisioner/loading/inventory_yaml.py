"""Read YAML and JSON inventories: groups with `hosts`, `children` and `vars`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.yaml_values import YamlMap, place_of
from provisioner.loading.inventory_builder import Builder
from provisioner.where import Where, nearest

_KEYS = ("hosts", "children", "vars")


def load(builder: Builder, data: Any, where: Where) -> None:
    """Add the hosts and groups of a parsed YAML file to `builder`; LoadError names the place."""
    if not isinstance(data, YamlMap) or not data:
        hint = "is this a playbook? The inventory comes first: provision INVENTORY [PLAYBOOK …]"
        hint = hint if isinstance(data, list) else ""
        raise LoadError("an inventory must be a mapping of groups", where, hint)
    if isinstance(data.get("plugin"), str):
        reason = f"the inventory plugin {data['plugin']} is not supported"
        hint = "use an executable inventory that prints JSON"
        raise LoadError(reason, data.keys_at["plugin"], hint)
    for name, body in data.items():
        _group(builder, _name(name, "group", data.keys_at[name]), body, data.keys_at[name])


def _name(name: Any, what: str, where: Where) -> str:
    if not isinstance(name, str):
        raise LoadError(
            f"the name of a {what} must be text, not {name!r}", where, f'quote it: "{name}"'
        )
    return name


def _group(builder: Builder, name: str, body: Any, where: Where) -> None:
    builder.add_group(name, where)
    if body is None:
        return
    if not isinstance(body, YamlMap):
        raise LoadError(
            f'the group "{name}" must be a mapping', where, "with hosts, children or vars"
        )
    for key in body:
        if key not in _KEYS:
            hint = nearest(str(key), _KEYS) or "a group has hosts, children and vars"
            raise LoadError(f'"{key}" is not a key of a group', body.keys_at[key], hint)
    for key in body:  # the order in the file is the order of the hosts
        _section(builder, name, key, _mapping(body, key))


def _section(builder: Builder, group: str, key: str, section: YamlMap) -> None:
    if key == "vars":
        builder.set_vars(group, section, section.where)
        return
    for name, value in section.items():
        place = section.keys_at.get(name, section.where)
        if key == "hosts":
            variables = _variables(section, name, value)
            builder.add_hosts(group, _name(name, "host", place), variables, place)
        else:
            _group(builder, _name(name, "group", place), value, place)
            builder.add_child(group, name, place)


def _mapping(body: YamlMap, key: str) -> YamlMap:
    """Return the mapping under a key. A single name is a mapping with that name."""
    value = body[key]
    if isinstance(value, YamlMap):
        return value
    mapping = YamlMap(body.values_at[key])
    if isinstance(value, str) and key != "vars":
        mapping[value] = None
    elif value is not None:
        hint = "write each name with a colon after it"
        raise LoadError(f'"{key}" must be a mapping', body.values_at[key], hint)
    return mapping


def _variables(hosts: YamlMap, host: Any, variables: Any) -> Mapping[str, Any]:
    if variables is None:
        return {}
    if not isinstance(variables, dict):
        raise LoadError(f'the variables of "{host}" must be a mapping', place_of(hosts, host))
    return variables
