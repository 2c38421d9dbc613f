"""What every part of the lab uses: places, commands, locks and the build cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Mounts and processes of such a command go with it, and it goes with the one that started it.
ISOLATED = (
    "setpriv", "--pdeathsig", "KILL",
    "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
)  # fmt: skip
PLAIN_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class LabError(Exception):
    """The lab could not do what it was asked."""


def lab_dir() -> Path:
    """Everything the lab keeps lies here, outside the checkout, on a real file system."""
    return Path(os.environ.get("PROVISION_LAB_DIR", "/var/cache/provision-lab"))


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    text: str | None = None,
    check: bool = True,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command, never through a shell; its output is captured."""
    words = [str(word) for word in argv]
    done = subprocess.run(
        words,
        cwd=cwd,
        env={**os.environ, **env} if env else None,
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=timeout,
    )
    if check and done.returncode != 0:
        tail = (done.stderr.strip() or done.stdout.strip())[-1500:]
        raise LabError(f"{' '.join(words)[:300]}: exit {done.returncode}\n{tail}")
    return done


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lock among all processes that use the same lab directory."""
    folder = lab_dir() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def digest(*parts: str | Path) -> str:
    """A short hash of texts and of the files (or whole folders) that paths name."""
    total = hashlib.sha256()
    for part in parts:
        files = sorted(_files(part)) if isinstance(part, Path) else []
        total.update(part.encode() if isinstance(part, str) else b"")
        for file in files:
            total.update(f"\0{file.name}\0{file.stat().st_mode & 0o777:o}\0".encode())
            total.update(file.read_bytes())
        total.update(b"\0\0")
    return total.hexdigest()[:12]


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def cached(name: str, key: str, build: Callable[[Path], None]) -> Path:
    """The folder that `build` fills, built once for each key, whole or not at all."""
    place = lab_dir() / f"{name}-{key}"
    if place.is_dir():
        return place
    with locked(f"{name}.lock"):
        if place.is_dir():
            return place
        draft = lab_dir() / f".{name}-{key}.draft"
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(parents=True)
        build(draft)
        draft.rename(place)
    return place


def write(path: Path, text: str, mode: int = 0o644, owner: int = 0) -> None:
    """Write a file, with its folders, its mode and its owner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    os.chown(path, owner, owner)


def require_root() -> None:
    """Stop with a plain message when not root on Linux."""
    if os.name != "posix" or os.geteuid() != 0:
        raise LabError("the lab needs root: it makes bridges, mounts and containers")
