"""Load an inventory: YAML, INI, TOML, a directory, an executable, or `host1,host2,`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from provisioner import regex
from provisioner.errors import LoadError
from provisioner.language import yaml_syntax
from provisioner.language.yaml_values import YamlMap
from provisioner.loading import (
    constructed,
    inventory_ini,
    inventory_script,
    inventory_toml,
    inventory_yaml,
    yaml_file,
)
from provisioner.loading.inventory_builder import Builder
from provisioner.loading.inventory_groups import Inventory
from provisioner.loading.vault import NO_VAULT, Vault
from provisioner.where import Where, nearest

__all__ = ["Inventory", "load_inventory"]

_IGNORED = regex.compile(
    r"\..*|(host_vars|group_vars|vars_plugins)|"
    r".*(~|\.(pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry))"
)
"""Names that Ansible ignores in an inventory directory."""


def load_inventory(source: str | Sequence[str], vault: Vault = NO_VAULT) -> Inventory:
    """Load one or more inventories: files, directories, executables, lists of hosts.

    Several sources are merged; later ones override. Raises LoadError with file:line.
    """
    sources = [source] if isinstance(source, str) else [*source]
    paths = [_path_of(name) for name in sources]
    basedirs = tuple(path if path.is_dir() else path.parent for path in paths if path is not None)
    builder = Builder(", ".join(sources), basedirs, vault)
    for name, path in zip(sources, paths, strict=True):
        if path is None:
            _load_list(builder, name)
        else:
            _load_path(builder, path)
    return replace(builder.finish(), sources=tuple(sources))


def _path_of(source: str) -> Path | None:
    """Return the path that `source` names; None for a list of hosts."""
    path = Path(source)
    if source and _exists(path):
        return path
    if "," not in source:
        raise _missing(path, source)
    names = [name for name in _names(source) if _is_file_name(name)]
    if names:
        options = " ".join(f"-i {name}" for name in _names(source))
        hint = f"for several inventories write {options}"
        raise LoadError(
            f'"{names[0]}" is a file, but a text with commas is a list of hosts', None, hint
        )
    return None


def _names(source: str) -> list[str]:
    return [name for part in source.split(",") if (name := part.strip())]


def _is_file_name(name: str) -> bool:
    """Whether a word in a list of hosts is a file: it exists and looks like a path."""
    return ("/" in name or Path(name).suffix in _SUFFIXES) and _exists(Path(name))


_SUFFIXES = (".yml", ".yaml", ".ini", ".json", ".py", ".sh")


def _load_list(builder: Builder, source: str) -> None:
    builder.file = None
    for name in _names(source):
        builder.add_hosts("ungrouped", name, {}, Where(source))


def _load_path(builder: Builder, path: Path) -> None:
    files = list(_files(path)) if path.is_dir() else [path]
    if not files:
        ignored = sorted(file.name for file in path.iterdir() if file.is_file())
        hint = f"as in Ansible, {', '.join(ignored)} is ignored by its name" if ignored else ""
        raise LoadError(f"the inventory directory {path} has no inventory file", hint=hint)
    for file in files:
        builder.file = file
        _load_file(builder, file)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # the name is too long or has a NUL
        return False


def _missing(path: Path, source: str) -> LoadError:
    hint = f"if this is a host, add a comma: {source},"
    try:
        beside = [str(path.parent / entry.name) for entry in path.parent.iterdir()]
        hint = nearest(str(path), beside) or hint
    except (OSError, ValueError):
        pass
    return LoadError(f"there is no inventory {source}", None, hint)


def _files(folder: Path) -> Iterator[Path]:
    """Yield the inventory files in a directory and below it, sorted by name."""
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
    text = yaml_syntax.decode(data, name)
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
    """Whether a file is YAML or JSON, decided by its first line that is not a comment."""
    lines = (line for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#;")
    first = next(lines, "")
    return first.startswith(("---", "{")) or re.match(r"[\w.-]+:\s*(#.*)?$", first) is not None
