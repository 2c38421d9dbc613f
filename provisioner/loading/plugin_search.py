"""Find plugins in a playbook's own folders.

provision can't run them. A playbook that uses one still loads; the task that needs it fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from provisioner.language.play import COLLECTIONS_FOLDER, Role
from provisioner.language.plugins.known_plugins import Kind
from provisioner.language.plugins.local_plugins import (
    COLLECTION_FOLDERS,
    HasPlugin,
    find_plugin_file,
    role_folders,
)
from provisioner.loading import roles


def finder(basedir: Path, role: Role | None) -> HasPlugin:
    """Return a function that returns whether the playbook or its roles have a plugin.

    `role` is the role of the task that uses the plugin.
    """

    def has_plugin(kind: Kind, name: str) -> bool:
        space = name.rpartition(".")[0]
        if space:
            below = Path(COLLECTIONS_FOLDER, *space.split("."))
            places = [at / below for at in roles.collections(basedir)]
            return find_plugin_file(kind, name, places, COLLECTION_FOLDERS) is not None
        return find_plugin_file(kind, name, _places(basedir, role)) is not None

    return has_plugin


def _places(basedir: Path, role: Role | None) -> Iterator[Path]:
    """Yield the folders that may have plugin folders: of the playbook, the role, other roles."""
    yield from (basedir, basedir.absolute().parent)
    if role is not None:
        yield role.path
        yield from role_folders(role.path.parent)
    for folder in roles.folders(basedir):
        if folder != basedir:
            yield from role_folders(folder)
