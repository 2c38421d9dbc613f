"""docker_compose_v2: keep the services of a compose file running, stopped or removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from provisioner import regex
from provisioner.modules.framework.base import TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.docker.client import CLIENT, DockerCli
from provisioner.remote.shell import Program, Report

BODY = CLIENT + load_body("docker_compose_v2.sh")

_EVENT = regex.compile(
    r"(?:DRY-RUN MODE -\s+)?(Container|Network|Volume|Image|Service)\s+(\S+)\s+([A-Z][a-z]+)\s*$"
)
_ACTIONS = {
    "Creating", "Exiting", "Killing", "Pulling", "Building", "Recreate", "Recreating",
    "Removing", "Restarting", "Starting", "Stopping",
}  # fmt: skip


class DockerComposeV2(DockerCli):
    """Keep the services of a compose file running, stopped or removed.

    Needs the docker compose plugin, version 2.18 or later.
    """

    body: ClassVar[str] = BODY

    state: Literal["absent", "stopped", "restarted", "present"] = "present"
    """`present` runs `docker compose up`, `absent` runs `down`, `stopped` creates the containers
    and stops them, `restarted` always restarts them."""
    project_src: str | None = None
    """The directory on the host that holds the compose file."""
    project_name: str | None = None
    """The project's name; by default the name of the directory `project_src`."""
    files: Words | None = None
    """Compose files to use instead of the default one. Relative paths start at `project_src`."""
    definition: dict[str, Any] | None = None
    """The content of the compose file, instead of `project_src`. Needs `project_name`."""
    env_files: Words | None = None
    """Files with environment variables to use instead of `.env`. Relative paths start at
    `project_src`."""
    profiles: Words | None = None
    """The profiles to enable."""
    check_files_existing: bool = True
    """Fail if `project_src` holds no compose file."""
    pull: Literal["always", "missing", "never", "policy"] = "policy"
    """When to pull images: `policy` follows the compose file."""
    build: Literal["always", "never", "policy"] = "policy"
    """When to build images before starting: `policy` follows the compose file."""
    ignore_build_events: bool = True
    """Ignored: a build that results in the same image is never a change."""
    dependencies: bool = True
    """Also start the services that the services depend on."""
    recreate: Literal["always", "never", "auto"] = "auto"
    """When to recreate containers: `auto` does it if their configuration or image changed."""
    renew_anon_volumes: bool = False
    """Recreate anonymous volumes too, instead of keeping their data."""
    remove_images: Literal["all", "local"] | None = None
    """With `state: absent`, also remove images: `local` only those without a custom tag, `all`
    every image of a service."""
    remove_volumes: bool = False
    """With `state: absent`, also remove the volumes."""
    remove_orphans: bool = False
    """Remove containers of services that are no longer in the compose file."""
    timeout: int | None = None
    """Seconds that containers have to stop before they are killed; by default the value of
    compose."""
    services: Words | None = None
    """The services to handle; by default all of the compose file."""
    scale: dict[str, int] = parameter({})
    """The number of containers of each service, by service name."""
    wait: bool = False
    """Wait until the services are running or healthy."""
    wait_timeout: int | None = None
    """With `wait`, the maximum number of seconds to wait; by default there is no limit."""
    assume_yes: bool = False
    """Answer yes to every question of compose (compose 2.32 and later)."""

    def validate(self) -> None:
        if (self.project_src is None) == (self.definition is None):
            raise ValueError("give either project_src or definition")
        if self.definition is not None and self.project_name is None:
            raise ValueError("definition needs project_name")
        if self.definition is not None and self.files is not None:
            raise ValueError("files can't be used with definition")

    @property
    def acts(self) -> bool:
        return self.state == "restarted" or self.recreate == "always"

    @property
    def project(self) -> str:
        """The project's name; by default that of its directory, as compose chooses it."""
        return self.project_name or (self.project_src or "").rstrip("/").rpartition("/")[2]

    def program(self, context: TaskContext) -> Program:
        verbs = {"present": "bring up", "absent": "take down", "stopped": "stop"}
        verb = verbs.get(self.state, "restart")
        definition = "" if self.definition is None else json.dumps(self.definition, default=str)
        return Program(
            "docker_compose",
            self.body,
            {
                "base": [*self._base()],
                "arguments": [*self._arguments()],
                "stop": ["stop", *self._timeout_option(), *(self.services or ())],
                "definition": definition,
                "project_src": self.project_src,
                "project": self.project,
                "check_files": self.check_files_existing and self.files is None,
                "state": self.state,
                "what": f"{verb} {self.project}",
                **self.client_variables(),
            },
        )

    def _base(self) -> Iterator[str]:
        """Yield the arguments before the subcommand: they select the project."""
        yield from ("compose", "--ansi=never")
        if self.project_src:
            yield f"--project-directory={self.project_src}"
        if self.project_name:
            yield f"--project-name={self.project_name}"
        if self.definition is not None:
            yield "--file=-"
        yield from (f"--file={self._path(file)}" for file in self.files or ())
        yield from (f"--env-file={self._path(file)}" for file in self.env_files or ())
        yield from (f"--profile={profile}" for profile in self.profiles or ())

    def _path(self, name: str) -> str:
        if name.startswith("/") or not self.project_src:
            return name
        return f"{self.project_src.rstrip('/')}/{name}"

    def _timeout_option(self) -> list[str]:
        return [] if self.timeout is None else [f"--timeout={self.timeout}"]

    def _arguments(self) -> Iterator[str]:
        if self.state == "absent":
            yield from ("down", *self._timeout_option())
            if self.remove_images:
                yield f"--rmi={self.remove_images}"
            if self.remove_volumes:
                yield "--volumes"
            if self.remove_orphans:
                yield "--remove-orphans"
        elif self.state == "restarted":
            yield from ("restart", *self._timeout_option())
            if not self.dependencies:
                yield "--no-deps"
        else:
            yield from self._up()
        yield from self.services or ()

    def _up(self) -> Iterator[str]:
        yield from ("up", "--detach", "--no-color", "--quiet-pull", *self._timeout_option())
        if self.pull != "policy":
            yield f"--pull={self.pull}"
        switches = {
            "--remove-orphans": self.remove_orphans,
            "--force-recreate": self.recreate == "always",
            "--no-recreate": self.recreate == "never",
            "--renew-anon-volumes": self.renew_anon_volumes,
            "--no-deps": not self.dependencies,
            "--build": self.build == "always",
            "--no-build": self.build == "never",
            "--wait": self.wait and self.state == "present",
            "--no-start": self.state == "stopped",
            "--yes": self.assume_yes,
        }
        yield from (flag for flag, on in switches.items() if on)
        if self.wait and self.wait_timeout is not None:
            yield f"--wait-timeout={self.wait_timeout}"
        yield from (f"--scale={service}={count}" for service, count in self.scale.items())

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"actions": [*events(report.get("events"))]}
        for key in ("containers", "images"):
            values[key] = _objects(report.get(key))
        return values


def events(text: str) -> Iterator[dict[str, str]]:
    """Yield the actions in compose's messages, such as ` Container web-1  Creating`."""
    for line in text.splitlines():
        match = _EVENT.search(line)
        if match and match[3] in _ACTIONS:
            yield {"what": match[1].lower(), "id": match[2], "status": match[3]}


def _objects(text: str) -> list[Any]:
    """Return the JSON objects in the output of compose; warnings between them are left out.

    The output is an array before version 2.21, else one object on each line.
    """
    objects: list[Any] = []
    for line in text.splitlines():
        try:
            item = json.loads(line)
        except ValueError:
            continue
        objects += item if isinstance(item, list) else [item]
    return objects
