"""Plugins that a playbook, a role or an installed collection brings: Python, which is not run here.
What uses them loads, and fails the host that comes to it with the name of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from provisioner.language.play import COLLECTIONS_FOLDER
from provisioner.language.plugins.known_plugins import Kind

BESIDE: Mapping[Kind, tuple[str, ...]] = {
    "module": ("library", "action_plugins", "plugins/modules", "plugins/action"),
    "filter": ("filter_plugins", "plugins/filter"),
    "test": ("test_plugins", "plugins/test"),
    "lookup": ("lookup_plugins", "plugins/lookup"),
}
"""Where they are below the folder of a playbook or a role, or of the one above, as an ansible.cfg
often says."""

COLLECTED: Mapping[Kind, tuple[str, ...]] = {
    "module": ("plugins/modules", "plugins/action"),
    "filter": ("plugins/filter",),
    "test": ("plugins/test",),
    "lookup": ("plugins/lookup",),
}
"""Where they are below a collection's."""

HasPlugin = Callable[[Kind, str], bool]
"""Whether a playbook's tree has a plugin of this kind and name."""


def nothing(kind: Kind, name: str) -> bool:
    """That of a tree that brings no plugins."""
    return False


MAX_BYTES = 1024 * 1024


def file_of(
    kind: Kind,
    name: str,
    places: Iterable[Path],
    folders: Mapping[Kind, tuple[str, ...]] = BESIDE,
) -> Path | None:
    """The file that brings the plugin, below one of `places`. Modules and lookups are called as
    their files are, filters and tests as what is written in them says."""
    short = name.rpartition(".")[2]
    if not short.isidentifier():
        return None
    named = kind in ("module", "lookup")
    for place in places:
        for folder in folders[kind]:
            for file in sorted((place / folder).glob(f"{short}.*" if named else "**/*.py")):
                if named or _speaks_of(file, short):
                    return file
    return None


def _speaks_of(file: Path, name: str) -> bool:
    """Whether the name is one of those that the file gives its filters: it stands there in quotes,
    or as `name=`."""
    try:
        text = file.read_bytes()[:MAX_BYTES].decode("utf-8", "replace")
    except OSError:
        return False
    return re.search(rf"""['"]{name}['"]|\b{name}\s*=""", text) is not None


def near(scope: Mapping[str, Any]) -> Iterator[Path]:
    """The folders of a task's playbook and role, and of the roles beside them."""
    for name in ("role_path", "playbook_dir"):
        if name in scope:
            place = Path(str(scope[name]))
            yield place
            if name == "playbook_dir":
                yield place.parent
            yield from beside(place.parent if name == "role_path" else place / "roles")


def beside(folder: Path) -> Iterator[Path]:
    """The roles in a folder of them."""
    yield from sorted(path for path in folder.glob("*") if path.is_dir())


def reason(kind: Kind, name: str, scope: Mapping[str, Any]) -> str:
    """Why a plugin that is not here can't be used; "" where the task's tree does not bring it."""
    space = name.rpartition(".")[0]
    if space:
        below = Path(
            str(scope.get("playbook_dir")), "collections", COLLECTIONS_FOLDER, *space.split(".")
        )
        file = file_of(kind, name, [below], COLLECTED)
    else:
        file = file_of(kind, name, near(scope))
    if file is None:
        return ""
    said = f'the {kind} "{name}" is Python ({file}), which provision does not run'
    return said if kind == "module" else f"{said}: say it with Jinja's own means, or by a command"
