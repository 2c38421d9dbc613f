"""docker_image_pull: pull an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from provisioner.modules.docker_image.wrapper import ImagePart


class DockerImagePull(ImagePart):
    """Pull an image."""

    pull: Literal["always", "not_present"] = "always"
    """`always` pulls each time, and it is a change if a newer image came; `not_present` pulls only
    if no image has the name."""
    platform: str | None = None
    """The platform of the image to pull, such as linux/amd64 (Docker 17.12 and later)."""

    def image_parameters(self) -> Mapping[str, Any]:
        return {
            "source": "pull",
            "force_source": self.pull == "always",
            "pull": {"platform": self.platform},
        }
