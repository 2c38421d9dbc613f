"""Playbooks by path, or by the name of one that ships with the package."""

from __future__ import annotations

from pathlib import Path

from provisioner import bundled_files
from provisioner.errors import LoadError
from provisioner.where import nearest


def find_playbook(name: str) -> Path:
    """The file of a playbook. A path has precedence over the name of a bundled playbook."""
    path = Path(name)
    if path.exists():
        return path
    known = bundled_files.playbooks()
    if name.removesuffix(".yml") in known and "/" not in name:
        return known[name.removesuffix(".yml")]
    hint = nearest(name, known) or f"bundled are: {', '.join(known)}"
    raise LoadError(f"there is no playbook {name}", None, hint)
