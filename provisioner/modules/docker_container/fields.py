"""The parameters that a container is created with, and their types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from provisioner.modules.docker_container.values import nanoseconds
from provisioner.modules.framework.base import Words
from provisioner.modules.framework.fields import Before, Parameters, parameter
from provisioner.modules.shared.docker.client import DockerModule
from provisioner.modules.shared.docker.fields import Size, Texts
from provisioner.modules.shared.docker.values import text_of


def _command(value: Any) -> Any:
    return tuple(map(text_of, value)) if isinstance(value, list | tuple) else str(value)


Duration = Annotated[str, Before(lambda value: nanoseconds(str(value)) and str(value))]
Command = Annotated[tuple[str, ...] | str, Before(_command)]
List = Annotated[
    tuple[str, ...],
    Before(lambda v: [v] if isinstance(v, str | int) and not isinstance(v, bool) else v),
]


class Rate(Parameters):
    path: str
    """The device on the host, such as /dev/sda."""
    rate: Size
    """The limit for each second: operations, or bytes with a unit, such as 20M."""


class DeviceRequest(Parameters):
    capabilities: list[list[str]] = parameter([])
    """The capabilities that the device must have. The docker command accepts only the first
    list."""
    count: int | None = None
    """The number of devices; -1 is all."""
    device_ids: tuple[str, ...] = ()
    """The ids of the devices."""
    driver: str | None = None
    """The driver that provides the devices."""
    options: Texts = parameter({})
    """Options of the driver, by name."""


class ContainerMount(Parameters):
    target: str
    """The path in the container."""
    source: str | None = None
    """The name of a volume, or a path on the host."""
    type: Literal["bind", "npipe", "tmpfs", "volume", "cluster", "image"] = "volume"
    """The type of the mount."""
    read_only: bool | None = None
    """Mount it read-only."""
    consistency: Literal["cached", "consistent", "default", "delegated"] | None = None
    """The consistency requirement; it has an effect with Docker on macOS only."""
    propagation: Literal["private", "rprivate", "shared", "rshared", "slave", "rslave"] | None = (
        None
    )
    """How mounts below the path are passed on, with `type: bind`."""
    no_copy: bool | None = None
    """Do not copy the image's files at that path into a new volume."""
    labels: Texts = parameter({})
    """Labels of a new volume, by name."""
    volume_driver: str | None = None
    """The driver of a new volume."""
    volume_options: Texts = parameter({})
    """Options of the driver of a new volume, by name."""
    tmpfs_size: Size | None = None
    """The size of a tmpfs, such as 64M."""
    tmpfs_mode: str | None = None
    """The mode of a tmpfs, an octal number."""


class Healthcheck(Parameters):
    test: Command | None = None
    """The command that checks the container: a line for its shell, or a list that begins with CMD,
    CMD-SHELL or NONE. The words of CMD become one quoted line, because the docker command accepts
    nothing else."""
    test_cli_compatible: bool = False
    """Ignored: without `test` the image's own test is kept, as the docker command does."""
    interval: Duration | None = None
    """The time between two checks, such as 1m30s."""
    timeout: Duration | None = None
    """The maximum time of one check, such as 10s."""
    retries: int | None = None
    """The number of failures in a row that make the container unhealthy."""
    start_period: Duration | None = None
    """The time after the start in which failures are not counted (Docker 17.05 and later)."""
    start_interval: Duration | None = None
    """The time between two checks during the start period (Docker 25 and later)."""


class Network(Parameters):
    name: str
    """The network's name."""
    ipv4_address: str | None = None
    """The container's IPv4 address in the network."""
    ipv6_address: str | None = None
    """The container's IPv6 address in the network."""
    links: List | None = None
    """Containers to link to in the network, as `name:alias`."""
    aliases: List | None = None
    """Additional names of the container in the network."""
    mac_address: str | None = None
    """The container's MAC address in the network (Docker 25 and later)."""
    driver_opts: Texts | None = None
    """Options of the network's driver, by name (Docker 20.10 and later)."""


