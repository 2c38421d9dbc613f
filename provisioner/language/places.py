"""Where files of the controller are sought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path


def places(roots: Iterable[Path], folder: str, name: str) -> Iterator[Path]:
    """Each place for the file `name`, in Ansible's order: in `folder` of each root (the role's
    directory, the playbook's), and in the root itself. An absolute name is one place."""
    path = Path(name).expanduser()
    if path.is_absolute():
        yield path
        return
    for root in roots:
        yield root / folder / path
        yield root / path
