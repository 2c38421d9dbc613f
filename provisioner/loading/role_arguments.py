"""A role's argument specs, and the task that a role with one begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.play import Keywords, Role, Task
from provisioner.loading import yaml_file
from provisioner.loading.vault import Vault
from provisioner.loading.yaml_file import YamlMap, place_of
from provisioner.where import Where

_FILES = ("argument_specs.yml", "argument_specs.yaml", "argument_specs.json")


def task(
    role: Role, given: Mapping[str, Any], base: Keywords, in_meta: Any, vault: Vault
) -> tuple[Task, ...]:
    """The task that checks what the role is called with, where it has a spec of this entry point
    (`tasks_from`, or main). `given` is how it is called, `in_meta` what meta/main.yml says."""
    entry = str(given.get("tasks_from") or "main")
    every = _specs(role.path, in_meta, vault)
    if entry not in every or given.get("rolespec_validate") is False:
        return ()
    spec = every[entry]
    if spec is None:
        return ()
    if not isinstance(spec, YamlMap):
        raise LoadError(f'the argument spec "{entry}" is a mapping', place_of(every, entry))
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
    """meta/argument_specs.yml, or else `argument_specs` of meta/main.yml."""
    file = next((f for name in _FILES if (f := path / "meta" / name).is_file()), None)
    if file is None:
        found, where = in_meta, None
    else:
        data = yaml_file.load(file, what="role's argument specs", vault=vault)
        found = data.get("argument_specs") if isinstance(data, YamlMap) else None
        where = Where(str(file), 1, 1)
    if found is None:
        return {}
    if not isinstance(found, YamlMap):
        raise LoadError('"argument_specs" is a mapping of entry points', where)
    return found


def _options(spec: YamlMap) -> Mapping[str, Any]:
    options = spec.get("options") or {}
    if not isinstance(options, dict):
        raise LoadError('"options" is a mapping of names to specs', place_of(spec, "options"))
    for name, one in options.items():
        if not isinstance(one, dict | None):
            raise LoadError(f'the spec of "{name}" is a mapping', place_of(options, name))
    return options
