"""Finds a playbook by its path or by the name of a bundled playbook."""

from __future__ import annotations

from pathlib import Path

from provisioner import bundled_files
from provisioner.errors import LoadError
from provisioner.where import nearest


def find_playbook(name: str) -> Path:
    """Return the file of a playbook. A path takes precedence over the name of a bundled playbook.

    Raises LoadError with a suggestion if there is neither.
    """
    path = Path(name)
    if path.exists():
        return path
    bundled = bundled_files.playbooks()
    bundled_name = name.removesuffix(".yml")
    if bundled_name in bundled and "/" not in name:
        return bundled[bundled_name]
    hint = nearest(name, bundled) or f"bundled playbooks: {', '.join(bundled)}"
    raise LoadError(f"there is no playbook {name}", None, hint)
