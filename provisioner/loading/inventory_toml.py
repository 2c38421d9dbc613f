"""Read TOML inventories: groups with `hosts` and `vars`, and `children` as a list of names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.templating.template import Template, is_template
from provisioner.loading.inventory_builder import Builder
from provisioner.where import Where, nearest

_KINDS: Mapping[str, type] = {"hosts": dict, "children": list, "vars": dict}


def load(builder: Builder, text: str, file: str) -> None:
    """Add the hosts and groups of a TOML inventory to `builder`."""
    import tomllib  # imported here because few inventories are TOML

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LoadError(f"this is not valid TOML: {error}", Where(file)) from None
    if "plugin" in data:
        raise LoadError("inventory plugins are not supported", Where(file))
    for name, body in data.items():
        _group(builder, name, body, Where(file))


def _group(builder: Builder, name: str, body: Any, where: Where) -> None:
    builder.add_group(name, where)
    if not isinstance(body, dict):
        raise LoadError(
            f'the group "{name}" must be a table', where, "with hosts, children or vars"
        )
    for key, part in body.items():
        if key not in _KINDS:
            hint = nearest(key, _KINDS) or "a group has hosts, children and vars"
            raise LoadError(f'"{key}" is not a key of the group "{name}"', where, hint)
        if not isinstance(part, _KINDS[key]):
            form = "list" if key == "children" else "table"
            raise LoadError(f'"{key}" of the group "{name}" must be a {form}', where)
        _PARTS[key](builder, name, part, where)


def _hosts(builder: Builder, group: str, hosts: Mapping[str, Any], where: Where) -> None:
    for name, variables in hosts.items():
        if not isinstance(variables, dict):
            raise LoadError(f'the variables of "{name}" must be a table', where)
        builder.add_hosts(group, name, _values(variables, where), where)


def _children(builder: Builder, group: str, children: list[Any], where: Where) -> None:
    for child in children:
        if not isinstance(child, str):
            raise LoadError(f"the name of a group must be text, not {child!r}", where)
        builder.add_child(group, child, where)


def _variables(builder: Builder, group: str, variables: Mapping[str, Any], where: Where) -> None:
    builder.set_vars(group, _values(variables, where), where)


_PARTS: Mapping[str, Callable[[Builder, str, Any, Where], None]] = {
    "hosts": _hosts,
    "children": _children,
    "vars": _variables,
}


def _values(value: Any, where: Where) -> Any:
    """Return the value with Templates for strings that have one, and with dates as text."""
    match value:
        case str():
            return Template(value, where) if is_template(value) else value
        case dict():
            return {key: _values(item, where) for key, item in value.items()}
        case list():
            return [_values(item, where) for item in value]
        case bool() | int() | float():
            return value
    return str(value)
