"""Where files of the controller are sought."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


@lru_cache(4096)
def places(roots: tuple[Path, ...], folder: str, name: str) -> tuple[Path, ...]:
    """Each place for the file `name`, in Ansible's order: in `folder` of each root (the role's
    directory, the playbook's), and in the root itself. An absolute name is one place."""
    path = Path(name).expanduser()
    if path.is_absolute():
        return (path,)
    return tuple(place for root in roots for place in (root / folder / path, root / path))
