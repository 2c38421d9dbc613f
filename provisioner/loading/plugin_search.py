"""Whether a playbook's tree brings a plugin: then what uses it loads, though it can't be run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from provisioner.language.play import COLLECTIONS_FOLDER, Role
from provisioner.language.plugins.known_plugins import Kind
from provisioner.language.plugins.local_plugins import COLLECTED, Brings, beside, file_of
from provisioner.loading import roles


def brought(basedir: Path, role: Role | None) -> Brings:
    """That of the playbook in `basedir`, for the tasks of the role that is given."""

    def brings(kind: Kind, name: str) -> bool:
        space = name.rpartition(".")[0]
        if space:
            below = Path(COLLECTIONS_FOLDER, *space.split("."))
            places = [at / below for at in roles.collections(basedir)]
            return file_of(kind, name, places, COLLECTED) is not None
        return file_of(kind, name, _places(basedir, role)) is not None

    return brings


def _places(basedir: Path, role: Role | None) -> Iterator[Path]:
    """The folders of the playbook, of the role and of all other roles that may be used."""
    yield from (basedir, basedir.absolute().parent)
    if role is not None:
        yield role.path
        yield from beside(role.path.parent)
    for folder in roles.folders(basedir):
        if folder != basedir:
            yield from beside(folder)
