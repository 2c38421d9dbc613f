"""Values from YAML that remember where they stand."""

from __future__ import annotations

from typing import Any

from provisioner.where import Where


class YamlMap(dict[Any, Any]):
    """A mapping that knows its place and those of its keys and values."""

    __slots__ = ("keys_at", "values_at", "where")

    def __init__(self, where: Where) -> None:
        super().__init__()
        self.where = where
        self.keys_at: dict[Any, Where] = {}
        self.values_at: dict[Any, Where] = {}

    def add(self, other: YamlMap) -> None:
        """Take over what `other` says, places included."""
        self.update(other)
        self.keys_at.update(other.keys_at)
        self.values_at.update(other.values_at)


class YamlList(list[Any]):
    """A sequence that knows its place and those of its items."""

    __slots__ = ("items_at", "where")

    def __init__(self, where: Where) -> None:
        super().__init__()
        self.where = where
        self.items_at: list[Where] = []


class OpenedText(str):
    """The text under `!vault`: it is known to have been encrypted."""

    __slots__ = ()


VAULT_HEADER = "$ANSIBLE_VAULT;"
"""What a text encrypted by Ansible's vault begins with."""


class OctalInt(int):
    """A number written with a leading 0, as a file mode is: 0644."""


def place_of(container: Any, key: Any) -> Where | None:
    """Where the value at `key` stands; None for a plain dict or list."""
    if isinstance(container, YamlMap):
        return container.values_at.get(key, container.where)
    if isinstance(container, YamlList) and isinstance(key, int) and key < len(container.items_at):
        return container.items_at[key]
    return None
