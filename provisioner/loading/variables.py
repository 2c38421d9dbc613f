"""Variables of hosts and groups from the inventory and its files; --extra-vars."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.templating.template import Template, is_template
from provisioner.loading import yaml_file
from provisioner.loading.inventory_groups import Inventory
from provisioner.loading.short_form import split_words
from provisioner.loading.vars_files import vars_file
from provisioner.loading.vault import NO_VAULT, Vault
from provisioner.local_files import with_home
from provisioner.where import Where

__all__ = ["extra_vars", "group_variables", "host_variables", "vars_file"]


def host_variables(inventory: Inventory, host: str, basedirs: Sequence[Path]) -> Mapping[str, Any]:
    """Return a host's variables from the inventory, group_vars and host_vars, merged.

    Precedence is Ansible's; later ones override:

    1. in the inventory: of `all`, then of the host's other groups (by depth, priority, name)
    2. group_vars/all: beside the inventory, then beside the playbooks
    3. group_vars of the other groups: beside the inventory, then beside the playbooks
    4. in the inventory: of the host
    5. host_vars: beside the inventory, then beside the playbooks
    """
    groups = inventory.groups_of.get(host, ())
    folders = variable_folders(inventory, basedirs)
    merged: dict[str, Any] = {}
    for name in ("all", *groups):
        merged.update(inventory.groups[name].vars)
    for names in (("all",), groups):
        for folder in folders:
            for name in names:
                merged.update(inventory.files.of(folder / "group_vars", name))
    merged.update(inventory.host_vars.get(host, {}))
    for folder in folders:
        merged.update(inventory.files.of(folder / "host_vars", host))
    return merged


def group_variables(
    inventory: Inventory, group: str, basedirs: Sequence[Path] = ()
) -> Mapping[str, Any]:
    """Return a group's own variables, without those of its parent groups."""
    merged = dict(inventory.groups[group].vars)
    for place in variable_folders(inventory, basedirs):
        merged.update(inventory.files.of(place / "group_vars", group))
    return merged


def variable_folders(inventory: Inventory, basedirs: Sequence[Path]) -> tuple[Path, ...]:
    """Return the folders that may have group_vars and host_vars, each once."""
    places = (*inventory.basedirs, *basedirs)
    if len({place.is_absolute() for place in places}) > 1:
        return tuple({place.absolute(): place for place in places}.values())
    return tuple(dict.fromkeys(places))  # absolute() would call getcwd for each host


def extra_vars(arguments: Sequence[str], vault: Vault = NO_VAULT) -> Mapping[str, Any]:
    """Return the variables of --extra-vars: `@file`, YAML, JSON or `name=value …`, merged."""
    merged: dict[str, Any] = {}
    for argument in arguments:
        merged.update(_extra(argument, vault))
    return merged


_OPTION = "--extra-vars"


def _extra(argument: str, vault: Vault) -> Mapping[str, Any]:
    if argument.startswith("@"):
        return vars_file(with_home(argument[1:]), vault)
    if argument.startswith(("/", "./", "../")):
        raise LoadError(f"{_OPTION}: write @{argument} for a file")
    if argument.lstrip().startswith(("{", "[")) and not argument.lstrip().startswith("{{"):
        value = yaml_file.parse(argument.encode(), _OPTION, vault=vault)
        if not isinstance(value, dict):
            raise LoadError(f"{_OPTION}: this must be a mapping", Where(_OPTION, 1, 1))
        return value
    return dict(_pair(word) for word in _words(argument))


def _words(argument: str) -> list[str]:
    words = split_words(argument)
    if re.sub(r"\s", "", "".join(words)) != re.sub(r"\s", "", argument):
        raise LoadError(f"{_OPTION}: a quote is not closed: {argument}")
    return words


def _pair(word: str) -> tuple[str, Any]:
    name, equals, text = word.partition("=")
    if not equals or not name.isidentifier():
        raise LoadError(f'{_OPTION}: "{word}" is not name=value')
    return name, _text(text)


def _text(text: str) -> Any:
    """Return the text without quotes, as a Template if it contains one.

    As in Ansible it is never converted to a number or boolean.
    """
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return Template(text, Where(_OPTION, 1, 1)) if is_template(text) else text
