"""Variables from files: group_vars, host_vars, vars_files, and --extra-vars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.loading import yamlfile
from provisioner.loading.inventory import Inventory
from provisioner.loading.task import split_words
from provisioner.loading.where import Where

_SUFFIXES = ("", ".yml", ".yaml", ".json")


def host_variables(
    inventory: Inventory, host: str, basedirs: Sequence[Path]
) -> Mapping[str, Any]:
    """A host's variables from the inventory and the files beside it and the playbooks, in
    Ansible's order: groups by depth, then the host; files win over the inventory's own."""
    places = tuple(dict.fromkeys((inventory.basedir, *basedirs)))
    merged: dict[str, Any] = {}
    names = ("all", *inventory.groups_of.get(host, ()))
    for name in names:
        merged.update(inventory.groups[name].vars)
    for place in places:
        for name in names:
            merged.update(_vars_dir(place / "group_vars", name))
    merged.update(inventory.host_vars.get(host, {}))
    for place in places:
        merged.update(_vars_dir(place / "host_vars", host))
    return merged


@cache
def _vars_dir(folder: Path, name: str) -> Mapping[str, Any]:
    merged: dict[str, Any] = {}
    for path in _files(folder, name):
        merged.update(vars_file(path))
    return merged


def _files(folder: Path, name: str) -> Iterator[Path]:
    """`NAME`, `NAME.yml`, …, and all files below a folder `NAME`."""
    for suffix in _SUFFIXES:
        path = folder / f"{name}{suffix}"
        if path.is_dir() and not suffix:
            files = (p for p in sorted(path.rglob("*")) if p.is_file() and p.suffix in _SUFFIXES)
            yield from (p for p in files if not p.name.startswith(".") and p.name[-1] != "~")
        elif path.is_file():
            yield path


def vars_file(path: Path) -> Mapping[str, Any]:
    """The variables of one YAML file."""
    value = yamlfile.load(path, what="variables file")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise LoadError("a variables file is a mapping of names to values", Where(str(path), 1, 1))
    return value


def extra_vars(arguments: Sequence[str]) -> Mapping[str, Any]:
    """--extra-vars: `@file`, YAML or JSON in braces, or `name=value …`; later ones win."""
    merged: dict[str, Any] = {}
    for argument in arguments:
        merged.update(_extra(argument))
    return merged


def _extra(argument: str) -> Mapping[str, Any]:
    if argument.startswith("@"):
        return vars_file(Path(argument[1:]))
    if argument.lstrip().startswith(("{", "[")) and not argument.lstrip().startswith("{{"):
        value = yamlfile.parse(argument.encode(), "--extra-vars")
        if not isinstance(value, dict):
            raise LoadError("--extra-vars: a mapping is needed", Where("--extra-vars", 1, 1))
        return value
    merged = {}
    for word in split_words(argument):
        name, equals, text = word.partition("=")
        if not equals or not name.isidentifier():
            raise LoadError(f'--extra-vars: "{word}" is not name=value')
        merged[name] = _text(text)
    return merged


def _text(text: str) -> Any:
    """`name=value` gives text, as in Ansible; templates in it are the operator's own."""
    from provisioner.loading.keywords import text_template

    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return text_template(text, Where("--extra-vars", 1, 1))
