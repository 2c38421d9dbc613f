"""Tests on paths, which but for one look at the controller's disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from provisioner.language.filters.paths import path_of


def same_file(path: Any, other: Any) -> bool:
    """Whether two paths on the controller are one file."""
    return path_of(path).samefile(path_of(other))


def is_directory(path: Any) -> bool:
    """Whether there is a directory, on the controller."""
    return path_of(path).is_dir()


def is_file(path: Any) -> bool:
    """Whether there is a file, on the controller."""
    return path_of(path).is_file()


def is_link(path: Any) -> bool:
    """Whether there is a symbolic link, on the controller."""
    return path_of(path).is_symlink()


def exists(path: Any) -> bool:
    """Whether there is anything, on the controller."""
    return path_of(path).exists()


def link_exists(path: Any) -> bool:
    """Whether there is anything, be it a broken link, on the controller."""
    return os.path.lexists(path)


def is_mount(path: Any) -> bool:
    """Whether something is mounted there, on the controller."""
    return os.path.ismount(path)


def is_abs(path: Any) -> bool:
    """Whether the path begins with a slash."""
    return path_of(path).is_absolute()


DISK: dict[str, Callable[..., bool]] = {
    **dict.fromkeys(("is_dir", "directory"), is_directory),
    **dict.fromkeys(("is_file", "file"), is_file),
    **dict.fromkeys(("is_link", "link"), is_link),
    "exists": exists,
    "link_exists": link_exists,
    **dict.fromkeys(("is_mount", "mount"), is_mount),
    **dict.fromkeys(("is_same_file", "same_file"), same_file),
}
"""Tests that look at the controller's disk: never computed when the template is compiled."""
