"""docker_network_info: what docker knows of a network."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.shared.docker.info import DockerInfo
from provisioner.remote.shell import Report


class DockerNetworkInfo(DockerInfo):
    """Return what `docker network inspect` says about a network."""

    kind: ClassVar[tuple[str, ...]] = ("network", "inspect")

    name: str
    """The network's name or id."""

    def subjects(self) -> tuple[str, ...]:
        return (self.name,)

    def returns(self, report: Report) -> dict[str, Any]:
        found = self.found(report)
        return {"exists": bool(found), "network": found[0] if found else None}
