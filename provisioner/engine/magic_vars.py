"""Variables that the tool itself makes: of the play, the host, its groups and the role."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from provisioner.language.play import Play, Role
from provisioner.language.values import OMIT, Lazy, LazyFromScope

if TYPE_CHECKING:
    from provisioner.engine.scopes import PlayWorld, World


VERSION = {"full": "2.16.14", "major": 2, "minor": 16, "revision": 14, "string": "2.16.14"}
"""What `ansible_version` says: the release whose language this is."""


def magic(shared: PlayWorld, host: str, role: Role | None) -> Mapping[str, Any]:
    """Made once for each host, as long as its tasks are of one role."""
    known = shared.magic.get(host)
    if known is None or known[0] is not role:
        known = shared.magic[host] = (role, _made_magic(shared, host, role))
    return known[1]


_VARS = LazyFromScope(lambda scope: scope.base)
_HOSTVARS = LazyFromScope(lambda scope: scope.context.hostvars())


def _made_magic(shared: PlayWorld, host: str, role: Role | None) -> dict[str, Any]:
    world, play = shared.world, shared.play
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
        "ansible_play_hosts_all": Lazy(lambda: list(shared.hosts)),
        "ansible_play_hosts": Lazy(lambda: list(shared.active())),
        **_roles_of(play),
        **dict.fromkeys(
            ("ansible_play_batch", "play_hosts"),
            Lazy(lambda: [name for name in shared.active() if name in shared.batch]),
        ),
        "omit": OMIT,
        "ansible_playbook_python": sys.executable,
        "ansible_managed": "Ansible managed",
        **(_role_names(world, role) if role is not None else {}),
        **world.settings,
    }


def _parents(world: World, role: Role) -> dict[str, Any]:
    """What a role that is included by another sees of it."""
    if not role.parents:
        return {}
    return {
        "ansible_parent_role_names": [parent.full_name for parent in role.parents],
        "ansible_parent_role_paths": [str(world.folder / parent.path) for parent in role.parents],
    }


def _roles_of(play: Play) -> dict[str, Any]:
    """The names of the play's roles, and of those that they depend on."""

    def direct() -> list[str]:
        return [role.full_name for role in play.roles]

    def dependent() -> list[str]:
        return [*dict.fromkeys(d.full_name for role in play.roles for d in role.dependencies)]

    return {
        "role_names": Lazy(direct),
        "ansible_play_role_names": Lazy(direct),
        "ansible_dependent_role_names": Lazy(dependent),
        "ansible_role_names": Lazy(lambda: [*dict.fromkeys((*dependent(), *direct()))]),
    }


def _role_names(world: World, role: Role) -> dict[str, Any]:
    return {
        "role_name": role.name,
        "ansible_role_name": role.full_name,
        "ansible_collection_name": role.collection or None,
        "role_path": str(world.folder / role.path),
        **_parents(world, role),
    }
