"""YAML and JSON inventories: groups with `hosts`, `children` and `vars`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.yaml_values import YamlMap, place_of
from provisioner.loading.inventory_builder import Builder
from provisioner.where import Where, nearest

_KEYS = ("hosts", "children", "vars")


def load(builder: Builder, data: Any, where: Where) -> None:
    """Read the value of a YAML file into `builder`."""
    if not isinstance(data, YamlMap) or not data:
        hint = "a playbook? The inventory comes first: provision INVENTORY [PLAYBOOK …]"
        hint = hint if isinstance(data, list) else ""
        raise LoadError("an inventory is a mapping of groups", where, hint)
    if isinstance(data.get("plugin"), str):
        reason = f"this configures the inventory plugin {data['plugin']}, and there are none here"
        raise LoadError(reason, data.keys_at["plugin"], "make it an executable that prints JSON")
    for name, body in data.items():
        _group(builder, _name(name, "group", data.keys_at[name]), body, data.keys_at[name])


def _name(name: Any, what: str, where: Where) -> str:
    if not isinstance(name, str):
        raise LoadError(f"the name of a {what} is text, not {name!r}", where, f'quote it: "{name}"')
    return name


def _group(builder: Builder, name: str, body: Any, where: Where) -> None:
    builder.add_group(name, where)
    if body is None:
        return
    if not isinstance(body, YamlMap):
        raise LoadError(f'the group "{name}" is a mapping', where, "with hosts, children or vars")
    for key in body:
        if key not in _KEYS:
            hint = nearest(str(key), _KEYS) or "a group has hosts, children and vars"
            raise LoadError(f'"{key}" is not a key of a group', body.keys_at[key], hint)
    for key in body:  # in the order of the file, which is that of the hosts
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
    """The value of a key; one name stands for a mapping with this name."""
    value = body[key]
    if isinstance(value, YamlMap):
        return value
    found = YamlMap(body.values_at[key])
    if isinstance(value, str) and key != "vars":
        found[value] = None
    elif value is not None:
        hint = "each name with a colon behind it"
        raise LoadError(f'"{key}" is a mapping', body.values_at[key], hint)
    return found


def _variables(hosts: YamlMap, host: Any, variables: Any) -> Mapping[str, Any]:
    if variables is None:
        return {}
    if not isinstance(variables, dict):
        raise LoadError(f'the variables of "{host}" are a mapping', place_of(hosts, host))
    return variables
