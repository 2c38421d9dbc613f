"""The names of all plugins of Ansible and its collections.

They tell a plugin that provision lacks from a typo. tests/language/record_plugins.py writes
plugins.txt.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

Kind = Literal["module", "filter", "lookup", "test"]
_BUILTIN = "ansible.builtin"


def is_known(kind: Kind, name: str) -> bool:
    """Whether Ansible has a plugin of this name (short, or NAMESPACE.COLLECTION.NAME)."""
    collection, _, short = name.rpartition(".")
    return short in _names(kind, collection)


def names_in_collection(kind: Kind, name: str) -> list[str]:
    """Return the full names of the plugins in the collection of `name`; [] for a short name."""
    collection = name.rpartition(".")[0]
    return [f"{collection}.{other}" for other in _names(kind, collection)] if collection else []


def _names(kind: Kind, collection: str) -> frozenset[str]:
    """Return the short names of the plugins in a collection."""
    if collection in ("", "ansible.legacy"):
        collection = _BUILTIN
    return _plugins_by_collection().get((kind, collection), frozenset())


def unsupported_reason(kind: Kind, name: str) -> str:
    """Return the message for a plugin that provision does not have."""
    return f'provision does not have the {kind} "{name}" of Ansible'


@cache
def _plugins_by_collection() -> dict[tuple[str, str], frozenset[str]]:
    """Return the short names of all plugins, by their kind and collection."""
    text = Path(__file__).with_name("plugins.txt").read_text(encoding="utf-8")
    plugins: dict[tuple[str, str], frozenset[str]] = {}
    for line in text.splitlines():
        head, _, names = line.partition(":")
        kind, _, collection = head.partition(" ")
        plugins[kind, collection] = frozenset(names.split())
    return plugins
