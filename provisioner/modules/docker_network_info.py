"""docker_network_info: return what docker says about a network."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.shared.docker.info import DockerInfo
from provisioner.remote.shell import Report


class DockerNetworkInfo(DockerInfo):
    """Return what `docker network inspect` says about a network."""

    inspect_command: ClassVar[tuple[str, ...]] = ("network", "inspect")

    name: str
    """The network's name or id."""

    def object_names(self) -> tuple[str, ...]:
        return (self.name,)

    def returns(self, report: Report) -> dict[str, Any]:
        objects = self.objects(report)
        return {"exists": bool(objects), "network": objects[0] if objects else None}
