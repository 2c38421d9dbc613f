"""The other tools (peers), each in a virtual environment of its own outside the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

DEFAULT_FOLDER = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "provision-peers"


@dataclass(frozen=True)
class Peer:
    """A tool to install. `package` is the package whose version is reported."""

    name: str
    requirements: tuple[str, ...]
    package: str
    python: tuple[str, ...] = ("python3.11", "python3.12", "python3")


NEWEST_PYTHON = ("python3.14", "python3.13", "python3.12", "python3")
PEERS = {
    peer.name: peer
    for peer in (
        Peer("ansible", ("ansible-core",), "ansible-core", NEWEST_PYTHON),
        Peer("ansible-2.16", ("ansible-core~=2.16.0",), "ansible-core"),
        Peer("mitogen", ("mitogen", "ansible-core<2.20"), "mitogen"),
        Peer("pyinfra", ("pyinfra",), "pyinfra"),
    )
}


class NotInstalled(Exception):
    """A peer cannot be installed on this machine."""


def install(peer: Peer, folder: Path) -> Path:
    """Return the peer's virtual environment; create it if necessary. Raises NotInstalled."""
    place = folder / peer.name
    if not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        _call([_python(peer), "-m", "venv", str(place)])
        _call([str(place / "bin/python"), "-m", "pip", "-q", "install", *peer.requirements])
        (place / "complete").touch()
    return place


def version(peer: Peer, place: Path) -> str:
    code = f"from importlib.metadata import version; print(version({peer.package!r}))"
    return _call([str(place / "bin/python"), "-c", code]).strip()


def _python(peer: Peer) -> str:
    """Return the first of the peer's Pythons that can create a virtual environment."""
    versions = Path.home() / ".pyenv/versions"
    for name in peer.python:
        candidates = [
            shutil.which(name, path="/usr/bin:/usr/local/bin"),
            *versions.glob(f"*/bin/{name}"),
        ]
        for python in filter(None, candidates):
            command = [str(python), "-c", "import ssl, venv, ensurepip"]
            if not subprocess.run(command, capture_output=True, check=False).returncode:
                return str(python)
    raise NotInstalled(f"none of {', '.join(peer.python)} is installed with ssl and venv")


def _call(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise NotInstalled(lines[-1] if lines else f"exit {done.returncode}")
    return done.stdout
