"""Read a role's argument specs and make the task that checks its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.play import Keywords, Role, Task
from provisioner.language.yaml_values import YamlMap, place_of
from provisioner.loading import yaml_file
from provisioner.loading.vault import Vault
from provisioner.where import Where

_FILES = ("argument_specs.yml", "argument_specs.yaml", "argument_specs.json")


def task(
    role: Role, call_arguments: Mapping[str, Any], base: Keywords, in_meta: Any, vault: Vault
) -> tuple[Task, ...]:
    """Return the task that checks the role's arguments, or () if it has no spec for them.

    The spec is that of the entry point: `tasks_from`, or "main". `call_arguments` are the arguments
    of the call (name, tasks_from, …), `in_meta` is `argument_specs` of meta/main.yml.
    """
    entry = str(call_arguments.get("tasks_from") or "main")
    specs = _specs(role.path, in_meta, vault)
    if entry not in specs or call_arguments.get("rolespec_validate") is False:
        return ()
    spec = specs[entry]
    if spec is None:
        return ()
    if not isinstance(spec, YamlMap):
        raise LoadError(f'the argument spec "{entry}" must be a mapping', place_of(specs, entry))
    short = spec.get("short_description")
    arguments = {
        "argument_spec": _options(spec),
        "provided_arguments": role.params,
        "validate_args_context": {
            "type": "role",
            "name": role.name,
            "argument_spec_name": entry,
            "path": str(role.path.absolute()),
        },
    }
    return (
        Task(
            name=f"Validating arguments against arg spec '{entry}'"
            + (f" - {short}" if short else ""),
            module="validate_argument_spec",
            arguments=arguments,
            where=spec.where,
            keywords=replace(base, tags=base.tags | {"always"}),
            role=role,
            roots=(role.path,),
            outer=base,
        ),
    )


def _specs(path: Path, in_meta: Any, vault: Vault) -> Mapping[str, Any]:
    """Return entry point ▶ spec: from meta/argument_specs.yml, else from meta/main.yml."""
    file = next((f for name in _FILES if (f := path / "meta" / name).is_file()), None)
    if file is None:
        specs, where = in_meta, None
    else:
        data = yaml_file.load(file, what="role's argument specs", vault=vault)
        specs = data.get("argument_specs") if isinstance(data, YamlMap) else None
        where = Where(str(file), 1, 1)
    if specs is None:
        return {}
    if not isinstance(specs, YamlMap):
        raise LoadError('"argument_specs" must be a mapping of entry points', where)
    return specs


def _options(spec: YamlMap) -> Mapping[str, Any]:
    options = spec.get("options") or {}
    if not isinstance(options, dict):
        raise LoadError('"options" must be a mapping of names to specs', place_of(spec, "options"))
    for name, option in options.items():
        if not isinstance(option, dict | None):
            raise LoadError(f'the spec of "{name}" must be a mapping', place_of(options, name))
    return options
