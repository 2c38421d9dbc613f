"""Plugins in Python of a playbook, a role or a collection. provision does not run them.

A playbook that uses one can be loaded. The task fails on each host with a message that names the
file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from provisioner.language.play import COLLECTIONS_FOLDER
from provisioner.language.plugins.known_plugins import Kind

PLUGIN_FOLDERS: Mapping[Kind, tuple[str, ...]] = {
    "module": ("library", "action_plugins", "plugins/modules", "plugins/action"),
    "filter": ("filter_plugins", "plugins/filter"),
    "test": ("test_plugins", "plugins/test"),
    "lookup": ("lookup_plugins", "plugins/lookup"),
}
"""Folders of plugins, in the folder of a playbook or role or in its parent. Ansible searches the
parent only if ansible.cfg names it, which is common.
"""

COLLECTION_FOLDERS: Mapping[Kind, tuple[str, ...]] = {
    "module": ("plugins/modules", "plugins/action"),
    "filter": ("plugins/filter",),
    "test": ("plugins/test",),
    "lookup": ("plugins/lookup",),
}
"""Folders of plugins in the folder of a collection."""

HasPlugin = Callable[[Kind, str], bool]
"""Whether the playbook's folders contain a plugin of this kind and name."""


def no_plugins(kind: Kind, name: str) -> bool:
    """The `HasPlugin` for folders without plugins."""
    return False


MAX_BYTES = 1024 * 1024
"""The part of a file that is searched for the names of filters and tests."""


def find_plugin_file(
    kind: Kind,
    name: str,
    roots: Iterable[Path],
    folders: Mapping[Kind, tuple[str, ...]] = PLUGIN_FOLDERS,
) -> Path | None:
    """Return the file of a plugin in the folders of `roots`; None if no file has it.

    The file of a module or a lookup has its name. Other files are searched for the names of filters
    and tests.
    """
    short = name.rpartition(".")[2]
    if not short.isidentifier():
        return None
    is_file_name = kind in ("module", "lookup")
    for root in roots:
        for folder in folders[kind]:
            for file in sorted((root / folder).glob(f"{short}.*" if is_file_name else "**/*.py")):
                if is_file_name or _mentions(file, short):
                    return file
    return None


def _mentions(file: Path, name: str) -> bool:
    """Whether a file defines a filter or test of this name.

    The file must contain the name in quotes, or `name=`.
    """
    try:
        text = file.read_bytes()[:MAX_BYTES].decode("utf-8", "replace")
    except OSError:
        return False
    return re.search(rf"""['"]{name}['"]|\b{name}\s*=""", text) is not None


def _search_folders(scope: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the folders of a task's role and playbook, and of the roles beside them."""
    for name in ("role_path", "playbook_dir"):
        if name in scope:
            root = Path(str(scope[name]))
            yield root
            if name == "playbook_dir":
                yield root.parent
            yield from role_folders(root.parent if name == "role_path" else root / "roles")


def role_folders(folder: Path) -> Iterator[Path]:
    """Yield the roles in a folder."""
    yield from sorted(path for path in folder.glob("*") if path.is_dir())


def unsupported_reason(kind: Kind, name: str, scope: Mapping[str, Any]) -> str:
    """Return the message for a plugin in Python that the task can use; "" if there is none."""
    namespace = name.rpartition(".")[0]
    if namespace:
        collections = Path(str(scope.get("playbook_dir")), "collections", COLLECTIONS_FOLDER)
        root = collections.joinpath(*namespace.split("."))
        file = find_plugin_file(kind, name, [root], COLLECTION_FOLDERS)
    else:
        file = find_plugin_file(kind, name, _search_folders(scope))
    if file is None:
        return ""
    message = f'the {kind} "{name}" is Python ({file}), which provision does not run'
    return message if kind == "module" else f"{message}: use Jinja's own syntax, or a command"
