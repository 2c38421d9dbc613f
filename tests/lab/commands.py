"""Commands that the lab runs on this machine, and the files that it writes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# Prefix for a command: its mounts and processes end with it, and it ends with its parent process.
ISOLATED = (
    "setpriv", "--pdeathsig", "KILL",
    "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
)  # fmt: skip
PLAIN_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class LabError(Exception):
    """The lab could not do what was requested."""


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    text: str | None = None,
    check: bool = True,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command without a shell and capture its output. Raises LabError if it fails."""
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


def write(path: Path, text: str, mode: int = 0o644, owner: int = 0) -> None:
    """Write a file, with its folders, its mode and its owner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    os.chown(path, owner, owner)


def require_root() -> None:
    """Raise LabError unless this process runs as root on Linux."""
    if os.name != "posix" or os.geteuid() != 0:
        raise LabError("the lab needs root: it creates bridges, mounts and containers")
