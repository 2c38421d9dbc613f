"""Find roles on disk and read their files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from provisioner import bundled_files
from provisioner.errors import IncludeNotFound, LoadError
from provisioner.language.play import COLLECTIONS_FOLDER, Keywords, Role
from provisioner.language.yaml_values import YamlMap, place_of
from provisioner.loading import keywords as kw
from provisioner.loading import yaml_file
from provisioner.loading.variables import vars_file
from provisioner.loading.vault import Vault
from provisioner.local_files import with_home
from provisioner.records import dataclass
from provisioner.where import Where, nearest

_SYSTEM = ("~/.ansible/roles", "/usr/share/ansible/roles", "/etc/ansible/roles")
_COLLECTIONS = ("~/.ansible/collections", "/usr/share/ansible/collections")
_NAMES = ("main.yml", "main.yaml", "main")


@dataclass(frozen=True)
class RoleMeta:
    """The used part of meta/main.yml; the rest is for Ansible Galaxy."""

    where: Where
    dependencies: tuple[Any, ...] = ()
    allow_duplicates: bool = False
    argument_specs: Any = None
    collections: Any = None


def folders(basedir: Path) -> Iterator[Path]:
    """Yield the folders that are searched for roles, in Ansible's order."""
    yield basedir / "roles"
    for name in filter(None, os.environ.get("ANSIBLE_ROLES_PATH", "").split(":")):
        yield with_home(name)
    for name in _SYSTEM:
        yield with_home(name)
    yield basedir


def collections(basedir: Path) -> Iterator[Path]:
    """Yield the folders that are searched for collections, in Ansible's order."""
    yield basedir / "collections"
    for variable in ("ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_COLLECTIONS_PATHS"):
        for name in filter(None, os.environ.get(variable, "").split(":")):
            yield with_home(name)
    for name in _COLLECTIONS:
        yield with_home(name)


def find(name: str, basedir: Path, inside: Role | None, where: Where, within: Any = None) -> Path:
    """Return the directory of the role `name`.

    It may be a role of a collection (NAMESPACE.COLLECTION.ROLE), or a bare name in one of the
    collections `within`. The LoadError for a missing role suggests the nearest name.
    """
    full = [f"{collection}.{name}" for collection in within or ()]
    places = [*folders(basedir)]
    if inside is not None:
        places.insert(-1, inside.path.parent)
    paths = [*_in_collections(full, basedir), *(folder / name for folder in places)]
    paths += _in_collections([name], basedir)
    bundled = bundled_files.roles()
    if (bundled / name).is_dir():
        # It comes last: a role of the operator's own has precedence. Beside the playbook there may
        # be any folder with the name of a bundled role (docker/), which is no role.
        paths = [path for path in paths if path != basedir / name or _has_role_files(path)]
        paths.append(bundled / name)
    for path in paths:
        if path.is_dir():
            return path
    searched = [folder for folder in (*places[:-1], bundled) if folder.is_dir()]
    role_names = {entry.name for folder in searched for entry in folder.iterdir()}
    searched_paths = [*collections(basedir)] if name.count(".") >= 2 else places[:-1]
    hint = (
        nearest(name, role_names)
        or f"looked in {', '.join(map(str, searched_paths))}{_more(name, basedir)}"
    )
    raise IncludeNotFound(f'the role "{name}" was not found', where, hint)


def _has_role_files(path: Path) -> bool:
    """Whether a folder contains a subfolder of a role, such as `tasks`."""
    return any((path / part).is_dir() for part in ("tasks", "meta", "defaults", "vars", "handlers"))


def _more(name: str, basedir: Path) -> str:
    """Return the end of a hint: the variable that adds folders; ansible.cfg is not read."""
    variable = "ANSIBLE_COLLECTIONS_PATH" if name.count(".") >= 2 else "ANSIBLE_ROLES_PATH"
    config = basedir / "ansible.cfg"
    unread = f" ({config} is not read)" if config.is_file() else ""
    return f"; {variable} names more{unread}"


def _in_collections(names: Sequence[str], basedir: Path) -> Iterator[Path]:
    for name in names:
        if name.count(".") >= 2 and name.replace(".", "_").isidentifier():
            space, collection, *role = name.split(".")
            for place in collections(basedir):
                yield place.joinpath(COLLECTIONS_FOLDER, space, collection, "roles", *role)


