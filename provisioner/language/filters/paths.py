"""Filters on paths; those that look at a disk look at the controller's."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2.exceptions import FilterArgumentError

from provisioner.language.filters.data import a_list, shown
from provisioner.language.filters.text import text_of


def basename(path: Any) -> str:
    """The last name of a path."""
    return posixpath.basename(text_of(path))


def dirname(path: Any) -> str:
    """The path without its last name."""
    return posixpath.dirname(text_of(path))


def win_basename(path: Any) -> str:
    """The last name of a Windows path."""
    import ntpath

    return ntpath.basename(text_of(path))


def win_dirname(path: Any) -> str:
    """The Windows path without its last name."""
    import ntpath

    return ntpath.dirname(text_of(path))


def win_splitdrive(path: Any) -> tuple[str, str]:
    """The drive of a Windows path, and the rest."""
    import ntpath

    return ntpath.splitdrive(text_of(path))


def splitext(path: Any) -> tuple[str, str]:
    """The path without its last extension, and the extension."""
    return posixpath.splitext(text_of(path))


def path_join(parts: Any) -> str:
    """One path of several parts."""
    return (
        text_of(parts) if isinstance(parts, str) else posixpath.join(*map(text_of, a_list(parts)))
    )


def commonpath(paths: Sequence[Any]) -> str:
    """The longest path that all paths have in common."""
    return posixpath.commonpath([text_of(path) for path in a_list(paths)])


def normpath(path: Any) -> str:
    """The path without `.`, `..` and doubled slashes."""
    return posixpath.normpath(text_of(path))


def relpath(path: Any, start: Any = ".") -> str:
    """The path as seen from `start`."""
    return os.path.relpath(text_of(path), text_of(start))


def realpath(path: Any) -> str:
    """The path with all symbolic links resolved, on the controller."""
    return os.path.realpath(text_of(path))


def expanduser(path: Any) -> str:
    """The path with ~ expanded, on the controller."""
    return os.path.expanduser(text_of(path))  # noqa: PTH111 (Path() drops "./" and a last slash)


def expandvars(path: Any) -> str:
    """The path with environment variables expanded, on the controller."""
    return os.path.expandvars(text_of(path))


def fileglob(pattern: Any) -> list[str]:
    """The files that match a pattern, on the controller, sorted."""
    import glob

    return sorted(path for path in glob.glob(text_of(pattern)) if Path(path).is_file())  # noqa: PTH207


def path_of(path: Any) -> Path:
    """A controller's path of text."""
    if not isinstance(path, str | os.PathLike):
        raise FilterArgumentError(f"a path is needed, not {shown(path)}")
    return Path(path)
