"""docker_volume_info: what docker knows of a volume."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.docker.info import DockerInfo
from provisioner.remote.shell import Report


class DockerVolumeInfo(DockerInfo):
    """Return what `docker volume inspect` says about a volume."""

    kind: ClassVar[tuple[str, ...]] = ("volume", "inspect")

    name: str = parameter(aliases=("volume_name",))
    """The volume's name."""

    def subjects(self) -> tuple[str, ...]:
        return (self.name,)

    def returns(self, report: Report) -> dict[str, Any]:
        found = self.found(report)
        return {"exists": bool(found), "volume": found[0] if found else None}
