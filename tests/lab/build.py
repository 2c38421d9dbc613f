"""Build the parts that all labs share, once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import base
from tests.lab.cache import locked
from tests.lab.commands import require_root
from tests.lab.dockerlayers import preinstalled
from tests.lab.guardlayer import guard_layer
from tests.lab.keys import keys, stop_agent
from tests.lab.options import HostOptions
from tests.lab.packages import repositories
from tests.lab.registry import hello_image
from tests.lab.stubs import stub_rpms


@dataclass(frozen=True)
class Parts:
    """The folders of the shared parts."""

    tree: Path
    skin: Path
    guard: Path
    distro: Path
    ce: Path
    repos: Path
    image: Path

    def layers(self, options: HostOptions) -> tuple[Path, ...]:
        """Return the layers below a host's own folder, top first."""
        engines = {"distro": (self.distro / "upper",), "ce": (self.ce / "upper",)}
        guard = (self.guard,) if options.guard else ()
        return (*engines.get(options.docker, ()), *guard, self.skin / "upper", self.tree)

    def to_json(self) -> dict[str, str]:
        return {name: str(path) for name, path in vars(self).items()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Parts:
        return cls(**{name: Path(path) for name, path in data.items()})


def build() -> Parts:
    """Build the missing parts. Takes no time when all are there."""
    require_root()
    with locked("build.lock"):
        base.install_machine_packages()
        skin = base.skin(stub_rpms())
        guard, repos = guard_layer(skin, base.tree()), repositories()
        stop_agent(keys() / "gnupg")
        below = [skin / "upper", base.tree()]
        distro, ce = (preinstalled(edition, below, repos) for edition in ("distro", "ce"))
        return Parts(base.tree(), skin, guard, distro, ce, repos, hello_image())
