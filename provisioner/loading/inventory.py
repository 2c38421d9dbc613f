"""Inventories ▶ `Inventory`: YAML, INI, TOML, directories, executables, and `host1,host2,`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from provisioner import regex
from provisioner.errors import LoadError
from provisioner.language.yaml_values import YamlMap
from provisioner.loading import (
    constructed,
    inventory_ini,
    inventory_script,
    inventory_toml,
    inventory_yaml,
    yaml_file,
    yaml_text,
)
from provisioner.loading.inventory_builder import Builder
from provisioner.loading.inventory_groups import Group, Inventory
from provisioner.loading.vault import NO_VAULT, Vault
from provisioner.where import Where, nearest

__all__ = ["Group", "Inventory", "load_inventory"]

_IGNORED = regex.compile(
    r"\..*|(host_vars|group_vars|vars_plugins)|"
    r".*(~|\.(pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry))"
)
"""What Ansible passes over in a directory."""


def load_inventory(source: str | Sequence[str], vault: Vault = NO_VAULT) -> Inventory:
    """The inventory that `source` names: a file, a directory, an executable, a list of hosts. Of
    several sources, what they say of a host or group adds up; later ones win."""
    sources = [source] if isinstance(source, str) else [*source]
    places = [_place(name) for name in sources]
    basedirs = tuple(path if path.is_dir() else path.parent for path in places if path is not None)
    builder = Builder(", ".join(sources), basedirs, vault)
    for name, path in zip(sources, places, strict=True):
        if path is None:
            _load_list(builder, name)
        else:
            _load_path(builder, path)
    return replace(builder.finish(), sources=tuple(sources))


def _place(source: str) -> Path | None:
    """The path that `source` is; None for a list of hosts."""
    path = Path(source)
    if source and _exists(path):
        return path
    if "," not in source:
        raise _missing(path, source)
    names = [name for name in _names(source) if _is_file_name(name)]
    if names:
        options = " ".join(f"-i {name}" for name in _names(source))
        hint = f"several inventories: {options}"
        raise LoadError(f'"{names[0]}" is a file, and this a list of hosts', None, hint)
    return None


def _names(source: str) -> list[str]:
    return [name for part in source.split(",") if (name := part.strip())]


def _is_file_name(name: str) -> bool:
    """Whether a word in a list of hosts is a path, and not by chance called like one."""
    return ("/" in name or Path(name).suffix in _SUFFIXES) and _exists(Path(name))


_SUFFIXES = (".yml", ".yaml", ".ini", ".json", ".py", ".sh")


def _load_list(builder: Builder, source: str) -> None:
    builder.file = None
    for name in _names(source):
        builder.add_hosts("ungrouped", name, {}, Where(source))


def _load_path(builder: Builder, path: Path) -> None:
    files = list(_files(path)) if path.is_dir() else [path]
    if not files:
        passed = sorted(file.name for file in path.iterdir() if file.is_file())
        hint = f"as with Ansible, {', '.join(passed)} is passed over for its name" if passed else ""
        raise LoadError(f"the inventory directory {path} has no inventory in it", hint=hint)
    for file in files:
        builder.file = file
        _load_file(builder, file)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or has a NUL in it
        return False


def _missing(path: Path, source: str) -> LoadError:
    hint = f"a host, and no file? A list of hosts has a comma: {source},"
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
    data, name = yaml_file.opened(yaml_file.read(path, what="inventory"), str(path), builder.vault)
    text = yaml_text.decode(data, name)
    if not text.strip():
        raise LoadError("the inventory is empty", Where(name))
    if path.suffix == ".toml":
        inventory_toml.load(builder, text, name)
    elif path.suffix in (".yml", ".yaml", ".json") or _looks_like_yaml(text):
        value = yaml_file.parse(data, name, vault=builder.vault)
        if isinstance(value, YamlMap) and value.get("plugin") in constructed.NAMES:
            constructed.load(builder, value)
        else:
            inventory_yaml.load(builder, value, Where(name, 1, 1))
    else:
        inventory_ini.load(builder, text, name)


def _looks_like_yaml(text: str) -> bool:
    """Whether a file whose name does not tell is YAML or JSON, from its first line that counts."""
    lines = (line for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#;")
    first = next(lines, "")
    return first.startswith(("---", "{")) or re.match(r"[\w.-]+:\s*(#.*)?$", first) is not None
