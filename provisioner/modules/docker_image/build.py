"""How docker_image builds and pulls: its `build` and `pull` dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from provisioner.modules.framework.fields import Parameters, parameter
from provisioner.modules.shared.docker.fields import Size, Texts
from provisioner.modules.shared.docker.values import bytes_of


class Limits(Parameters):
    memory: Size | None = None
    """Memory of a build step."""
    memswap: Size | None = None
    """Memory and swap together; -1 is no limit."""
    cpushares: int | None = None
    """Relative weight of its CPU time."""
    cpusetcpus: str | None = None
    """Which CPUs."""


class Secret(Parameters):
    id: str
    """Its name: RUN steps find it as /run/secrets/ID."""
    type: Literal["file", "env"]
    """Where it comes from. (Ansible's `value` would be in docker's environment: write a file.)"""
    src: str | None = None
    """The file on the host."""
    env: str | None = None
    """The variable in the environment of the task."""

    def words(self) -> str:
        return f"--secret=id={self.id}," + (f"src={self.src}" if self.src else f"env={self.env}")


class Output(Parameters):
    type: Literal["local", "tar", "oci", "docker", "image"]
    """The exporter."""
    dest: str | None = None
    """The path on the host."""
    context: str | None = None
    """The context of the docker command whose daemon gets it."""
    name: str | None = None
    """The image's name there."""
    push: bool = False
    """Push it (type image)."""

    def words(self) -> str:
        given = {"type": self.type, "dest": self.dest, "context": self.context, "name": self.name}
        pairs = [f"{key}={value}" for key, value in given.items() if value is not None]
        return "--output=" + ",".join([*pairs, *["push=true"] * self.push])


class Build(Parameters):
    path: str
    """The directory on the host with the Dockerfile."""
    dockerfile: str | None = None
    """Another Dockerfile, relative to path."""
    args: Texts = parameter({})
    """Build arguments. They stand in the process list while it builds: no place for secrets."""
    cache_from: tuple[str, ...] = ()
    """Images whose layers may be used."""
    container_limits: Limits | None = None
    """Limits of each build step."""
    etc_hosts: Texts = parameter({})
    """More lines of /etc/hosts while it builds."""
    http_timeout: int | None = None
    """Ignored: a build may take as long as it needs."""
    labels: Texts = parameter({})
    """The image's labels."""
    network: str | None = None
    """The network of its RUN steps."""
    nocache: bool = False
    """Build every layer anew."""
    platform: str | None = None
    """The platform to build for."""
    pull: bool = False
    """Fetch the newest base image."""
    rm: bool = True
    """Remove the containers in between."""
    shm_size: Size | None = None
    """Size of /dev/shm while it builds."""
    target: str | None = None
    """The stage to stop at."""
    secrets: tuple[Secret, ...] = ()
    """Secrets for RUN steps (with BuildKit)."""
    outputs: tuple[Output, ...] = ()
    """Where else what is built goes (with BuildKit)."""
    use_config_proxy: bool | None = None
    """Ignored: docker's command takes the proxy of its settings."""

    def words(self, tag: str) -> Iterator[str]:
        yield from ("build", f"--tag={tag}", f"--rm={str(self.rm).lower()}")
        limits = self.container_limits or Limits()
        given = {
            "file": self.dockerfile and f"{self.path.rstrip('/')}/{self.dockerfile}",
            "network": self.network,
            "platform": self.platform,
            "target": self.target,
            "shm-size": self.shm_size and bytes_of(self.shm_size),
            "memory": limits.memory and bytes_of(limits.memory),
            "memory-swap": limits.memswap and bytes_of(limits.memswap),
            "cpu-shares": limits.cpushares,
            "cpuset-cpus": limits.cpusetcpus,
        }
        yield from (f"--{key}={value}" for key, value in given.items() if value is not None)
        if self.nocache:
            yield "--no-cache"
        if self.pull:
            yield "--pull"
        yield from (f"--build-arg={key}={value}" for key, value in self.args.items())
        yield from (f"--add-host={key}:{value}" for key, value in self.etc_hosts.items())
        yield from (f"--label={key}={value}" for key, value in self.labels.items())
        yield from (f"--cache-from={image}" for image in self.cache_from)
        yield from (secret.words() for secret in self.secrets)
        yield from (output.words() for output in self.outputs)
        yield self.path


class Pull(Parameters):
    platform: str | None = None
    """The platform whose image is pulled (Docker 17.12 and later)."""
