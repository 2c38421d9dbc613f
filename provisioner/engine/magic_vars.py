"""Magic variables: variables about the play, the host and the role that the tool itself sets."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from provisioner.engine.world import PlayWorld, World
from provisioner.language.play import Play, Role
from provisioner.language.special_values import OMIT, Lazy, LazyFromScope

VERSION = {"full": "2.16.14", "major": 2, "minor": 16, "revision": 14, "string": "2.16.14"}
"""`ansible_version`: the release of Ansible whose language this tool implements."""


def magic_variables(play_world: PlayWorld, host: str, role: Role | None) -> Mapping[str, Any]:
    """Return the magic variables of a host in a task of that role."""
    cached = play_world.cached_magic(host)
    if cached is not None and cached[0] is role:
        return cached[1]
    variables = _variables(play_world, host, role)
    play_world.cache_magic(host, role, variables)
    return variables


_VARS = LazyFromScope(lambda scope: scope.base)
_HOSTVARS = LazyFromScope(lambda scope: scope.context.hostvars())


def _variables(play_world: PlayWorld, host: str, role: Role | None) -> dict[str, Any]:
    world, play = play_world.world, play_world.play
    file = world.inventory.files_of.get(host)
    return {
        "vars": _VARS,
        "hostvars": _HOSTVARS,
        "inventory_hostname": host,
        "inventory_hostname_short": host.split(".")[0],
        "inventory_dir": str(world.folder / file.parent) if file is not None else None,
        "inventory_file": str(world.folder / file) if file is not None else None,
        "groups": Lazy(lambda: world.inventory.named),
        "group_names": Lazy(
            lambda: sorted(set(world.inventory.groups_of.get(host, ())) - {"all"}) or ["ungrouped"]
        ),
        "playbook_dir": str(world.folder / play.basedir),
        "ansible_check_mode": world.check,
        "ansible_diff_mode": world.diff,
        "ansible_verbosity": world.verbosity,
        "ansible_version": VERSION,
        "ansible_play_name": play.title,
        "ansible_play_hosts_all": Lazy(lambda: list(play_world.hosts)),
        "ansible_play_hosts": Lazy(lambda: list(play_world.active())),
        **_roles_of_play(play),
        **dict.fromkeys(
            ("ansible_play_batch", "play_hosts"),
            Lazy(lambda: [host for host in play_world.active() if host in play_world.batch]),
        ),
        "omit": OMIT,
        "ansible_playbook_python": sys.executable,
        "ansible_managed": "Ansible managed",
        **(_of_role(world, role) if role is not None else {}),
        **world.settings,
    }


def _of_parents(world: World, role: Role) -> dict[str, Any]:
    """Return the variables about the roles that have included this one."""
    if not role.parents:
        return {}
    return {
        "ansible_parent_role_names": [parent.full_name for parent in role.parents],
        "ansible_parent_role_paths": [str(world.folder / parent.path) for parent in role.parents],
    }


def _roles_of_play(play: Play) -> dict[str, Any]:
    """Return the names of the play's roles, and of the roles that they depend on."""

    def direct() -> list[str]:
        return [role.full_name for role in play.roles]

    def dependent() -> list[str]:
        names = (other.full_name for role in play.roles for other in role.dependencies)
        return [*dict.fromkeys(names)]

    return {
        "role_names": Lazy(direct),
        "ansible_play_role_names": Lazy(direct),
        "ansible_dependent_role_names": Lazy(dependent),
        "ansible_role_names": Lazy(lambda: [*dict.fromkeys((*dependent(), *direct()))]),
    }


def _of_role(world: World, role: Role) -> dict[str, Any]:
    """Return the variables about the role of the task."""
    return {
        "role_name": role.name,
        "ansible_role_name": role.full_name,
        "ansible_collection_name": role.collection or None,
        "role_path": str(world.folder / role.path),
        **_of_parents(world, role),
    }
