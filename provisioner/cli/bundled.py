"""Playbooks by path, or by the name of one that ships with the package."""

from __future__ import annotations

from pathlib import Path

from provisioner.errors import LoadError
from provisioner.where import nearest

_PACKAGE = Path(__file__).parent.parent


def bundled() -> dict[str, Path]:
    """The playbooks that ship: in the wheel as package data, in a checkout at its top."""
    for folder in (_PACKAGE / "bundled" / "playbooks", _PACKAGE.parent / "playbooks"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.yml"))}
    return {}


def find_playbook(name: str) -> Path:
    """The file of a playbook; a path wins over a bundled name."""
    path = Path(name)
    if path.exists():
        return path
    known = bundled()
    if name.removesuffix(".yml") in known and "/" not in name:
        return known[name.removesuffix(".yml")]
    hint = nearest(name, known) or f"bundled are: {', '.join(known)}"
    raise LoadError(f"there is no playbook {name}", None, hint)
