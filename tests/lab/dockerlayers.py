"""Layers in which yum has installed docker and docker is enabled."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.lab.base import Layer
from tests.lab.cache import HERE, cached, digest
from tests.lab.commands import write
from tests.lab.packages import DOCKER, EXTRAS, OS

_PACKAGES = {
    "distro": "docker",
    "ce": "docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin",
}
_ENABLE = "mkdir -p /etc/systemd/system; systemctl enable docker"


def preinstalled(edition: str, below: Sequence[Path], repos: Path) -> Path:
    """Return a layer, on top of those below, with an edition of docker installed and enabled."""
    key = digest(HERE / "dockerlayers.py", edition, str(repos), *map(str, below))

    def build(draft: Path) -> None:
        with Layer(draft, below) as layer:
            for repository in (OS, EXTRAS, DOCKER):
                target = layer.upper / "lab-build" / repository
                shutil.copytree(repos / repository, target, copy_function=_link)
            write(layer.upper / "lab-build/repos/lab.repo", _repo_file())
            yum_install = "yum -y -q --setopt=reposdir=/lab-build/repos install"
            install = f"{yum_install} {_PACKAGES[edition]} && {_ENABLE}"
            layer.chroot(["/bin/bash", "-c", install])
            for unneeded in ("var/cache/yum", "var/lib/dnf/repos", "run"):
                shutil.rmtree(layer.upper / unneeded, ignore_errors=True)

    return cached(f"docker-{edition}", key, build)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _repo_file() -> str:
    sections = [
        f"[lab{index}]\nname=lab\nbaseurl=file:///lab-build/{repository}\ngpgcheck=0\n"
        for index, repository in enumerate((OS, EXTRAS, DOCKER))
    ]
    return "\n".join(sections)
