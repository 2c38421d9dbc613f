"""What lookups see of the play."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from provisioner.records import dataclass


@dataclass(frozen=True)
class LookupContext:
    """What lookups see of the play.

    `find(folder, name)` gives the path of a role's or play's file, or raises FileNotFoundError;
    `read` gives its bytes, decrypted; `folder` is where first_found looks: files, templates or
    vars, as the task's module asks for.
    """

    variables: Mapping[str, Any]
    find: Callable[[str, str], Path]
    render: Callable[[Path, Mapping[str, Any], Mapping[str, Any]], str]
    basedir: Path
    read: Callable[[Path], bytes] = Path.read_bytes
    warn: Callable[[str], None] = lambda text: None
    folder: str = "files"
