"""docker_container's parameters: first what makes a container, then how it is kept."""

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
    """The device in the container."""
    rate: Size
    """How much a second: bytes with a unit (20M), or operations."""


class DeviceRequest(Parameters):
    capabilities: list[list[str]] = parameter([])
    """What the device has to be able to do; --gpus takes the first list only."""
    count: int | None = None
    """How many; -1 is all."""
    device_ids: tuple[str, ...] = ()
    """Which."""
    driver: str | None = None
    """Whose driver."""
    options: Texts = parameter({})
    """The driver's options."""


class Mount(Parameters):
    target: str
    """Where in the container."""
    source: str | None = None
    """A volume's name or a path on the host."""
    type: Literal["bind", "npipe", "tmpfs", "volume", "cluster", "image"] = "volume"
    """What is mounted."""
    read_only: bool | None = None
    """Mount it read-only."""
    consistency: Literal["cached", "consistent", "default", "delegated"] | None = None
    """Meant for Docker on macOS."""
    propagation: Literal["private", "rprivate", "shared", "rshared", "slave", "rslave"] | None = (
        None
    )
    """How mounts below it travel (bind)."""
    no_copy: bool | None = None
    """Do not fill a new volume with what the image has there."""
    labels: Texts = parameter({})
    """Labels of a new volume."""
    volume_driver: str | None = None
    """Driver of a new volume."""
    volume_options: Texts = parameter({})
    """The driver's options."""
    tmpfs_size: Size | None = None
    """Size of a tmpfs."""
    tmpfs_mode: str | None = None
    """Mode of a tmpfs, octal."""


class Healthcheck(Parameters):
    test: Command | None = None
    """A command line for the container's shell, or a list that begins with CMD, CMD-SHELL or NONE.
    CMD words become a quoted command line: docker's own command knows nothing else."""
    test_cli_compatible: bool = False
    """Ignored: without a test, the image's test is kept, as docker's command does."""
    interval: Duration | None = None
    """Time between two checks (1m30s)."""
    timeout: Duration | None = None
    """Time that a check may take."""
    retries: int | None = None
    """Failures in a row that make it unhealthy."""
    start_period: Duration | None = None
    """Time in which failures do not count (Docker 17.05 and later)."""
    start_interval: Duration | None = None
    """Time between two checks in the start period (Docker 25 and later)."""


class Network(Parameters):
    name: str
    """The network."""
    ipv4_address: str | None = None
    """The container's address there."""
    ipv6_address: str | None = None
    """Its IPv6 address there."""
    links: List | None = None
    """Containers to link to, as `name:alias`."""
    aliases: List | None = None
    """More names of the container there."""
    mac_address: str | None = None
    """Its MAC address there (Docker 25 and later)."""
    driver_opts: Texts | None = None
    """Options for the network's driver (Docker 20.10 and later)."""


