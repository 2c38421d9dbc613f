"""docker_image_pull, _push, _build: one part each of what docker_image does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules.docker import image
from provisioner.modules.docker.client import DockerModule
from provisioner.modules.docker.container_fields import Size, Texts
from provisioner.modules.docker.image import DockerImage
from provisioner.modules.docker.image_build import Output, Secret
from provisioner.modules.framework.base import TaskContext, Words
from provisioner.modules.framework.fields import fields
from provisioner.remote.shell import Program, Report


class ImagePart(DockerModule):
    """A module that docker_image carries out, with the parameters that `wish` gives it."""

    body: ClassVar[str] = image.BODY

    name: str
    """The image, with its registry; its own tag wins over `tag`."""
    tag: str = "latest"
    """The tag."""

    _image: DockerImage

    def wish(self) -> Mapping[str, Any]:
        """docker_image's parameters, but for the name and the daemon."""
        raise NotImplementedError

    def validate(self) -> None:
        shared = self.as_dict(include={*fields(DockerModule), "name", "tag"})
        self._image = DockerImage.from_arguments({**shared, **self.wish()})

    @property
    def acts(self) -> bool:
        return self._image.acts

    def program(self, context: TaskContext) -> Program:
        return self._image.program(context)

    def edit(self, report: Report) -> Program | None:
        return self._image.edit(report)

    def returns(self, report: Report) -> dict[str, Any]:
        return self._image.returns(report)


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


class DockerImagePush(ImagePart):
    """Push an image that is on the host to its registry."""

    def wish(self) -> Mapping[str, Any]:
        return {"source": "local", "push": True}


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
