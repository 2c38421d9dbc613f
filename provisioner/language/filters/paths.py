"""Filters on paths. Filters that read files read the controller's."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2.exceptions import FilterArgumentError

from provisioner.language.filters.data import describe, require_list
from provisioner.language.filters.text import to_text


def basename(path: Any) -> str:
    """Return the last component of a path."""
    return posixpath.basename(to_text(path))


def dirname(path: Any) -> str:
    """Return the path without its last component."""
    return posixpath.dirname(to_text(path))


def win_basename(path: Any) -> str:
    """Return the last component of a Windows path."""
    import ntpath

    return ntpath.basename(to_text(path))


def win_dirname(path: Any) -> str:
    """Return the Windows path without its last component."""
    import ntpath

    return ntpath.dirname(to_text(path))


def win_splitdrive(path: Any) -> tuple[str, str]:
    """Return the drive of a Windows path, and the rest, as a pair."""
    import ntpath

    return ntpath.splitdrive(to_text(path))


def splitext(path: Any) -> tuple[str, str]:
    """Return the path without its last extension, and the extension, as a pair."""
    return posixpath.splitext(to_text(path))


def path_join(parts: Any) -> str:
    """Return one path of a list of components. An absolute component replaces those before it."""
    return (
        to_text(parts)
        if isinstance(parts, str)
        else posixpath.join(*map(to_text, require_list(parts)))
    )


def commonpath(paths: Sequence[Any]) -> str:
    """Return the longest path that all paths of a list begin with."""
    return posixpath.commonpath([to_text(path) for path in require_list(paths)])


def normpath(path: Any) -> str:
    """Return the path without `.`, `..` and double slashes."""
    return posixpath.normpath(to_text(path))


def relpath(path: Any, start: Any = ".") -> str:
    """Return the path relative to the directory `start`."""
    return os.path.relpath(to_text(path), to_text(start))


def realpath(path: Any) -> str:
    """Return the path with all symbolic links on the controller resolved."""
    return os.path.realpath(to_text(path))


def expanduser(path: Any) -> str:
    """Return the path with ~ replaced by the home directory on the controller."""
    return os.path.expanduser(to_text(path))  # noqa: PTH111 (Path() drops "./" and a last slash)


def expandvars(path: Any) -> str:
    """Return the path with the controller's environment variables replaced by their values."""
    return os.path.expandvars(to_text(path))


def fileglob(pattern: Any) -> list[str]:
    """Return the controller's files that match a pattern, sorted."""
    import glob

    return sorted(path for path in glob.glob(to_text(pattern)) if Path(path).is_file())  # noqa: PTH207


def require_path(path: Any) -> Path:
    """Return the path of a text. Raises FilterArgumentError for other values."""
    if not isinstance(path, str | os.PathLike):
        raise FilterArgumentError(f"a path is needed, not {describe(path)}")
    return Path(path)
