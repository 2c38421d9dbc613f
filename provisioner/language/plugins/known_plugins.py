"""Plugins that Ansible or one of its collections has: known by name, so that a playbook which has
one that provision lacks is told from a typo. plugins.txt is made by tests/language/record_plugins.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

Kind = Literal["module", "filter", "lookup", "test"]
BUILTIN = "ansible.builtin"


def known(kind: Kind, name: str) -> bool:
    """Whether `name` (short, or NAMESPACE.COLLECTION.NAME) is a plugin that Ansible has."""
    collection, _, short = name.rpartition(".")
    return short in _of(kind, collection)


def siblings(kind: Kind, name: str) -> list[str]:
    """All of the collection that `name` says, for suggestions."""
    collection = name.rpartition(".")[0]
    return [f"{collection}.{other}" for other in _of(kind, collection)] if collection else []


def _of(kind: Kind, collection: str) -> frozenset[str]:
    if collection in ("", "ansible.legacy"):
        collection = BUILTIN
    return _plugins().get((kind, collection), frozenset())


def reason(kind: Kind, name: str) -> str:
    """Why it can't be used."""
    return f'provision does not have the {kind} "{name}" of Ansible'


@cache
def _plugins() -> dict[tuple[str, str], frozenset[str]]:
    text = Path(__file__).with_name("plugins.txt").read_text(encoding="utf-8")
    found: dict[tuple[str, str], frozenset[str]] = {}
    for line in text.splitlines():
        head, _, names = line.partition(":")
        kind, _, collection = head.partition(" ")
        found[kind, collection] = frozenset(names.split())
    return found
