"""Base of docker_image_pull, docker_image_push and docker_image_build, which run docker_image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from provisioner.modules.docker_image import DockerImage
from provisioner.modules.framework.base import TaskContext
from provisioner.modules.framework.fields import fields
from provisioner.modules.shared.docker import images
from provisioner.modules.shared.docker.client import DockerModule
from provisioner.remote.shell import Program, Report


class ImagePart(DockerModule):
    """Base of modules that run docker_image with other parameters (`image_parameters`)."""

    body: ClassVar[str] = images.BODY

    name: str
    """The image's name with its registry. A tag in the name has priority over `tag`."""
    tag: str = "latest"
    """The tag, if `name` has none."""

    _image: DockerImage

    def image_parameters(self) -> Mapping[str, Any]:
        """Return the parameters of docker_image, except for its name and the daemon's."""
        raise NotImplementedError

    def validate(self) -> None:
        shared = self.as_dict(include={*fields(DockerModule), "name", "tag"})
        self._image = DockerImage.from_arguments({**shared, **self.image_parameters()})

    @property
    def acts(self) -> bool:
        return self._image.acts

    def program(self, context: TaskContext) -> Program:
        return self._image.program(context)

    def edit(self, report: Report) -> Program | None:
        return self._image.edit(report)

    def returns(self, report: Report) -> dict[str, Any]:
        return self._image.returns(report)
