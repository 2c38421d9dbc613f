"""Executable inventories: programs that print JSON when called with --list or --host NAME.

Strings in what they print become templates, as they do in Ansible. A script is the operator's own
like a file of variables, and hosts have no part in what it says; one that repeats what a cloud's
API tells should print such text within `{% raw %}`, or hand it over as data in files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.yaml_values import YamlMap
from provisioner.loading import yaml_file, yaml_text
from provisioner.loading.inventory_builder import Builder
from provisioner.where import Where, visible

_KEYS = ("hosts", "vars", "children")


def is_script(path: Path) -> bool:
    """Whether a file is to be run: executable, and a program. On some file systems every file is
    executable; one that the kernel could not run is data."""
    if not os.access(path, os.X_OK):
        return False
    try:
        with path.open("rb") as file:
            first = file.read(4)
    except OSError:
        return False
    return first.startswith(b"#!") or first == b"\x7fELF"


def load(builder: Builder, path: Path) -> None:
    """Run the script and read what it prints into `builder`."""
    read(builder, _run(path, "--list"), Where(str(path)), lambda host: _run(path, "--host", host))


def read(
    builder: Builder, told: Any, where: Where, ask: Callable[[str], Mapping[str, Any]]
) -> None:
    """Read what a script told into `builder`; `ask` has the variables of a host, if they are not
    told in `_meta`."""
    if not isinstance(told, YamlMap):
        raise LoadError("the script told no mapping of groups", where)
    hosts: dict[str, None] = {}
    for name, body in told.items():
        if name != "_meta":
            hosts |= dict.fromkeys(_group(builder, name, body, where))
    meta = told.get("_meta")
    known = meta.get("hostvars") if isinstance(meta, dict) else None
    if known is not None and not isinstance(known, dict):
        raise LoadError("the script's _meta.hostvars is no mapping", where)
    for host in hosts:
        variables = ask(host) if known is None else known.get(host) or {}
        if not isinstance(variables, dict):
            raise LoadError(f'the script\'s variables of "{host}" are no mapping', where)
        builder.add_host(None, host, variables)


def _group(builder: Builder, name: str, body: Any, where: Where) -> list[str]:
    """Add a group; returns its hosts."""
    builder.add_group(name, where)
    if not isinstance(body, dict):
        body = {"hosts": body}
    elif not body.keys() & set(_KEYS):
        body = {"hosts": [name], "vars": body}  # the oldest form: a host and its variables
    builder.set_vars(name, _part(body, "vars", dict, name, where), where)
    hosts = [_name(host, where) for host in _part(body, "hosts", list, name, where)]
    for host in hosts:
        builder.add_host(name, host, {})
    for child in _part(body, "children", list, name, where):
        builder.add_child(name, _name(child, where), where)
    return hosts


def _part(body: Mapping[str, Any], key: str, kind: type, group: str, where: Where) -> Any:
    value = body.get(key)
    if value is not None and not isinstance(value, kind):
        what, form = "variables" if key == "vars" else key, "mapping" if kind is dict else "list"
        raise LoadError(f'the script\'s {what} of "{group}" are no {form}', where)
    return kind() if value is None else value


def _name(value: Any, where: Where) -> str:
    if not value or not isinstance(value, str):
        raise LoadError(f"the script told {value!r} where a name must be", where)
    return value


def _run(path: Path, *arguments: str) -> Mapping[str, Any]:
    """What the script prints: one JSON mapping."""
    import subprocess  # most inventories are files

    called = " ".join((str(path), *arguments))
    try:
        done = subprocess.run(
            [path.absolute(), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise LoadError(f"{called} can't be run: {error.strerror}") from None
    if done.returncode:
        complaint = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        said = complaint[0] if complaint else "it said nothing"
        reason = f"exit {done.returncode}" if done.returncode > 0 else f"signal {-done.returncode}"
        raise LoadError(f"{called} failed ({reason})", None, visible(said))
    text = yaml_text.decode(done.stdout, called)
    if not text.strip() and arguments[0] == "--host":
        return {}
    value = yaml_file.from_json(text, called)
    if not isinstance(value, YamlMap):
        raise LoadError(f"{called} printed no JSON mapping", None, visible(text.strip()[:100]))
    return value
