"""Read executable inventories: programs that print JSON for --list and for --host NAME.

As in Ansible, strings in their output are templates. The script is the operator's own file. If it
passes on text from others, such as tags of a cloud's API, it should wrap it in `{% raw %}`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.language import yaml_builder, yaml_syntax
from provisioner.language.yaml_values import YamlMap
from provisioner.loading.inventory_builder import Builder
from provisioner.local_files import open_regular
from provisioner.process_signals import cleanup_by_exception
from provisioner.where import Where

_KEYS = ("hosts", "vars", "children")


def is_script(path: Path) -> bool:
    """Whether a file is a program: executable, and with `#!` or an ELF header.

    The mode alone is not enough: on some file systems every file is executable.
    """
    if not os.access(path, os.X_OK):
        return False
    try:
        with open_regular(path) as file:
            first = file.read(4)
    except OSError:
        return False
    return first.startswith(b"#!") or first == b"\x7fELF"


def load(builder: Builder, path: Path) -> None:
    """Run the script and add its hosts and groups to `builder`."""
    read(builder, _run(path, "--list"), Where(str(path)), lambda host: _run(path, "--host", host))


def read(
    builder: Builder, listing: Any, where: Where, ask: Callable[[str], Mapping[str, Any]]
) -> None:
    """Add a script's --list output to `builder`.

    `ask(host)` returns the variables of a host; it is called if the listing has no `_meta`.
    """
    if not isinstance(listing, YamlMap):
        raise LoadError("the script must print a mapping of groups", where)
    hosts: dict[str, None] = {}
    for name, body in listing.items():
        if name != "_meta":
            hosts |= dict.fromkeys(_group(builder, name, body, where))
    meta = listing.get("_meta")
    hostvars = meta.get("hostvars") if isinstance(meta, dict) else None
    if hostvars is not None and not isinstance(hostvars, dict):
        raise LoadError("the script's _meta.hostvars must be a mapping", where)
    for host in hosts:
        variables = ask(host) if hostvars is None else hostvars.get(host) or {}
        if not isinstance(variables, dict):
            raise LoadError(f'the script\'s variables of "{host}" must be a mapping', where)
        builder.add_host(None, host, variables)


def _group(builder: Builder, name: str, body: Any, where: Where) -> list[str]:
    """Add a group and return its hosts."""
    builder.add_group(name, where)
    if not isinstance(body, dict):
        body = {"hosts": body}
    elif not body.keys() & set(_KEYS):
        # The oldest format: the name of a host, and its variables.
        body = {"hosts": [name], "vars": body}
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
        raise LoadError(f'the script\'s {what} of "{group}" must be a {form}', where)
    return kind() if value is None else value


def _name(value: Any, where: Where) -> str:
    if not value or not isinstance(value, str):
        raise LoadError(f"the script printed {value!r} in place of a name", where)
    return value


def _run(path: Path, *arguments: str) -> Mapping[str, Any]:
    """Run the script and return the JSON mapping that it prints. Raises LoadError if it fails."""
    import subprocess  # imported here because most inventories are files

    called = " ".join((str(path), *arguments))
    try:
        with cleanup_by_exception():
            process = subprocess.run(
                [path.absolute(), *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
    except OSError as error:
        raise LoadError(f"{called} can't be run: {error.strerror}") from None
    if process.returncode:
        complaint = process.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        last_line = complaint[0] if complaint else "it printed no message"
        reason = (
            f"exit {process.returncode}"
            if process.returncode > 0
            else f"signal {-process.returncode}"
        )
        raise LoadError(f"{called} failed ({reason})", None, last_line)
    text = yaml_syntax.decode(process.stdout, called)
    if not text.strip() and arguments[0] == "--host":
        return {}
    value = yaml_builder.from_json(text, called)
    if not isinstance(value, YamlMap):
        raise LoadError(f"{called} must print a JSON mapping", None, text.strip()[:100])
    return value
