"""docker_image_info: return what docker says about images."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.base import Words
from provisioner.modules.shared.docker.info import DockerInfo
from provisioner.modules.shared.docker.references import with_tag
from provisioner.remote.shell import Report


class DockerImageInfo(DockerInfo):
    """Return what `docker inspect` says about images."""

    inspect_command: ClassVar[tuple[str, ...]] = ("inspect", "--type", "image")

    name: Words | None = None
    """The images, by name (with the tag latest if they have none) or id; by default all images."""

    def object_names(self) -> tuple[str, ...]:
        return tuple(with_tag(name) for name in self.name or ())

    def returns(self, report: Report) -> dict[str, Any]:
        unique = {item.get("Id"): item for item in self.objects(report)}
        return {"images": [*unique.values()]}
