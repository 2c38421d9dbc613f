"""Search paths for files of the controller."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from provisioner.local_files import with_home


@lru_cache(4096)
def places(roots: tuple[Path, ...], folder: str, name: str) -> tuple[Path, ...]:
    """Return the paths at which the file `name` may be, in Ansible's order.

    For each root (the role's directory, the playbook's) these are `folder` in it and the root
    itself. An absolute name is the only path.
    """
    path = with_home(name)
    if path.is_absolute():
        return (path,)
    return tuple(place for root in roots for place in (root / folder / path, root / path))
