"""Tests on paths. All but `abs` read the controller's disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from provisioner.language.filters.paths import require_path


def same_file(path: Any, other: Any) -> bool:
    """Whether two paths on the controller are the same file."""
    return require_path(path).samefile(require_path(other))


def is_directory(path: Any) -> bool:
    """Whether the path is a directory on the controller."""
    return require_path(path).is_dir()


def is_file(path: Any) -> bool:
    """Whether the path is a regular file on the controller."""
    return require_path(path).is_file()


def is_link(path: Any) -> bool:
    """Whether the path is a symbolic link on the controller."""
    return require_path(path).is_symlink()


def exists(path: Any) -> bool:
    """Whether the path exists on the controller. A broken symbolic link does not."""
    return require_path(path).exists()


def link_exists(path: Any) -> bool:
    """Whether the path exists on the controller. A broken symbolic link does, too."""
    return os.path.lexists(path)


def is_mount(path: Any) -> bool:
    """Whether the path is a mount point on the controller."""
    return os.path.ismount(path)


def is_abs(path: Any) -> bool:
    """Whether the path is absolute."""
    return require_path(path).is_absolute()


DISK: dict[str, Callable[..., bool]] = {
    **dict.fromkeys(("is_dir", "directory"), is_directory),
    **dict.fromkeys(("is_file", "file"), is_file),
    **dict.fromkeys(("is_link", "link"), is_link),
    "exists": exists,
    "link_exists": link_exists,
    **dict.fromkeys(("is_mount", "mount"), is_mount),
    **dict.fromkeys(("is_same_file", "same_file"), same_file),
}
"""The tests that read the controller's disk.

Jinja must not compute them when it compiles a template.
"""
