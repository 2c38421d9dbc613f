"""docker_volume_info: return what docker says about a volume."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.docker.info import DockerInfo
from provisioner.remote.shell import Report


class DockerVolumeInfo(DockerInfo):
    """Return what `docker volume inspect` says about a volume."""

    inspect_command: ClassVar[tuple[str, ...]] = ("volume", "inspect")

    name: str = parameter(aliases=("volume_name",))
    """The volume's name."""

    def object_names(self) -> tuple[str, ...]:
        return (self.name,)

    def returns(self, report: Report) -> dict[str, Any]:
        objects = self.objects(report)
        return {"exists": bool(objects), "volume": objects[0] if objects else None}
