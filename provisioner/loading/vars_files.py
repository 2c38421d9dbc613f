"""Read variables files: one by its path, and the files of group_vars and host_vars by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.loading import yaml_file
from provisioner.loading.vault import NO_VAULT, Vault
from provisioner.where import Where

_SUFFIXES = ("", ".yml", ".yaml", ".json")


def vars_file(path: Path, vault: Vault = NO_VAULT) -> Mapping[str, Any]:
    """Return the variables of a YAML or JSON file, which may be encrypted. Raises LoadError."""
    value = yaml_file.load(path, what="variables file", vault=vault)
    parts = value if isinstance(value, list) else [value]
    merged: dict[str, Any] = {}
    for part in parts if value is not None else ():
        if not isinstance(part, dict):
            where = Where(str(path), 1, 1)
            raise LoadError("a variables file must be a mapping of names to values", where)
        merged.update(part)
    return value if isinstance(value, dict) else merged


class VarsFiles:
    """The files of folders such as group_vars; each folder is listed and each file read once."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._listed: dict[Path, frozenset[str]] = {}
        self._read: dict[tuple[Path, str], Mapping[str, Any]] = {}

    def of(self, folder: Path, name: str) -> Mapping[str, Any]:
        """Return the variables of the group or host `name` in `folder`."""
        key = folder, name
        if key not in self._read:
            merged: dict[str, Any] = {}
            for path in self.paths(folder, name):
                merged.update(vars_file(path, self._vault))
            self._read[key] = merged
        return self._read[key]

    def paths(self, folder: Path, name: str) -> Iterator[Path]:
        """Yield the first existing file of NAME, NAME.yml, NAME.yaml, NAME.json, as in Ansible.

        If it is a folder, yield all files in it.
        """
        if "/" in name:
            return
        entries = self._entries(folder)
        for suffix in _SUFFIXES:
            if name + suffix in entries:
                path = folder / (name + suffix)
                yield from _below(path) if path.is_dir() else (path,)
                return

    def _entries(self, folder: Path) -> frozenset[str]:
        if folder not in self._listed:
            paths = folder.iterdir() if folder.is_dir() else ()
            self._listed[folder] = frozenset(path.name for path in paths)
        return self._listed[folder]


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, sorted by name, without hidden files and backups."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.endswith("~"):
            continue
        if path.is_dir() and not path.suffix:
            yield from _below(path)
        elif path.is_file() and path.suffix in _SUFFIXES:
            yield path
