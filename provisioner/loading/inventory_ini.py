"""Read INI inventories: `[group]`, `[group:children]`, `[group:vars]`, hosts with `key=value`."""

from __future__ import annotations

import ast
import shlex
import warnings
from dataclasses import field
from typing import Any

from provisioner import regex
from provisioner.errors import LoadError
from provisioner.language.templating.template import Template, is_template
from provisioner.loading.inventory_builder import Builder
from provisioner.records import dataclass
from provisioner.where import Where, nearest

_KINDS = ("hosts", "children", "vars")
_SECTION = regex.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?")
_GROUP = regex.compile(r"([^:\]\s]+)\s*(?:#.*)?")


def load(builder: Builder, text: str, file: str) -> None:
    """Add the hosts and groups of an INI inventory to `builder`; LoadError names the line."""
    reader = _Reader(builder)
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line and line[0] not in "#;":
            reader.read(line, Where(file, number, len(raw) - len(raw.lstrip()) + 1))
    reader.finish()


@dataclass
class _Reader:
    """Reads one file, line by line. Lines before the first section belong to [ungrouped]."""

    builder: Builder
    group: str = "ungrouped"
    kind: str = "hosts"
    pending: dict[str, tuple[str, Where]] = field(default_factory=dict)
    """Group that is used but not declared yet ▶ who uses it, and where."""
    parents: dict[str, list[tuple[str, Where]]] = field(default_factory=dict)
    """Undeclared child group ▶ its parents, which get it when it is declared (as in Ansible)."""

    def read(self, line: str, where: Where) -> None:
        if match := _SECTION.fullmatch(line):
            self._section(match[1], match[2] or "hosts", where)
        elif line.startswith("[") and ("]" not in line or line.endswith("]")):
            raise LoadError("a section is written [group], [group:children] or [group:vars]", where)
        elif self.kind == "hosts":
            name, variables = _host(line, where)
            self.builder.add_hosts(self.group, name, variables, where)
        elif self.kind == "children":
            self._child(line, where)
        else:
            self.builder.set_vars(self.group, dict([_variable(line, where)]), where)

    def _section(self, name: str, kind: str, where: Where) -> None:
        if kind not in _KINDS:
            raise LoadError(f'there is no section type "{kind}"', where, nearest(kind, _KINDS))
        self.group, self.kind = name, kind
        if kind == "vars" and not self.builder.has_group(name):
            self.pending.setdefault(name, (f"[{name}:vars] names", where))
        self.builder.add_group(name, where)
        if kind != "vars":
            self._add_to_parents(name)

    def _add_to_parents(self, name: str) -> None:
        """Add a group that is now declared to the parents that named it before."""
        self.pending.pop(name, None)
        for parent, where in self.parents.pop(name, ()):
            self.builder.add_child(parent, name, where)
            if parent in self.parents:
                self._add_to_parents(parent)

    def _child(self, line: str, where: Where) -> None:
        match = _GROUP.fullmatch(line)
        if match is None:
            raise LoadError(f'"{line}" is not the name of a group', where)
        if self.builder.has_group(match[1]):
            self.builder.add_child(self.group, match[1], where)
            return
        self.pending.setdefault(match[1], (f"[{self.group}:children] names", where))
        self.parents.setdefault(match[1], []).append((self.group, where))

    def finish(self) -> None:
        for name, (what, where) in self.pending.items():
            declared = [group for group in self.builder.groups if group not in self.pending]
            raise LoadError(
                f'{what} the group "{name}", which is not declared', where, nearest(name, declared)
            )


def _host(line: str, where: Where) -> tuple[str, dict[str, Any]]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError as error:
        raise LoadError(f"quotes don't match: {error}", where) from None
    if words[0] == "---":
        raise LoadError(
            "a line --- is YAML, but this file is read as INI", where, "name the file .yml"
        )
    variables = {}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if not equals:
            raise LoadError(f'"{word}" is not key=value', where)
        variables[key] = _value(value, where)
    return words[0], variables


def _variable(line: str, where: Where) -> tuple[str, Any]:
    key, equals, value = line.partition("=")
    if not equals:
        raise LoadError(f'"{line}" is not key=value', where)
    return key.strip(), _value(value.strip(), where)


def _value(text: str, where: Where) -> Any:
    """Return a Python literal's value, else the text (rule of Ansible's plugin inventory/ini)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            value = ast.literal_eval(text)
            str(value)  # raises for a number of more than 4,300 digits, which stays text
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return _template(text, where)
    return _templates(value, where)


def _templates(value: Any, where: Where) -> Any:
    """Return the literal with a Template in place of each string that has one."""
    if isinstance(value, str):
        return _template(value, where)
    if isinstance(value, dict):
        return {key: _templates(item, where) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_templates(item, where) for item in value)
    return value


def _template(text: str, where: Where) -> str | Template:
    return Template(text, where) if is_template(text) else text
