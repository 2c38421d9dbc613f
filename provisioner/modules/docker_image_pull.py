"""docker_image_pull: pull an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from provisioner.modules.docker_image.wrapper import ImagePart


class DockerImagePull(ImagePart):
    """Pull an image."""

    pull: Literal["always", "not_present"] = "always"
    """Always, which is a change if a newer one comes; or only if none has the name."""
    platform: str | None = None
    """The platform whose image is pulled (Docker 17.12 and later)."""

    def wish(self) -> Mapping[str, Any]:
        return {
            "source": "pull",
            "force_source": self.pull == "always",
            "pull": {"platform": self.platform},
        }
