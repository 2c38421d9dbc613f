"""The parameters `build` and `pull` of docker_image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from provisioner.modules.framework.fields import Parameters, parameter
from provisioner.modules.shared.docker.fields import Size, Texts
from provisioner.modules.shared.docker.values import bytes_of


class Limits(Parameters):
    memory: Size | None = None
    """The maximum memory of a build step, such as 512M."""
    memswap: Size | None = None
    """The maximum of memory and swap together; -1 is no limit."""
    cpushares: int | None = None
    """The relative weight of a build step's CPU time (the default of Docker is 1024)."""
    cpusetcpus: str | None = None
    """The CPUs that a build step may use, such as 0-2,4."""


class BuildSecret(Parameters):
    id: str
    """The secret's name: RUN steps read it from /run/secrets/ID."""
    type: Literal["file", "env"]
    """Where the secret comes from: a file, or an environment variable. Ansible's `value` is not
    supported, because the value would be visible in docker's environment: write it to a file."""
    src: str | None = None
    """With `type: file`, the file on the host."""
    env: str | None = None
    """With `type: env`, the environment variable of the task."""

    def option(self) -> str:
        """Return the option of `docker build`."""
        return f"--secret=id={self.id}," + (f"src={self.src}" if self.src else f"env={self.env}")


class Output(Parameters):
    type: Literal["local", "tar", "oci", "docker", "image"]
    """The exporter of BuildKit."""
    dest: str | None = None
    """The path on the host to write to."""
    context: str | None = None
    """The docker context whose daemon gets the image (type docker)."""
    name: str | None = None
    """The image's name (type image)."""
    push: bool = False
    """Push the image to its registry (type image)."""

    def option(self) -> str:
        """Return the option of `docker build`."""
        options = {"type": self.type, "dest": self.dest, "context": self.context, "name": self.name}
        pairs = [f"{key}={value}" for key, value in options.items() if value is not None]
        return "--output=" + ",".join([*pairs, *["push=true"] * self.push])


class Build(Parameters):
    path: str
    """The directory on the host to build in (the build context)."""
    dockerfile: str | None = None
    """The Dockerfile, relative to `path`; by default `Dockerfile`."""
    args: Texts = parameter({})
    """Build arguments, by name. All users of the host can see them in the list of processes: do not
    use them for secrets."""
    cache_from: tuple[str, ...] = ()
    """Images whose layers may be used as a cache."""
    container_limits: Limits | None = None
    """Limits of each build step."""
    etc_hosts: Texts = parameter({})
    """Lines to add to /etc/hosts during the build: name to address."""
    http_timeout: int | None = None
    """Ignored: a build has no time limit."""
    labels: Texts = parameter({})
    """Labels of the image, by name."""
    network: str | None = None
    """The network of RUN steps."""
    nocache: bool = False
    """Build every layer again instead of using the cache."""
    platform: str | None = None
    """The platform to build for, such as linux/amd64."""
    pull: bool = False
    """Pull the newest version of the base image first."""
    rm: bool = True
    """Remove the intermediate containers of the build."""
    shm_size: Size | None = None
    """The size of /dev/shm during the build, such as 64M."""
    target: str | None = None
    """The build stage to stop at; by default the last one."""
    secrets: tuple[BuildSecret, ...] = ()
    """Secrets for RUN steps (needs BuildKit)."""
    outputs: tuple[Output, ...] = ()
    """Where to write the result, besides the local images (needs BuildKit)."""
    use_config_proxy: bool | None = None
    """Ignored: the docker command uses the proxy of its configuration."""

    def arguments(self, tag: str) -> Iterator[str]:
        """Yield the arguments of the docker command that builds the image `tag`."""
        yield from ("build", f"--tag={tag}", f"--rm={str(self.rm).lower()}")
        limits = self.container_limits or Limits()
        options = {
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
        yield from (f"--{key}={value}" for key, value in options.items() if value is not None)
        if self.nocache:
            yield "--no-cache"
        if self.pull:
            yield "--pull"
        yield from (f"--build-arg={key}={value}" for key, value in self.args.items())
        yield from (f"--add-host={key}:{value}" for key, value in self.etc_hosts.items())
        yield from (f"--label={key}={value}" for key, value in self.labels.items())
        yield from (f"--cache-from={image}" for image in self.cache_from)
        yield from (secret.option() for secret in self.secrets)
        yield from (output.option() for output in self.outputs)
        yield self.path


class Pull(Parameters):
    platform: str | None = None
    """The platform of the image to pull, such as linux/amd64 (Docker 17.12 and later)."""
