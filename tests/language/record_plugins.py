"""Write provisioner/language/plugins/plugins.txt: the plugins of Ansible and its collections.

Run `python -m tests.language.record_plugins ansible-9.13.0-py3-none-any.whl
ansible_core-2.16….whl`. Only names are recorded, to tell a plugin that provision lacks from a typo.
"""

from __future__ import annotations

import ast
import re
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

KINDS = {"modules": "module", "action": "module", "filter": "filter", "lookup": "lookup",
         "test": "test"}  # fmt: skip
IN_COLLECTIONS = re.compile(r"ansible_collections/(\w+\.\w+)/plugins/(\w+)/(\w+)\.(py|yml)")
IN_CORE = re.compile(r"ansible/(?:plugins/)?(modules|filter|lookup|test)/(\w+)\.(py|yml)")
ROUTING = re.compile(r"(?:ansible_collections/(\w+\.\w+)/meta/runtime|"
                     r"ansible/config/ansible_builtin_runtime)\.yml")  # fmt: skip
Names = dict[tuple[str, str], set[str]]


def main(wheels: list[str]) -> None:
    """Read the wheels and write the list."""
    plugins: Names = defaultdict(set)
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for path in archive.namelist():
                for kind, collection, name in _plugins(archive, path):
                    plugins[kind, collection].add(name)
    lines = [
        f"{kind} {collection}: {' '.join(sorted(names))}\n"
        for (kind, collection), names in sorted(plugins.items())
    ]
    target = Path(__file__).parents[2] / "provisioner" / "language" / "plugins" / "plugins.txt"
    target.write_text("".join(lines), encoding="utf-8")


def _plugins(archive: zipfile.ZipFile, path: str) -> Iterator[tuple[str, str, str]]:
    """The plugins that a file of a wheel defines: kind, collection, name."""
    flat = re.sub(r"^ansible_collections/(\w+)/(\w+)/", r"ansible_collections/\1.\2/", path)
    if match := ROUTING.fullmatch(flat):
        yield from _routed(match[1] or "ansible.builtin", archive.read(path))
    elif match := IN_COLLECTIONS.fullmatch(flat):
        collection, folder, name, ending = match.groups()
    elif match := IN_CORE.fullmatch(path):
        (folder, name, ending), collection = match.groups(), "ansible.builtin"
    if match is None or ROUTING.fullmatch(flat) or folder not in KINDS or name.startswith("_"):
        return
    kind = KINDS[folder]
    if kind in ("filter", "test") and ending == "py":
        for key in _keys(archive.read(path), f"{kind}s"):
            yield kind, collection, key
        if collection == "ansible.builtin":
            return  # files of ansible.builtin have other names than their filters
    yield kind, collection, name


def _routed(collection: str, text: bytes) -> Iterator[tuple[str, str, str]]:
    """Names of a collection that lead to a plugin of another collection."""
    routing: dict[str, Any] = (yaml.safe_load(text) or {}).get("plugin_routing") or {}
    for folder, names in routing.items():
        for name, route in (names or {}).items():
            if folder in KINDS and "redirect" in route and "." not in name:
                yield KINDS[folder], collection, name


def _keys(source: bytes, function: str) -> Iterator[str]:
    """The names in the mapping that a plugin's method `filters` or `tests` returns."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Dict):
                    keys = [key.value for key in inner.keys if isinstance(key, ast.Constant)]
                    yield from (key for key in keys if isinstance(key, str) and key.isidentifier())


if __name__ == "__main__":
    main(sys.argv[1:])
