"""What the values of keywords must look like, where they are no templates."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.templating.template import Template
from provisioner.loading.yaml_file import YamlMap, place_of
from provisioner.modules import MODULES, exists, short_name
from provisioner.where import Where, nearest


def checked(source: YamlMap, tolerant: bool = False) -> None:
    """`LoadError` for the first value of a play, block or task that can't be right; numbers and
    ways of a task that may fail (`tolerant`) are left to the hosts that come to it."""
    for key, check in CHECKS.items():
        if key in source and not (tolerant and key in _LATER):
            check(key, source[key], place_of(source, key))


def number(value: Any, unit: str = "") -> float:
    """A number, also as text, with `unit` behind it or without; ValueError where it is none."""
    if isinstance(value, bool):
        raise ValueError("a boolean is no number")
    found = float(str(value).strip().removesuffix(unit))
    if not math.isfinite(found):
        raise ValueError(f"{value} can't be counted to")
    return found


def numeric(key: str, value: Any, where: Where | None, unit: str = "") -> None:
    """Nothing, a template or a number."""
    if value is None or isinstance(value, Template):
        return
    try:
        number(value, unit)
    except ValueError:
        raise LoadError(f'"{key}" is a number, not {shown(value)}', where) from None


def percentage(key: str, value: Any, where: Where | None) -> None:
    """The same, where a percent sign may follow."""
    numeric(key, value, where, "%")


def batches(key: str, value: Any, where: Where | None) -> None:
    """`serial`: a number or a percentage, or a list of such."""
    for item in value if isinstance(value, list) else [value]:
        try:
            percentage(key, item, where)
        except LoadError:
            reason = f'"{key}" is a number or a percentage, or a list of them, not {shown(item)}'
            raise LoadError(reason, where) from None


def text(key: str, value: Any, where: Where | None) -> None:
    """A name: no mapping and no list."""
    if isinstance(value, dict | list):
        raise LoadError(f'"{key}" is a text, not {shown(value)}', where)


def word(key: str, value: Any, where: Where | None) -> None:
    """A way of becoming or of connecting: what is like one that there is, is misspelt."""
    text(key, value, where)
    known = _WAYS[key]
    if isinstance(value, str) and value.rpartition(".")[2] not in known:
        hint = nearest(value, known)
        if hint:  # else it may be a plugin of its own
            raise LoadError(f'there is no {key} "{value}"', where, hint)


_WAYS: Mapping[str, frozenset[str]] = {
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
"""Those that Ansible has, too."""


def texts(key: str, value: Any, where: Where | None) -> None:
    """A name, a list of names, or a list of lists of names."""
    for item in value if isinstance(value, list) else [value]:
        for name in item if isinstance(item, list) and key == "vars_files" else [item]:
            if isinstance(name, dict | list):
                raise LoadError(f'"{key}" is a name or a list of names', where)


def defaults(key: str, value: Any, where: Where | None) -> None:
    """`module_defaults`: a mapping of modules or groups to their parameters, or a list of such."""
    for layer in value if isinstance(value, list) else [value]:
        if layer is not None and not isinstance(layer, dict | Template):
            raise LoadError(f'"{key}" is a mapping of modules to parameters', where)
        places: Mapping[Any, Where] = getattr(layer, "keys_at", {})
        for name, given in layer.items() if isinstance(layer, dict) else ():
            if not isinstance(name, str):
                raise LoadError(f"{key}: {shown(name)} is no module", places.get(name))
            if given is not None and not isinstance(given, dict | Template):
                reason = f"{key}: the parameters of {name} are a mapping, not {shown(given)}"
                raise LoadError(reason, place_of(layer, name))
            kind, slash, group = name.rpartition("group/")
            if slash and not kind:
                _group(key, group, places.get(name))
                continue
            hint = "" if exists(name) else nearest(short_name(name), MODULES)
            if hint:  # else it may be one of a `library`
                raise LoadError(f'{key}: there is no module "{name}"', places.get(name), hint)


def _group(key: str, name: str, where: Where | None) -> None:
    """A group of modules: one that Ansible itself names, or one of a collection's."""
    if name.count(".") < 2 and name not in _GROUPS:
        hint = nearest(name, _GROUPS) or "one of a collection is group/namespace.collection.name"
        raise LoadError(f'{key}: there is no group of modules "{name}"', where, hint)


_GROUPS = frozenset(
    {"acme", "aws", "azure", "cpm", "docker", "gcp", "k8s", "os", "ovirt", "vmware"}
)
"""Those that are written without a collection."""


def shown(value: Any) -> str:
    """A value as the operator of YAML calls it, not as Python does."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else f'"{value}"' if isinstance(value, str) else str(value)


_NUMBERS: Iterable[str] = (
    "retries", "delay", "async", "poll", "throttle", "timeout", "port",
)  # fmt: skip
_TEXTS: Iterable[str] = ("become_user", "delegate_to", "remote_user")

_LATER = frozenset({*_NUMBERS, *_WAYS})

CHECKS: Mapping[str, Callable[[str, Any, Where | None], None]] = {
    **dict.fromkeys(_NUMBERS, numeric),
    **dict.fromkeys(_TEXTS, text),
    **dict.fromkeys(_WAYS, word),
    "max_fail_percentage": percentage,
    "serial": batches,
    "hosts": texts,
    "vars_files": texts,
    "module_defaults": defaults,
}
"""By the keyword; others have a check where they are read."""
