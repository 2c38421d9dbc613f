"""docker_image_pull, _push, _build: one part each of what docker_image does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from provisioner.modules.docker_image.build import Output, Secret
from provisioner.modules.docker_image.wrapper import ImagePart
from provisioner.modules.framework.base import Words
from provisioner.modules.framework.fields import fields
from provisioner.modules.shared.docker.fields import Size, Texts


class DockerImageBuild(ImagePart):
    """Build an image from a Dockerfile on the host."""

    path: str
    """The directory on the host with the Dockerfile."""
    dockerfile: str | None = None
    """Another Dockerfile, relative to path."""
    rebuild: Literal["never", "always"] = "never"
    """Build it though it is there: a change if another one comes of it."""
    args: Texts | None = None
    """Build arguments. They stand in the process list while it builds: no place for secrets."""
    cache_from: tuple[str, ...] = ()
    """Images whose layers may be used."""
    etc_hosts: Texts | None = None
    """More lines of /etc/hosts while it builds."""
    labels: Texts | None = None
    """The image's labels."""
    network: str | None = None
    """The network of its RUN steps."""
    nocache: bool = False
    """Build every layer anew."""
    pull: bool = False
    """Fetch the newest base image."""
    platform: Words | None = None
    """The platform to build for, or several (with BuildKit)."""
    shm_size: Size | None = None
    """Size of /dev/shm while it builds."""
    target: str | None = None
    """The stage to stop at."""
    secrets: tuple[Secret, ...] = ()
    """Secrets for RUN steps, from files or the environment of the host (with BuildKit)."""
    outputs: tuple[Output, ...] = ()
    """Where else what is built goes (with BuildKit)."""

    def wish(self) -> Mapping[str, Any]:
        own = set(fields(DockerImageBuild)) - set(fields(ImagePart)) - {"rebuild"}
        build = self.as_dict(include=own, exclude_none=True)
        if self.platform is not None:
            build["platform"] = ",".join(self.platform)
        return {"source": "build", "force_source": self.rebuild == "always", "build": build}
