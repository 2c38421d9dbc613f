"""The inventory plugin `constructed`: variables and groups computed from variables of hosts.

It sees only hosts of inventory sources that were read before it. Rules: Ansible's
plugins/inventory/constructed.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.scope import Scope
from provisioner.language.templating.template import Template, TemplateError
from provisioner.language.yaml_values import YamlMap, place_of
from provisioner.loading import keywords as kw
from provisioner.loading.inventory_builder import Builder
from provisioner.loading.inventory_groups import Inventory
from provisioner.loading.variables import host_variables

NAMES = ("constructed", "ansible.builtin.constructed")
_OPTIONS = frozenset(
    {"plugin", "compose", "groups", "keyed_groups", "strict", "leading_separator",
     "use_vars_plugins", "use_extra_vars"}
)  # fmt: skip
_KEYED = frozenset(
    {"key", "prefix", "separator", "parent_group", "default_value", "trailing_separator"}
)


def load(builder: Builder, source: YamlMap) -> None:
    """Add the variables and groups that the file describes to `builder`.

    An expression that fails for a host is ignored, or with `strict` raises LoadError.
    """
    kw.check_keywords(source, _OPTIONS, "constructed inventory")
    inventory = builder.finish()
    for host in inventory.hosts:
        _Host(builder, source, host, _variables(inventory, host, source)).construct()


def _variables(inventory: Inventory, host: str, source: YamlMap) -> dict[str, Any]:
    """Return the variables that expressions see for a host."""
    groups = inventory.groups_of.get(host, ())
    merged: dict[str, Any] = {}
    for name in ("all", *groups):
        merged.update(inventory.groups[name].vars)
    if source.get("use_vars_plugins"):
        merged.update(host_variables(inventory, host, ()))
    names = {"inventory_hostname": host, "inventory_hostname_short": host.split(".")[0]}
    return {**merged, **inventory.host_vars.get(host, {}), **names, "group_names": sorted(groups)}


class _Host:
    """Computes the variables and groups of one host."""

    def __init__(
        self, builder: Builder, source: YamlMap, host: str, variables: dict[str, Any]
    ) -> None:
        self._builder, self._source, self._host = builder, source, host
        self._variables = variables
        self._strict = bool(source.get("strict"))

    def construct(self) -> None:
        for name, text in (self._source.get("compose") or {}).items():
            for value in self._value(text):
                self._variables[name] = value
                self._builder.add_host(None, self._host, {name: value})
        for name, text in (self._source.get("groups") or {}).items():
            if any(self._value(text)):
                self._join(name)
        keyed = self._source.get("keyed_groups") or []
        for index, item in enumerate(keyed):
            if not isinstance(item, YamlMap) or "key" not in item:
                raise LoadError("a keyed group needs a key", place_of(keyed, index))
            kw.check_keywords(item, _KEYED, "keyed group")
            for value in self._value(item["key"]):
                self._keyed(value, item)

    def _value(self, text: Any) -> Iterator[Any]:
        """Yield the value of an expression; nothing if it can't be rendered for this host."""
        where = self._source.where
        if isinstance(text, str):
            text = Template(text, where, expression=True)
        try:
            yield Scope((self._variables,)).render(text)
        except TemplateError as error:
            if self._strict:
                raise LoadError(f"{self._host}: {error.reason}", error.where or where) from None

    def _join(self, group: str, parent: str | None = None) -> None:
        where, group = self._source.where, _safe(group)
        self._builder.add_group(group, where)
        self._builder.add_host(group, self._host, {})
        if parent:
            self._builder.add_group(_safe(parent), where)
            self._builder.add_child(_safe(parent), group, where)

    def _keyed(self, value: Any, item: Mapping[str, Any]) -> None:
        prefix = getattr(item.get("prefix"), "source", item.get("prefix") or "")
        separator = str(item.get("separator", "_"))
        parent = item.get("parent_group")
        joint = separator if prefix or self._source.get("leading_separator", True) else ""
        for name in _names(value, item, separator):
            shown = Scope((self._variables,)).render(parent) if parent else None
            self._join(f"{prefix}{joint}{name}", shown)


def _names(value: Any, item: Mapping[str, Any], separator: str) -> Iterator[str]:
    """Yield the names of a key's value: a text, the texts of a list, or the pairs of a mapping."""
    default = item.get("default_value")
    if isinstance(value, Mapping):
        for key, one in value.items():
            if one == "" and default is None and item.get("trailing_separator") is False:
                yield str(key)
            else:
                yield f"{key}{separator}{default if one == '' and default is not None else one}"
        return
    for one in value if isinstance(value, list) else [value]:
        if one == "" and default is not None:
            yield str(default)
        elif isinstance(value, list) or one not in ("", None):
            yield str(one)


def _safe(name: str) -> str:
    """Return the group's name with `_` for each character that variable names can't have."""
    return re.sub(r"^\d|\W", "_", name)
