"""Find the place where the inventory sets a variable of a host, for messages about its value.

Merged variables have no places. The files are read again, only when something is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.yaml_values import YamlMap, place_of
from provisioner.loading import yaml_file
from provisioner.loading.inventory_groups import Inventory
from provisioner.loading.variables import variable_folders
from provisioner.where import Where


def place_in_inventory(
    inventory: Inventory, host: str, name: str, basedirs: Sequence[Path]
) -> Where | None:
    """Return the place that gives the variable `name` its value for `host`.

    None if it is not known, as for INI files and executables.
    """
    for variables in _by_precedence(inventory, host, basedirs):
        if name in variables:
            return place_of(variables, name)
    return None


def _by_precedence(
    inventory: Inventory, host: str, basedirs: Sequence[Path]
) -> Iterator[Mapping[str, Any]]:
    """Yield the mappings that `host_variables` merges, highest precedence first."""
    groups = [*reversed(inventory.groups_of.get(host, ())), "all"]
    folders = [*reversed(variable_folders(inventory, basedirs))]
    inventories = [*_inventory_files(inventory)]
    for folder in folders:
        yield from _files(inventory, folder / "host_vars", host)
    yield from (variables for file in inventories for variables in _of_host(file, host))
    yield inventory.host_vars.get(host, {})
    for names in (groups[:-1], groups[-1:]):
        for folder in folders:
            for group in names:
                yield from _files(inventory, folder / "group_vars", group)
    for group in groups:
        yield from (variables for file in inventories for variables in _of_group(file, group))
        yield inventory.groups[group].vars


def _files(inventory: Inventory, folder: Path, name: str) -> Iterator[Mapping[str, Any]]:
    for path in reversed([*inventory.files.paths(folder, name)]):
        yield from _mappings(path, inventory)


def _inventory_files(inventory: Inventory) -> Iterator[YamlMap]:
    """Yield the inventory files that are YAML or JSON, the last one first."""
    for path in reversed([*dict.fromkeys(inventory.files_of.values())]):
        yield from _mappings(path, inventory)


def _mappings(path: Path, inventory: Inventory) -> Iterator[YamlMap]:
    try:
        data = yaml_file.load(path, vault=inventory.vault)
    except LoadError:  # the file is INI or an executable
        return
    if isinstance(data, YamlMap):
        yield data


def _groups(data: Mapping[str, Any]) -> Iterator[tuple[str, YamlMap]]:
    """Yield each group of an inventory file, child groups included."""
    for name, body in data.items():
        if isinstance(body, YamlMap):
            yield name, body
            children = body.get("children")
            if isinstance(children, YamlMap):
                yield from _groups(children)


def _of_host(data: YamlMap, host: str) -> Iterator[YamlMap]:
    for _, body in _groups(data):
        hosts = body.get("hosts")
        if isinstance(hosts, YamlMap) and isinstance(hosts.get(host), YamlMap):
            yield hosts[host]


def _of_group(data: YamlMap, group: str) -> Iterator[YamlMap]:
    for name, body in _groups(data):
        if name == group and isinstance(body.get("vars"), YamlMap):
            yield body["vars"]
