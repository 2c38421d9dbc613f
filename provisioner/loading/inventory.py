"""Inventories ▶ `Inventory`: YAML, INI, directories, executables, and `host1,host2,`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from provisioner.errors import LoadError
from provisioner.loading import inifile, inventory_script, inventory_yaml, yamlfile, yamltext
from provisioner.loading.hostgroups import Group, Inventory
from provisioner.loading.inventory_builder import Builder
from provisioner.loading.vault import NO_VAULT, Vault
from provisioner.loading.where import Where, nearest

__all__ = ["Group", "Inventory", "load_inventory"]

_IGNORED = re.compile(
    r"\..*|(host_vars|group_vars|vars_plugins)|"
    r".*(~|\.(pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry))"
)
"""What Ansible passes over in a directory."""


def load_inventory(source: str, vault: Vault = NO_VAULT) -> Inventory:
    """The inventory that `source` names: a file, a directory, an executable, a list of hosts."""
    path = Path(source)
    if "," in source and not _exists(path):
        builder = Builder(source, Path.cwd(), vault, listed=True)
        for name in filter(None, (part.strip() for part in source.split(","))):
            builder.add_hosts("ungrouped", name, {}, Where(source))
        return builder.finish()
    if not source or not _exists(path):
        raise _missing(path, source)
    builder = Builder(source, path if path.is_dir() else path.parent, vault)
    if path.is_dir():
        files = list(_files(path))
        if not files:
            raise LoadError(f"the inventory directory {source} has no inventory in it")
        for file in files:
            _load_file(builder, file)
    else:
        _load_file(builder, path)
    return builder.finish()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or has a NUL in it
        return False


def _missing(path: Path, source: str) -> LoadError:
    hint = "a list of hosts ends in a comma"
    try:
        beside = [str(path.parent / entry.name) for entry in path.parent.iterdir()]
        hint = nearest(str(path), beside) or hint
    except (OSError, ValueError):
        pass
    return LoadError(f"there is no inventory {source}", None, hint)


def _files(folder: Path) -> Iterator[Path]:
    """The sources in a directory and below it, in the order of their names."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if _IGNORED.fullmatch(path.name):
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def _load_file(builder: Builder, path: Path) -> None:
    if inventory_script.is_script(path):
        inventory_script.load(builder, path)
        return
    data, name = yamlfile.opened(yamlfile.read(path, what="inventory"), str(path), builder.vault)
    text = yamltext.decode(data, name)
    if path.suffix in (".yml", ".yaml", ".json") or _looks_like_yaml(text):
        value = yamlfile.parse(data, name, vault=builder.vault)
        inventory_yaml.load(builder, value, Where(name, 1, 1))
    elif not text.strip():
        raise LoadError("the inventory is empty", Where(name))
    else:
        inifile.load(builder, text, name)


def _looks_like_yaml(text: str) -> bool:
    """Whether a file whose name does not tell is YAML or JSON, from its first line that counts."""
    lines = (line for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#;")
    first = next(lines, "")
    return first.startswith(("---", "{")) or re.match(r"[\w.-]+:\s*(#.*)?$", first) is not None