class ContainerConfig(DockerModule):
    """The parameters that a container is created with.

    A parameter that is not set is not compared.
    """

    auto_remove: bool | None = None
    """Remove the container when it ends."""
    blkio_weight: int | None = None
    """The relative weight of the container's disk access, from 10 to 1000."""
    capabilities: List | None = None
    """Linux capabilities to add."""
    cap_drop: List | None = None
    """Linux capabilities to remove."""
    cgroupns_mode: Literal["host", "private"] | None = None
    """The container's cgroup namespace: its own, or the host's (Docker 20.10 and later)."""
    cgroup_parent: str | None = None
    """The parent of the container's cgroup."""
    command: Command | None = None
    """The command, as a list of words or as one line. A line is split into words like in a shell,
    but no shell runs it."""
    cpu_period: int | None = None
    """The period of the CPU limit, in microseconds."""
    cpu_quota: int | None = None
    """The CPU time in each period, in microseconds."""
    cpus: float | None = None
    """The number of CPUs that the container may use, such as 1.5."""
    cpuset_cpus: str | None = None
    """The CPUs that the container may use, such as 0-2,4."""
    cpuset_mems: str | None = None
    """The memory nodes that the container may use, such as 0,1."""
    cpu_shares: int | None = None
    """The relative weight of the container's CPU time (the default of Docker is 1024)."""
    devices: List | None = None
    """Devices of the host, as `/dev/x[:/dev/y[:rwm]]`: path on the host, path in the container,
    permissions."""
    device_read_bps: tuple[Rate, ...] | None = None
    """Limits for reading from devices, in bytes per second."""
    device_write_bps: tuple[Rate, ...] | None = None
    """Limits for writing to devices, in bytes per second."""
    device_read_iops: tuple[Rate, ...] | None = None
    """Limits for reading from devices, in operations per second."""
    device_write_iops: tuple[Rate, ...] | None = None
    """Limits for writing to devices, in operations per second."""
    device_requests: tuple[DeviceRequest, ...] | None = None
    """GPUs and similar devices (Docker 19.03 and later). Only the first entry is used, as
    `--gpus`."""
    device_cgroup_rules: List | None = None
    """Rules for the device cgroup, such as `c 42:* rmw` (Docker 17.06 and later)."""
    dns_opts: List | None = None
    """Options of the resolver."""
    dns_servers: List | None = None
    """The name servers, in the order in which they are asked."""
    dns_search_domains: List | None = None
    """The search domains, in the order in which they are tried."""
    domainname: str | None = None
    """The container's domain name."""
    env: Texts | None = None
    """Environment variables, by name. Values reach docker on its standard input; values with a
    newline through its environment, which only root and the same user can read."""
    env_file: str | None = None
    """A file on the host with lines NAME=VALUE. Variables in `env` have priority."""
    entrypoint: List | None = None
    """The entry point to use instead of the image's. Its second and further words are put before
    the command, because the docker command accepts one word only."""
    etc_hosts: Texts | None = None
    """Lines to add to /etc/hosts: name to address."""
    exposed_ports: List | None = parameter(None, aliases=("exposed", "expose"))
    """The ports that the container listens on, such as 80, 53/udp, 7000-7010."""
    groups: List | None = None
    """Additional groups of the container's process, by name or number."""
    healthcheck: Healthcheck | None = None
    """How to check whether the container is healthy."""
    hostname: str | None = None
    """The container's host name."""
    init: bool | None = None
    """Run an init process in the container that reaps zombie processes."""
    interactive: bool | None = None
    """Keep the container's standard input open."""
    ipc_mode: str | None = None
    """The IPC namespace: host, private, shareable, or `container:NAME`."""
    kernel_memory: Size | None = None
    """The limit of kernel memory, such as 64M."""
    labels: Texts | None = None
    """Labels of the container, by name."""
    links: List | None = None
    """Containers to link to, as `name:alias` (bridge network only)."""
    log_driver: str | None = None
    """The log driver that receives the container's output."""
    log_options: Texts | None = parameter(None, aliases=("log_opt",))
    """Options of `log_driver`, by name."""
    mac_address: str | None = None
    """The container's MAC address."""
    memory: Size | None = None
    """The limit of memory, such as 512M; 0 is no limit."""
    memory_reservation: Size | None = None
    """The soft limit of memory, such as 256M."""
    memory_swap: Size | None = None
    """The limit of memory and swap together, such as 1G; `unlimited` or -1 is no limit."""
    memory_swappiness: int | None = None
    """How readily the kernel swaps out the container's memory, from 0 to 100."""
    mounts: tuple[ContainerMount, ...] | None = None
    """Volumes, directories and tmpfs to mount in the container (Docker 17.06 and later)."""
    network_mode: str | None = None
    """The network mode: bridge, host, none, default, `container:NAME`, or the name of a network; by
    default the first of `networks`."""
    networks: tuple[Network, ...] | None = None
    """The networks to connect the container to."""
    oom_killer: bool | None = None
    """Whether the kernel's OOM killer is disabled for the container (the name is Ansible's)."""
    oom_score_adj: int | None = None
    """The adjustment of the OOM score, from -1000 (killed last) to 1000 (killed first)."""
    pid_mode: str | None = None
    """The PID namespace: host, or `container:NAME`."""
    pids_limit: int | None = None
    """The maximum number of processes; -1 is no limit."""
    platform: str | None = None
    """The platform of the image, such as linux/amd64 (Docker 20.10 and later)."""
    privileged: bool | None = None
    """Give the container all privileges on the host."""
    publish_all_ports: bool | None = None
    """Publish every exposed port on a free port of the host."""
    published_ports: List | None = parameter(None, aliases=("ports",))
    """Ports of the host to forward to the container: `80`, `8080:80`, `127.0.0.1:8080:80/tcp`, and
    ranges."""
    read_only: bool | None = None
    """Make the container's root filesystem read-only."""
    restart_policy: Literal["no", "on-failure", "always", "unless-stopped"] | None = None
    """When docker starts the container again. Put `no` in quotes."""
    restart_retries: int | None = None
    """The maximum number of restarts, with `restart_policy: on-failure`."""
    runtime: str | None = None
    """The OCI runtime."""
    security_opts: List | None = None
    """Security options, such as `label=disable`."""
    shm_size: Size | None = None
    """The size of /dev/shm in the container, such as 64M."""
    stop_signal: str | None = None
    """The signal that asks the container to end."""
    stop_timeout: int | None = None
    """Seconds that the container has to end before it is killed."""
    storage_opts: Texts | None = None
    """Options of the storage driver, by name."""
    sysctls: Texts | None = None
    """Kernel parameters of the container's namespaces, by name."""
    tmpfs: List | None = None
    """Paths in the container to mount a tmpfs on, as `/run[:size=64m]`."""
    tty: bool | None = None
    """Give the container a terminal."""
    ulimits: List | None = None
    """Limits of resources, as `nofile:1024[:2048]`: name, soft limit, hard limit."""
    user: str | None = None
    """The user of the container's process, by name or number; a group may follow after a colon."""
    userns_mode: str | None = None
    """The user namespace; the only value is host."""
    uts: str | None = None
    """The UTS namespace; the only value is host."""
    volumes: List | None = None
    """Volumes and directories of the host, as `source:/path[:mode]`, or `/path` for an anonymous
    volume."""
    volume_driver: str | None = None
    """The driver of new volumes."""
    volumes_from: Words | None = None
    """Containers whose volumes are mounted too."""
    working_dir: str | None = None
    """The working directory of the container's process."""
