"""docker_image_push: push an image to its registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.modules.docker_image.wrapper import ImagePart


class DockerImagePush(ImagePart):
    """Push an image from the host to its registry."""

    def image_parameters(self) -> Mapping[str, Any]:
        return {"source": "local", "push": True}
