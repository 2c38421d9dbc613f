"""Types of values from YAML that know their place in the file."""

from __future__ import annotations

from typing import Any

from provisioner.where import Where


class YamlMap(dict[Any, Any]):
    """A mapping that knows its place, and the places of its keys and values."""

    __slots__ = ("keys_at", "values_at", "where")

    def __init__(self, where: Where) -> None:
        super().__init__()
        self.where = where
        self.keys_at: dict[Any, Where] = {}
        self.values_at: dict[Any, Where] = {}

    def add(self, other: YamlMap) -> None:
        """Add the keys of `other`, with their places."""
        self.update(other)
        self.keys_at.update(other.keys_at)
        self.values_at.update(other.values_at)


class YamlList(list[Any]):
    """A sequence that knows its place, and the places of its items."""

    __slots__ = ("items_at", "where")

    def __init__(self, where: Where) -> None:
        super().__init__()
        self.where = where
        self.items_at: list[Where] = []


class OpenedText(str):
    """The decrypted text of a value under `!vault`."""

    __slots__ = ()


VAULT_HEADER = "$ANSIBLE_VAULT;"
"""The beginning of a text that Ansible's vault has encrypted."""


class OctalInt(int):
    """An integer that has a leading 0 in the file, such as the file mode 0644."""


def place_of(container: Any, key: Any) -> Where | None:
    """Return the place of the value at `key`; None in a plain dict or list."""
    if isinstance(container, YamlMap):
        return container.values_at.get(key, container.where)
    if isinstance(container, YamlList) and isinstance(key, int) and key < len(container.items_at):
        return container.items_at[key]
    return None
