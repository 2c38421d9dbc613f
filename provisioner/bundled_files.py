"""Finds the playbooks, roles and templates that ship with provision.

The wheel has them as package data in provisioner/bundled, a source tree has them in its top folder.
The subfolders are the same, so the relative paths between roles and templates are the same too.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent


@cache
def _folder() -> Path:
    """Return the folder that contains playbooks/ and templates/."""
    packaged = _PACKAGE / "bundled"
    return packaged if packaged.is_dir() else _PACKAGE.parent


def playbooks() -> dict[str, Path]:
    """Return the bundled playbooks: name without .yml ▶ file."""
    return {path.stem: path for path in sorted((_folder() / "playbooks").glob("*.yml"))}


def roles() -> Path:
    """Return the folder of the bundled roles."""
    return _folder() / "playbooks" / "roles"
