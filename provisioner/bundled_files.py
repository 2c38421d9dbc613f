"""Where the playbooks, roles and templates are that ship with the program.

The wheel has them as package data in provisioner/bundled, a source tree at its top. Both have the
same folders, so the relative paths between roles and templates are the same too.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent


@cache
def _folder() -> Path:
    """The folder that has playbooks/ and templates/."""
    packaged = _PACKAGE / "bundled"
    return packaged if packaged.is_dir() else _PACKAGE.parent


def playbooks() -> dict[str, Path]:
    """The bundled playbooks: name (without .yml) → file."""
    return {path.stem: path for path in sorted((_folder() / "playbooks").glob("*.yml"))}


def roles() -> Path:
    """The folder of the bundled roles."""
    return _folder() / "playbooks" / "roles"