class ContainerConfig(DockerModule):
    """What a container is made of. Unset fields are left as they are."""

    auto_remove: bool | None = None
    """Remove the container when it ends."""
    blkio_weight: int | None = None
    """Relative weight of its disk access, 10 to 1000."""
    capabilities: List | None = None
    """Linux capabilities to add."""
    cap_drop: List | None = None
    """Linux capabilities to take away."""
    cgroupns_mode: Literal["host", "private"] | None = None
    """Its cgroup namespace (Docker 20.10 and later)."""
    cgroup_parent: str | None = None
    """The cgroup to put its own into."""
    command: Command | None = None
    """The command, as a line (split as a shell would, without a shell) or as words."""
    cpu_period: int | None = None
    """Period of the CPU limit in µs."""
    cpu_quota: int | None = None
    """CPU time in each period in µs."""
    cpus: float | None = None
    """How many CPUs it may use."""
    cpuset_cpus: str | None = None
    """Which CPUs (0-2,4)."""
    cpuset_mems: str | None = None
    """Which memory nodes."""
    cpu_shares: int | None = None
    """Relative weight of its CPU time."""
    devices: List | None = None
    """Devices of the host, as `/dev/x[:/dev/y[:rwm]]`."""
    device_read_bps: tuple[Rate, ...] | None = None
    """Limits for reading, in bytes a second."""
    device_write_bps: tuple[Rate, ...] | None = None
    """Limits for writing, in bytes a second."""
    device_read_iops: tuple[Rate, ...] | None = None
    """Limits for reading, in operations a second."""
    device_write_iops: tuple[Rate, ...] | None = None
    """Limits for writing, in operations a second."""
    device_requests: tuple[DeviceRequest, ...] | None = None
    """GPUs (Docker 19.03 and later): the first entry, as --gpus."""
    device_cgroup_rules: List | None = None
    """Rules for the device cgroup (Docker 17.06 and later)."""
    dns_opts: List | None = None
    """Options of its resolver."""
    dns_servers: List | None = None
    """Its name servers, in order."""
    dns_search_domains: List | None = None
    """Its search domains, in order."""
    domainname: str | None = None
    """Its domain."""
    env: Texts | None = None
    """Its environment. Values reach docker on stdin; those with a newline through docker's own
    environment, which only root and the same user can read."""
    env_file: str | None = None
    """A file on the host with lines NAME=VALUE; `env` wins over it."""
    entrypoint: List | None = None
    """The entry point, instead of the image's. All but its first word become the command's first
    words: docker's own command knows nothing else."""
    etc_hosts: Texts | None = None
    """More lines of /etc/hosts: name to address."""
    exposed_ports: List | None = parameter(None, aliases=("exposed", "expose"))
    """Ports (80, 53/udp, 7000-7010) that it says it listens on."""
    groups: List | None = None
    """More groups of its process."""
    healthcheck: Healthcheck | None = None
    """How to see whether it is healthy."""
    hostname: str | None = None
    """Its host name."""
    init: bool | None = None
    """Run an init in it, which reaps processes."""
    interactive: bool | None = None
    """Keep its stdin open."""
    ipc_mode: str | None = None
    """Its IPC namespace: host, `container:NAME`, private, shareable."""
    kernel_memory: Size | None = None
    """Limit of kernel memory."""
    labels: Texts | None = None
    """Its labels."""
    links: List | None = None
    """Containers to link to, as `name:alias` (bridge network only)."""
    log_driver: str | None = None
    """Where its output goes."""
    log_options: Texts | None = parameter(None, aliases=("log_opt",))
    """Options of log_driver."""
    mac_address: str | None = None
    """Its MAC address."""
    memory: Size | None = None
    """Limit of memory (512M); 0 is none."""
    memory_reservation: Size | None = None
    """Soft limit of memory."""
    memory_swap: Size | None = None
    """Limit of memory and swap together; unlimited or -1 is none."""
    memory_swappiness: int | None = None
    """How readily it is swapped out, 0 to 100."""
    mounts: tuple[Mount, ...] | None = None
    """What is mounted in it (Docker 17.06 and later)."""
    network_mode: str | None = None
    """bridge, host, none, default, `container:NAME`, or a network; unset is the first of
    `networks`."""
    networks: tuple[Network, ...] | None = None
    """The networks it is in."""
    oom_killer: bool | None = None
    """Whether the kernel's OOM killer is disabled for it (Ansible's name for that)."""
    oom_score_adj: int | None = None
    """How readily the OOM killer takes it."""
    pid_mode: str | None = None
    """Its PID namespace: host or `container:NAME`."""
    pids_limit: int | None = None
    """How many processes it may have; -1 is no limit."""
    platform: str | None = None
    """Platform of the image (Docker 20.10 and later)."""
    privileged: bool | None = None
    """Give it all rights."""
    publish_all_ports: bool | None = None
    """Publish every port that it exposes."""
    published_ports: List | None = parameter(None, aliases=("ports",))
    """Ports of the host that lead to it: `80`, `8080:80`, `127.0.0.1:8080:80/tcp`, ranges."""
    read_only: bool | None = None
    """Make its root read-only."""
    restart_policy: Literal["no", "on-failure", "always", "unless-stopped"] | None = None
    """When docker starts it again. Quote `no`."""
    restart_retries: int | None = None
    """How often at most, for on-failure."""
    runtime: str | None = None
    """The OCI runtime."""
    security_opts: List | None = None
    """Security options (`label=disable`)."""
    shm_size: Size | None = None
    """Size of its /dev/shm."""
    stop_signal: str | None = None
    """The signal that asks it to end."""
    stop_timeout: int | None = None
    """How many seconds it then has."""
    storage_opts: Texts | None = None
    """Options of the storage driver."""
    sysctls: Texts | None = None
    """Kernel parameters of its namespaces."""
    tmpfs: List | None = None
    """Paths that are a tmpfs, as `/run[:size=64m]`."""
    tty: bool | None = None
    """Give it a terminal."""
    ulimits: List | None = None
    """Limits, as `nofile:1024[:2048]`."""
    user: str | None = None
    """The user of its process, as name or number, with a group behind a colon."""
    userns_mode: str | None = None
    """Its user namespace: host."""
    uts: str | None = None
    """Its UTS namespace: host."""
    volumes: List | None = None
    """Volumes and directories of the host, as `source:/path[:mode]`, or `/path` for a new one."""
    volume_driver: str | None = None
    """Driver of its volumes."""
    volumes_from: Words | None = None
    """Containers whose volumes it gets."""
    working_dir: str | None = None
    """The directory of its process."""
