"""docker_container_info: return what docker says about a container."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.shared.docker.info import DockerInfo
from provisioner.remote.shell import Report


class DockerContainerInfo(DockerInfo):
    """Return what `docker inspect` says about a container."""

    inspect_command: ClassVar[tuple[str, ...]] = ("inspect", "--type", "container")

    name: str
    """The container's name or id."""

    def object_names(self) -> tuple[str, ...]:
        return (self.name,)

    def returns(self, report: Report) -> dict[str, Any]:
        objects = self.objects(report)
        return {"exists": bool(objects), "container": objects[0] if objects else None}
