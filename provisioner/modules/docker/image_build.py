"""How docker_image builds and pulls: its `build` and `pull` dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from provisioner.modules.docker.container_fields import Size, Texts
from provisioner.modules.docker.container_values import bytes_of
from provisioner.modules.framework.base import Text
from provisioner.modules.framework.model import ConfigDict, Field, Model


class _Options(Model):
    model_config = ConfigDict(
        frozen=True, extra="forbid", coerce_numbers_to_str=True, defer_build=True
    )


class Limits(_Options):
    memory: Size | None = None
    """Memory of a build step."""
    memswap: Size | None = None
    """Memory and swap together; -1 is no limit."""
    cpushares: int | None = None
    """Relative weight of its CPU time."""
    cpusetcpus: Text | None = None
    """Which CPUs."""


class Secret(_Options):
    id: Text
    """Its name: RUN steps find it as /run/secrets/ID."""
    type: Literal["file", "env"]
    """Where it comes from. (Ansible's `value` would be in docker's environment: write a file.)"""
    src: Text | None = None
    """The file on the host."""
    env: Text | None = None
    """The variable in the environment of the task."""

    def words(self) -> str:
        return f"--secret=id={self.id}," + (f"src={self.src}" if self.src else f"env={self.env}")


class Output(_Options):
    type: Literal["local", "tar", "oci", "docker", "image"]
    """The exporter."""
    dest: Text | None = None
    """The path on the host."""
    context: Text | None = None
    """The context of the docker command whose daemon gets it."""
    name: Text | None = None
    """The image's name there."""
    push: bool = False
    """Push it (type image)."""

    def words(self) -> str:
        given = {"type": self.type, "dest": self.dest, "context": self.context, "name": self.name}
        pairs = [f"{key}={value}" for key, value in given.items() if value is not None]
        return "--output=" + ",".join([*pairs, *["push=true"] * self.push])


class Build(_Options):
    path: Text
    """The directory on the host with the Dockerfile."""
    dockerfile: Text | None = None
    """Another Dockerfile, relative to path."""
    args: Texts = Field(default_factory=dict)
    """Build arguments. They stand in the process list while it builds: no place for secrets."""
    cache_from: tuple[Text, ...] = ()
    """Images whose layers may be used."""
    container_limits: Limits | None = None
    """Limits of each build step."""
    etc_hosts: Texts = Field(default_factory=dict)
    """More lines of /etc/hosts while it builds."""
    http_timeout: int | None = None
    """Ignored: a build may take as long as it needs."""
    labels: Texts = Field(default_factory=dict)
    """The image's labels."""
    network: Text | None = None
    """The network of its RUN steps."""
    nocache: bool = False
    """Build every layer anew."""
    platform: Text | None = None
    """The platform to build for."""
    pull: bool = False
    """Fetch the newest base image."""
    rm: bool = True
    """Remove the containers in between."""
    shm_size: Size | None = None
    """Size of /dev/shm while it builds."""
    target: Text | None = None
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


class Pull(_Options):
    platform: Text | None = None
    """The platform whose image is pulled (Docker 17.12 and later)."""
