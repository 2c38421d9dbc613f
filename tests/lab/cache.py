"""The build cache of the lab: its folder, locks, hashes, and folders that are built once."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent


def lab_dir() -> Path:
    """Return the folder of all that the lab keeps: outside the checkout, on a real file system."""
    return Path(os.environ.get("PROVISION_LAB_DIR", "/var/cache/provision-lab"))


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lock that all processes with the same lab directory share."""
    folder = lab_dir() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def digest(*parts: str | Path) -> str:
    """Return a short hash of texts, and of the files or whole folders at paths."""
    hasher = hashlib.sha256()
    for part in parts:
        files = sorted(_files(part)) if isinstance(part, Path) else []
        hasher.update(part.encode() if isinstance(part, str) else b"")
        for file in files:
            hasher.update(f"\0{file.name}\0{file.stat().st_mode & 0o777:o}\0".encode())
            hasher.update(file.read_bytes())
        hasher.update(b"\0\0")
    return hasher.hexdigest()[:12]


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def cached(name: str, key: str, build: Callable[[Path], None]) -> Path:
    """Return the folder that `build` fills: built once for each key, completely or not at all."""
    folder = lab_dir() / f"{name}-{key}"
    if folder.is_dir():
        return folder
    with locked(f"{name}.lock"):
        if folder.is_dir():
            return folder
        draft = lab_dir() / f".{name}-{key}.draft"
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(parents=True)
        build(draft)
        draft.rename(folder)
    return folder
