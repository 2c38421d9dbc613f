"""docker_image_build: build an image from a Dockerfile on the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from provisioner.modules.docker_image.build import BuildSecret, Output
from provisioner.modules.docker_image.wrapper import ImagePart
from provisioner.modules.framework.base import Words
from provisioner.modules.framework.fields import fields
from provisioner.modules.shared.docker.fields import Size, Texts


class DockerImageBuild(ImagePart):
    """Build an image from a Dockerfile on the host."""

    path: str
    """The directory on the host to build in (the build context)."""
    dockerfile: str | None = None
    """The Dockerfile, relative to `path`; by default `Dockerfile`."""
    rebuild: Literal["never", "always"] = "never"
    """`always` builds even if the image exists. It is a change if the result is another image."""
    args: Texts | None = None
    """Build arguments, by name. All users of the host can see them in the list of processes: do not
    use them for secrets."""
    cache_from: tuple[str, ...] = ()
    """Images whose layers may be used as a cache."""
    etc_hosts: Texts | None = None
    """Lines to add to /etc/hosts during the build: name to address."""
    labels: Texts | None = None
    """Labels of the image, by name."""
    network: str | None = None
    """The network of RUN steps."""
    nocache: bool = False
    """Build every layer again instead of using the cache."""
    pull: bool = False
    """Pull the newest version of the base image first."""
    platform: Words | None = None
    """The platform to build for, such as linux/amd64, or several of them (needs BuildKit)."""
    shm_size: Size | None = None
    """The size of /dev/shm during the build, such as 64M."""
    target: str | None = None
    """The build stage to stop at; by default the last one."""
    secrets: tuple[BuildSecret, ...] = ()
    """Secrets for RUN steps, from files or environment variables of the host (needs BuildKit)."""
    outputs: tuple[Output, ...] = ()
    """Where to write the result, besides the local images (needs BuildKit)."""

    def image_parameters(self) -> Mapping[str, Any]:
        names = set(fields(DockerImageBuild)) - set(fields(ImagePart)) - {"rebuild"}
        build = self.as_dict(include=names, exclude_none=True)
        if self.platform is not None:
            build["platform"] = ",".join(self.platform)
        return {"source": "build", "force_source": self.rebuild == "always", "build": build}
