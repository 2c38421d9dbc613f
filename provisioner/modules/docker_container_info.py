"""docker_container_info: what docker knows of a container."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.shared.docker.info import DockerInfo
from provisioner.remote.shell import Report


class DockerContainerInfo(DockerInfo):
    """Return what `docker inspect` says about a container."""

    kind: ClassVar[tuple[str, ...]] = ("inspect", "--type", "container")

    name: str
    """The container's name or id."""

    def subjects(self) -> tuple[str, ...]:
        return (self.name,)

    def returns(self, report: Report) -> dict[str, Any]:
        found = self.found(report)
        return {"exists": bool(found), "container": found[0] if found else None}
