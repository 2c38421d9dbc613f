"""docker_compose: the older module's parameters, carried out by the docker compose plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules import docker_compose_v2 as compose
from provisioner.modules.docker_compose_v2 import DockerComposeV2
from provisioner.modules.framework.base import TaskContext, Words
from provisioner.modules.framework.fields import fields, parameter
from provisioner.modules.shared.docker.client import DockerModule
from provisioner.remote.shell import Program, Report

_SAME = (
    "project_src", "project_name", "files", "profiles", "services", "scale", "dependencies",
    "definition", "remove_images", "remove_volumes", "remove_orphans",
)  # fmt: skip
"""Parameters that docker_compose_v2 has, too."""


class DockerCompose(DockerModule):
    """Keep the services of a compose file. The docker compose plugin (2.18 or later) does it: it
    reads the files of docker-compose 1 as well."""

    body: ClassVar[str] = compose.BODY

    state: Literal["absent", "present"] = "present"
    """present is `up`, absent `down`."""
    stopped: bool = False
    """With state: present, its containers are there and rest."""
    restarted: bool = False
    """With state: present, restart its containers, which must be there."""
    project_src: str | None = None
    """The directory on the host with the compose file."""
    project_name: str | None = None
    """The project's name; unset is that of the directory."""
    files: Words | None = None
    """Compose files to use instead, relative to project_src."""
    definition: dict[str, Any] | None = None
    """The compose file itself, instead of project_src; it needs project_name."""
    env_file: str | None = None
    """A file of variables instead of `.env`, relative to project_src."""
    profiles: Words | None = None
    """The profiles to enable."""
    services: Words | None = None
    """Only these services."""
    scale: dict[str, int] = parameter({})
    """How many containers of a service."""
    dependencies: bool = True
    """Start the services that services depend on, too."""
    recreate: Literal["always", "never", "smart"] = "smart"
    """When containers are made anew; smart is when they differ."""
    build: bool = False
    """Build images first."""
    pull: bool = False
    """Pull images first."""
    nocache: bool = False
    """Ignored: `up` builds with the cache; see docker_image_build."""
    remove_images: Literal["all", "local"] | None = None
    """With state: absent, remove images too; local are those without a name of their own."""
    remove_volumes: bool = False
    """With state: absent, remove volumes too."""
    remove_orphans: bool = False
    """Remove containers of services that the compose file no longer has."""
    timeout: int | None = None  # type: ignore[assignment]
    """Seconds that containers have to stop."""
    hostname_check: bool = False
    """Ignored: the docker command checks the name that is in docker_host."""

    _project: DockerComposeV2

    def validate(self) -> None:
        if self.stopped and self.restarted:
            raise ValueError("stopped and restarted exclude each other")
        same = self.as_dict(include={*fields(DockerModule), *_SAME} - {"timeout"})
        self._project = DockerComposeV2.from_arguments({**same, **self._wish()})

    def _wish(self) -> Mapping[str, Any]:
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
        return self._project.acts

    def program(self, context: TaskContext) -> Program:
        return self._project.program(context)

    def returns(self, report: Report) -> dict[str, Any]:
        values = self._project.returns(report)
        services: dict[str, dict[str, Any]] = {}
        for item in values["containers"]:
            state = {"running": item.get("State") == "running", "status": item.get("State")}
            found = {"cmd": item.get("Command"), "image": item.get("Image"), "state": state}
            services.setdefault(str(item.get("Service")), {})[str(item.get("Name"))] = found
        return {**values, "services": services}
