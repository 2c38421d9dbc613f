"""docker_image_info: what docker knows of images."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.base import Words
from provisioner.modules.shared.docker.info import DockerInfo
from provisioner.modules.shared.docker.references import full
from provisioner.remote.shell import Report


class DockerImageInfo(DockerInfo):
    """Return what `docker inspect` says about images."""

    kind: ClassVar[tuple[str, ...]] = ("inspect", "--type", "image")

    name: Words | None = None
    """The images, by name (with the tag latest if they have none) or id; by default all images."""

    def subjects(self) -> tuple[str, ...]:
        return tuple(full(name) for name in self.name or ())

    def returns(self, report: Report) -> dict[str, Any]:
        unique = {item.get("Id"): item for item in self.found(report)}
        return {"images": [*unique.values()]}
