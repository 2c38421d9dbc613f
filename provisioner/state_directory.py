"""The directory that keeps the journals of runs on this machine."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path


def journals(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of the journals, which need not exist (XDG Base Directory, 0.8).

    Raises OSError if it would be in a home directory that does not exist.
    """
    base = Path(environment.get("XDG_STATE_HOME", ""))
    if not base.is_absolute():  # the specification ignores a relative path
        base = _home() / ".local/state"
    return base / "provision" / "runs"


def _home() -> Path:
    try:
        home = Path.home()
    except RuntimeError:
        raise FileNotFoundError(errno.ENOENT, "the user has no home directory") from None
    if not home.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such home directory", str(home))
    return home
