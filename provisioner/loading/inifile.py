"""INI inventories: `[group]`, `[group:children]`, `[group:vars]`, hosts with `key=value`."""

from __future__ import annotations

import ast
import shlex
from typing import TYPE_CHECKING, Any

from provisioner.errors import LoadError
from provisioner.loading.keywords import text_template
from provisioner.loading.where import Where, nearest

if TYPE_CHECKING:
    from provisioner.loading.inventory import Builder

_KINDS = ("hosts", "children", "vars")


def load(builder: Builder, text: str, file: str) -> None:
    """Read `text` into `builder`."""
    group, kind = "ungrouped", "hosts"
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        where = Where(file, number, len(raw) - len(raw.lstrip()) + 1)
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            group, kind = _section(line, where)
            builder.add_group(group, where)
        elif kind == "hosts":
            name, variables = _host(line, where)
            builder.add_host(group, name, variables, where)
        elif kind == "children":
            builder.add_child(group, line.split("#")[0].strip(), where)
        else:
            builder.set_vars(group, dict([_variable(line, where)]))


def _section(line: str, where: Where) -> tuple[str, str]:
    inside, bracket, rest = line[1:].partition("]")
    if not bracket or (rest.strip() and not rest.strip().startswith(("#", ";"))):
        raise LoadError("a section is [group], [group:children] or [group:vars]", where)
    name, _, kind = inside.strip().partition(":")
    if (kind or "hosts") not in _KINDS:
        raise LoadError(f'"{kind}" is no kind of section', where, nearest(kind, _KINDS))
    return name, kind or "hosts"


def _host(line: str, where: Where) -> tuple[str, dict[str, Any]]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError as error:
        raise LoadError(f"quotes don't match: {error}", where) from None
    variables = {}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if not equals:
            raise LoadError(f'"{word}" is not key=value', where)
        variables[key] = _value(value, where)
    return _without_port(words[0], variables), variables


def _without_port(name: str, variables: dict[str, Any]) -> str:
    """`host:2222` gives its port; an IPv6 address or a range has its colons for itself."""
    host, colon, port = name.rpartition(":")
    if colon and port.isdigit() and ":" not in host and "[" not in name:
        variables.setdefault("ansible_port", int(port))
        return host
    return name


def _variable(line: str, where: Where) -> tuple[str, Any]:
    key, equals, value = line.partition("=")
    if not equals:
        raise LoadError(f'"{line}" is not key=value', where)
    return key.strip(), _value(value.strip(), where)


def _value(text: str, where: Where) -> Any:
    """A Python literal where it is one (Ansible's rule for INI), otherwise the text."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text_template(text, where)
    return text_template(value, where) if isinstance(value, str) else value
