"""The part of the play that lookups can use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from provisioner.records import dataclass


@dataclass(frozen=True)
class LookupContext:
    """The part of the play that lookups can use.

    `find(folder, name)` returns the path of a file of the role or play, or raises
    FileNotFoundError. `read` returns a file's bytes, decrypted. `render` renders a template file,
    with options and extra variables. `warn` shows a warning. `folder` is where first_found
    searches: files, templates or vars, depending on the task's module.
    """

    variables: Mapping[str, Any]
    find: Callable[[str, str], Path]
    render: Callable[[Path, Mapping[str, Any], Mapping[str, Any]], str]
    basedir: Path
    read: Callable[[Path], bytes] = Path.read_bytes
    warn: Callable[[str], None] = lambda text: None
    folder: str = "files"
