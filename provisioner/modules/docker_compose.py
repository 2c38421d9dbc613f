"""docker_compose: docker_compose_v2 with the parameters of Ansible's older module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules import docker_compose_v2 as compose
from provisioner.modules.docker_compose_v2 import DockerComposeV2
from provisioner.modules.framework.base import TaskContext, Words
from provisioner.modules.framework.fields import fields, parameter
from provisioner.modules.shared.docker.client import DockerModule
from provisioner.remote.shell import Program, Report

_SHARED = (
    "project_src", "project_name", "files", "profiles", "services", "scale", "dependencies",
    "definition", "remove_images", "remove_volumes", "remove_orphans",
)  # fmt: skip
"""The parameters that docker_compose_v2 has under the same name."""


class DockerCompose(DockerModule):
    """Keep the services of a compose file running, stopped or removed: the older module.

    The docker compose plugin (2.18 or later) does it; it also reads files of docker-compose 1.
    """

    body: ClassVar[str] = compose.BODY

    state: Literal["absent", "present"] = "present"
    """`present` runs `docker compose up`, `absent` runs `down`."""
    stopped: bool = False
    """With `state: present`, create the containers and stop them."""
    restarted: bool = False
    """With `state: present`, restart the containers, which must exist."""
    project_src: str | None = None
    """The directory on the host that holds the compose file."""
    project_name: str | None = None
    """The project's name; by default the name of the directory `project_src`."""
    files: Words | None = None
    """Compose files to use instead of the default one. Relative paths start at `project_src`."""
    definition: dict[str, Any] | None = None
    """The content of the compose file, instead of `project_src`. Needs `project_name`."""
    env_file: str | None = None
    """A file with environment variables to use instead of `.env`. A relative path starts at
    `project_src`."""
    profiles: Words | None = None
    """The profiles to enable."""
    services: Words | None = None
    """The services to handle; by default all of the compose file."""
    scale: dict[str, int] = parameter({})
    """The number of containers of each service, by service name."""
    dependencies: bool = True
    """Also start the services that the services depend on."""
    recreate: Literal["always", "never", "smart"] = "smart"
    """When to recreate containers: `smart` does it if their configuration or image changed."""
    build: bool = False
    """Build the images first."""
    pull: bool = False
    """Pull the images first."""
    nocache: bool = False
    """Ignored: `docker compose up` builds with the cache. Use docker_image_build to build without
    it."""
    remove_images: Literal["all", "local"] | None = None
    """With `state: absent`, also remove images: `local` only those without a custom tag, `all`
    every image of a service."""
    remove_volumes: bool = False
    """With `state: absent`, also remove the volumes."""
    remove_orphans: bool = False
    """Remove containers of services that are no longer in the compose file."""
    timeout: int | None = None  # type: ignore[assignment]
    """Seconds that containers have to stop before they are killed; by default the value of
    compose."""
    hostname_check: bool = False
    """Ignored: the docker command checks the host name in `docker_host`."""

    _v2: DockerComposeV2

    def validate(self) -> None:
        if self.stopped and self.restarted:
            raise ValueError("stopped and restarted can't be used together")
        shared = self.as_dict(include={*fields(DockerModule), *_SHARED} - {"timeout"})
        self._v2 = DockerComposeV2.from_arguments({**shared, **self._v2_parameters()})

    def _v2_parameters(self) -> Mapping[str, Any]:
        """Return the parameters that docker_compose_v2 has in another form."""
        state: str = self.state
        if state == "present" and (self.stopped or self.restarted):
            state = "stopped" if self.stopped else "restarted"
        return {
            "state": state,
            "timeout": self.timeout,
            "env_files": [self.env_file] if self.env_file else None,
            "recreate": "auto" if self.recreate == "smart" else self.recreate,
            "build": "always" if self.build else "policy",
            "pull": "always" if self.pull else "policy",
        }

    @property
    def acts(self) -> bool:
        return self._v2.acts

    def program(self, context: TaskContext) -> Program:
        return self._v2.program(context)

    def returns(self, report: Report) -> dict[str, Any]:
        values = self._v2.returns(report)
        services: dict[str, dict[str, Any]] = {}
        for item in values["containers"]:
            state = {"running": item.get("State") == "running", "status": item.get("State")}
            service = {"cmd": item.get("Command"), "image": item.get("Image"), "state": state}
            services.setdefault(str(item.get("Service")), {})[str(item.get("Name"))] = service
        return {**values, "services": services}
