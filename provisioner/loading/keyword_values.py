"""Check the values of keywords that are not templates."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.templating.template import Template
from provisioner.language.yaml_values import YamlMap, place_of
from provisioner.modules import MODULES, exists, short_name
from provisioner.where import Where, nearest


def checked(source: YamlMap, tolerant: bool = False) -> None:
    """Raise LoadError for the first wrong value of a play, block or task.

    With `tolerant` (the playbook allows the task to fail), wrong numbers and names of methods are
    not reported here: they fail the task on the host.
    """
    for key, check in CHECKS.items():
        if key in source and not (tolerant and key in _FAIL_ON_THE_HOST):
            check(key, source[key], place_of(source, key))


def number(value: Any, unit: str = "") -> float:
    """Return a number, also from text and with `unit` after it; else raise ValueError."""
    if isinstance(value, bool):
        raise ValueError("a boolean is not a number")
    result = float(str(value).strip().removesuffix(unit))
    if not math.isfinite(result):
        raise ValueError(f"{value} is not a finite number")
    return result


def numeric(key: str, value: Any, where: Where | None, unit: str = "") -> None:
    """Check that a value is None, a template or a number."""
    if value is None or isinstance(value, Template):
        return
    try:
        number(value, unit)
    except ValueError:
        raise LoadError(f'"{key}" must be a number, not {shown(value)}', where) from None


def percentage(key: str, value: Any, where: Where | None) -> None:
    """Check that a value is None, a template, a number or a percentage."""
    numeric(key, value, where, "%")


def batches(key: str, value: Any, where: Where | None) -> None:
    """Check `serial`: a number, a percentage, or a list of these."""
    for item in value if isinstance(value, list) else [value]:
        try:
            percentage(key, item, where)
        except LoadError:
            reason = f'"{key}" must be a number, a percentage or a list, not {shown(item)}'
            raise LoadError(reason, where) from None


def text(key: str, value: Any, where: Where | None) -> None:
    """Check that a value is neither a mapping nor a list."""
    if isinstance(value, dict | list):
        raise LoadError(f'"{key}" must be text, not {shown(value)}', where)


def word(key: str, value: Any, where: Where | None) -> None:
    """Check the name of a become method or connection plugin.

    Unknown names are accepted, since the playbook may bring a plugin, unless they look like a
    misspelt name.
    """
    text(key, value, where)
    known = _METHODS[key]
    if isinstance(value, str) and value.rpartition(".")[2] not in known:
        hint = nearest(value, known)
        if hint:
            raise LoadError(f'there is no {key} "{value}"', where, hint)


_METHODS: Mapping[str, frozenset[str]] = {
    "become_method": frozenset(
        {
            "sudo", "su", "doas", "dzdo", "enable", "ksu", "machinectl", "pbrun", "pfexec",
            "pmrun", "runas", "sesu", "sudosu",
        }
    ),
    "connection": frozenset(
        {
            "ssh", "local", "smart", "paramiko", "paramiko_ssh", "winrm", "psrp", "docker",
            "docker_api", "nsenter", "podman", "buildah", "chroot", "jail", "lxc", "lxd", "zone",
            "kubectl", "oc", "httpapi", "netconf", "network_cli",
        }
    ),
}  # fmt: skip
"""Keyword ▶ the names that Ansible and its collections have."""


def texts(key: str, value: Any, where: Where | None) -> None:
    """Check that a value is a name or a list of names; vars_files may have lists in the list."""
    for item in value if isinstance(value, list) else [value]:
        for name in item if isinstance(item, list) and key == "vars_files" else [item]:
            if isinstance(name, dict | list):
                raise LoadError(f'"{key}" must be a name or a list of names', where)


def defaults(key: str, value: Any, where: Where | None) -> None:
    """Check `module_defaults`: a mapping of modules or groups to parameters, or a list of these."""
    for layer in value if isinstance(value, list) else [value]:
        if layer is not None and not isinstance(layer, dict | Template):
            raise LoadError(f'"{key}" must be a mapping of modules to parameters', where)
        places: Mapping[Any, Where] = getattr(layer, "keys_at", {})
        for name, parameters in layer.items() if isinstance(layer, dict) else ():
            if not isinstance(name, str):
                raise LoadError(
                    f"{key}: {shown(name)} is not the name of a module", places.get(name)
                )
            if parameters is not None and not isinstance(parameters, dict | Template):
                kind = shown(parameters)
                reason = f"{key}: the parameters of {name} must be a mapping, not {kind}"
                raise LoadError(reason, place_of(layer, name))
            prefix, slash, group = name.rpartition("group/")
            if slash and not prefix:
                _group(key, group, places.get(name))
                continue
            hint = "" if exists(name) else nearest(short_name(name), MODULES)
            if hint:  # a name that is not similar may be a module of a `library` folder
                raise LoadError(f'{key}: there is no module "{name}"', places.get(name), hint)


def _group(key: str, name: str, where: Where | None) -> None:
    """Check the name of a group of modules: one of Ansible's own, or one of a collection."""
    if name.count(".") < 2 and name not in _GROUPS:
        hint = (
            nearest(name, _GROUPS)
            or "a collection's group is written group/namespace.collection.name"
        )
        raise LoadError(f'{key}: there is no group of modules "{name}"', where, hint)


_GROUPS = frozenset(
    {"acme", "aws", "azure", "cpm", "docker", "gcp", "k8s", "os", "ovirt", "vmware"}
)
"""The groups that are written without a collection."""


def shown(value: Any) -> str:
    """Describe a value in YAML's words, for messages: "a mapping", "a list", its text."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else f'"{value}"' if isinstance(value, str) else str(value)


_NUMBERS: Iterable[str] = (
    "retries", "delay", "async", "poll", "throttle", "timeout", "port",
)  # fmt: skip
_TEXTS: Iterable[str] = ("become_user", "delegate_to", "remote_user")

_FAIL_ON_THE_HOST = frozenset({*_NUMBERS, *_METHODS})

CHECKS: Mapping[str, Callable[[str, Any, Where | None], None]] = {
    **dict.fromkeys(_NUMBERS, numeric),
    **dict.fromkeys(_TEXTS, text),
    **dict.fromkeys(_METHODS, word),
    "max_fail_percentage": percentage,
    "serial": batches,
    "hosts": texts,
    "vars_files": texts,
    "module_defaults": defaults,
}
"""Keyword ▶ its check. Other keywords are checked where they are read."""