def entry(item: Any, base: Keywords, where: Where) -> tuple[Mapping[str, Any], Keywords]:
    """Split an entry of `roles` or `dependencies` into the arguments of the call and its keywords.

    All other keys are parameters of the role.
    """
    if not isinstance(item, YamlMap):
        return {"name": item, "listed": True, "params": {}, "vars": {}, "own": (None, None)}, base
    source = YamlMap(item.where)
    params: dict[str, Any] = {}
    variables: dict[str, Any] = {}
    call_arguments: dict[str, Any] = {"listed": True, "own": (item.get("when"), item.get("tags"))}
    for key, value in item.items():
        if key in ("role", "name", "tasks_from", "vars_from", "defaults_from", "handlers_from"):
            call_arguments.setdefault("name" if key == "role" else key, value)
        elif key in kw.INHERITED and key != "vars":
            source[key] = value
            source.values_at[key] = item.values_at[key]
        elif key == "vars":
            if value is not None and not isinstance(value, dict):
                raise LoadError("this must be a mapping of names to values", item.values_at[key])
            variables.update(value or {})
        elif key not in ("src", "version", "scm"):
            params[key] = value
    if "name" not in call_arguments:
        raise LoadError("an entry of roles needs the role's name", where, "write `role: NAME`")
    call_arguments["params"], call_arguments["vars"] = params, variables
    return call_arguments, kw.inherit(base, source)


def load(
    name: str, path: Path, call_arguments: Mapping[str, Any], chain: tuple[Role, ...], vault: Vault
) -> Role:
    """Return the role with its defaults, vars and parameters."""
    role = Role(
        Path(name).name if name.startswith("/") else name,
        path,
        _variables(path, "defaults", call_arguments.get("defaults_from"), vault),
        _variables(path, "vars", call_arguments.get("vars_from"), vault),
        call_arguments.get("params", {}),
        call_arguments.get("vars", {}),
        chain,
    )
    return replace(role, name=path.name) if role.collection else role


def main(path: Path, kind: str, name: Any, where: Where) -> Path | None:
    """Return the path of `main.yml` in a folder of the role, or of the file `name` instead."""
    if name is not None:
        for candidate in (f"{name}", f"{name}.yml", f"{name}.yaml"):
            if (path / kind / candidate).is_file():
                return _within(path / kind, candidate, where)
        raise LoadError(f"the role {path.name} has no {kind}/{name}", where)
    return next((path / kind / n for n in _NAMES if (path / kind / n).is_file()), None)


def _within(folder: Path, name: str, where: Where) -> Path:
    """Return a file in a folder of the role.

    Raises LoadError for a path that leads out of the folder.
    """
    file = Path(os.path.abspath(folder / name))  # noqa: PTH100 - links may lead out
    if not file.is_relative_to(Path(os.path.abspath(folder))):  # noqa: PTH100
        raise LoadError(
            f"{name} is not in {folder}", where, "use include_tasks for files of other folders"
        )
    return folder / name


def _variables(path: Path, kind: str, name: Any, vault: Vault) -> Mapping[str, Any]:
    """Return the variables of defaults or vars: of one file, or of all files in a folder `main`."""
    file = main(path, kind, name, Where(str(path)))
    if file is not None:
        return vars_file(file, vault)
    files = sorted((path / kind / "main").rglob("*")) if name is None else []
    readable = (f for f in files if f.is_file() and f.suffix in ("", ".json", ".yaml", ".yml"))
    return {key: value for f in readable for key, value in vars_file(f, vault).items()}


def meta(path: Path) -> RoleMeta:
    """Read meta/main.yml of a role."""
    file = main(path, "meta", None, Where(str(path)))
    data = yaml_file.load(file, what="role's meta file") if file is not None else None
    where = Where(str(file or path), 1, 1)
    if not isinstance(data, YamlMap):
        return RoleMeta(where)
    dependencies = data.get("dependencies") or ()
    if not isinstance(dependencies, list | tuple):
        raise LoadError('"dependencies" must be a list', place_of(data, "dependencies"))
    duplicates = bool(data.get("allow_duplicates"))
    specs, within = data.get("argument_specs"), data.get("collections")
    return RoleMeta(where, tuple(dependencies), duplicates, specs, within)
