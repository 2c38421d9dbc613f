"""Convert the parameters of a container to options of `docker create`, and to its stdin."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from provisioner.modules.docker_container.fields import (
    ContainerConfig,
    ContainerMount,
    DeviceRequest,
    Healthcheck,
    Network,
)
from provisioner.modules.docker_container.values import ulimit, volume_option
from provisioner.modules.shared.docker.values import bytes_of

VALUES = {
    "blkio_weight": "--blkio-weight",
    "cgroup_parent": "--cgroup-parent",
    "cgroupns_mode": "--cgroupns",
    "cpu_period": "--cpu-period",
    "cpu_quota": "--cpu-quota",
    "cpu_shares": "--cpu-shares",
    "cpus": "--cpus",
    "cpuset_cpus": "--cpuset-cpus",
    "cpuset_mems": "--cpuset-mems",
    "domainname": "--domainname",
    "hostname": "--hostname",
    "ipc_mode": "--ipc",
    "log_driver": "--log-driver",
    "mac_address": "--mac-address",
    "memory_swappiness": "--memory-swappiness",
    "oom_score_adj": "--oom-score-adj",
    "pid_mode": "--pid",
    "pids_limit": "--pids-limit",
    "platform": "--platform",
    "runtime": "--runtime",
    "stop_signal": "--stop-signal",
    "stop_timeout": "--stop-timeout",
    "user": "--user",
    "userns_mode": "--userns",
    "uts": "--uts",
    "volume_driver": "--volume-driver",
    "working_dir": "--workdir",
}
SIZES = {
    "kernel_memory": "--kernel-memory",
    "memory": "--memory",
    "memory_reservation": "--memory-reservation",
    "memory_swap": "--memory-swap",
    "shm_size": "--shm-size",
}
SWITCHES = {
    "auto_remove": "--rm",
    "init": "--init",
    "interactive": "--interactive",
    "oom_killer": "--oom-kill-disable",
    "privileged": "--privileged",
    "publish_all_ports": "--publish-all",
    "read_only": "--read-only",
    "tty": "--tty",
}
LISTS = {
    "cap_drop": "--cap-drop",
    "capabilities": "--cap-add",
    "device_cgroup_rules": "--device-cgroup-rule",
    "devices": "--device",
    "dns_opts": "--dns-opt",
    "dns_search_domains": "--dns-search",
    "dns_servers": "--dns",
    "exposed_ports": "--expose",
    "groups": "--group-add",
    "links": "--link",
    "published_ports": "--publish",
    "security_opts": "--security-opt",
    "tmpfs": "--tmpfs",
    "volumes_from": "--volumes-from",
}
DICTIONARIES = {
    "labels": "--label",
    "log_options": "--log-opt",
    "storage_opts": "--storage-opt",
    "sysctls": "--sysctl",
}
RATES = {
    "device_read_bps": "--device-read-bps",
    "device_read_iops": "--device-read-iops",
    "device_write_bps": "--device-write-bps",
    "device_write_iops": "--device-write-iops",
}

MAX_LINE = 60_000
"""Maximum bytes of a line in the environment file. Docker's own limit is 64 KiB."""


def create(config: ContainerConfig, name: str, image: str) -> list[str]:
    """Return the arguments of `docker create`, which reads the environment on its stdin."""
    arguments = ["create", "--name", name, "--env-file", "/dev/stdin"]
    arguments += [f"--env={key}" for key in exported(config.env or {})]
    arguments += options(config)
    entrypoint, command = entrypoint_and_command(config)
    if entrypoint is not None:
        arguments += ["--entrypoint", entrypoint]
    return [*arguments, image, *command]


def options(config: ContainerConfig) -> list[str]:
    """Return all options but the name, the environment and the entry point."""
    return [*_simple_options(config), *_other_options(config)]


def _simple_options(config: ContainerConfig) -> Iterator[str]:
    for key, flag in (VALUES | SIZES).items():
        value = getattr(config, key)
        if value is not None:
            if key in SIZES:
                value = bytes_of(value)
            elif key == "cpus":
                value = f"{value:g}"
            yield f"{flag}={value}"
    for key, flag in SWITCHES.items():
        if (value := getattr(config, key)) is not None:
            yield f"{flag}={'true' if value else 'false'}"
    for key, flag in LISTS.items():
        yield from (f"{flag}={item}" for item in getattr(config, key) or ())
    for key, flag in DICTIONARIES.items():
        yield from (f"{flag}={k}={v}" for k, v in (getattr(config, key) or {}).items())
    for key, flag in RATES.items():
        yield from (f"{flag}={r.path}:{bytes_of(r.rate)}" for r in getattr(config, key) or ())


def _other_options(config: ContainerConfig) -> Iterator[str]:
    if config.interactive:
        # As `docker run --detach` does. Otherwise the container's stdin is closed as soon as the
        # first client that attached to it leaves.
        yield from ("--attach=stdout", "--attach=stderr")
    yield from (f"--add-host={name}:{ip}" for name, ip in (config.etc_hosts or {}).items())
    for text in config.ulimits or ():
        name, soft, hard = ulimit(text)
        yield f"--ulimit={name}={soft}:{hard}"
    if config.restart_policy is not None:
        yield f"--restart={restart(config)}"
    if config.healthcheck is not None:
        yield from _health(config.healthcheck)
    yield from (f"--volume={volume_option(text)}" for text in config.volumes or ())
    yield from (f"--mount={_mount(mount)}" for mount in config.mounts or ())
    yield from (f"--gpus={_gpus(request)}" for request in (config.device_requests or ())[:1])
    yield from _network(config)


def restart(config: ContainerConfig) -> str:
    """Return the value of --restart, such as `on-failure:3`."""
    if config.restart_policy == "on-failure" and config.restart_retries:
        return f"on-failure:{config.restart_retries}"
    return str(config.restart_policy)


def health_test(test: tuple[str, ...] | str | None) -> list[str] | None:
    """Return a health check's test as `docker create` stores it: a line for a shell, or NONE."""
    if test is None:
        return None
    if isinstance(test, str):
        return ["CMD-SHELL", test]
    if test[:1] in (("NONE",), ()):
        return ["NONE"]
    if test[0] == "CMD-SHELL":
        return ["CMD-SHELL", " ".join(test[1:])]
    return ["CMD-SHELL", shlex.join(test[1:] if test[0] == "CMD" else test)]


def _health(check: Healthcheck) -> Iterator[str]:
    test = health_test(check.test)
    if test == ["NONE"]:
        yield "--no-healthcheck"
        return
    if test:
        yield f"--health-cmd={test[1]}"
    for key in ("interval", "timeout", "retries", "start_period", "start_interval"):
        if (value := getattr(check, key)) is not None:
            yield f"--health-{key.replace('_', '-')}={value}"


def _mount(mount: ContainerMount) -> str:
    parts = [f"type={mount.type}", f"target={mount.target}"]
    if mount.source:
        parts.append(f"source={mount.source}")
    if mount.read_only:
        parts.append("readonly")
    options = {
        "consistency": mount.consistency,
        "bind-propagation": mount.propagation,
        "volume-driver": mount.volume_driver,
        "tmpfs-size": mount.tmpfs_size and bytes_of(mount.tmpfs_size),
        "tmpfs-mode": mount.tmpfs_mode,
    }
    parts += [f"{key}={value}" for key, value in options.items() if value is not None]
    if mount.no_copy is not None:
        parts.append(f"volume-nocopy={str(mount.no_copy).lower()}")
    parts += [f"volume-label={key}={value}" for key, value in mount.labels.items()]
    parts += [f"volume-opt={key}={value}" for key, value in mount.volume_options.items()]
    return ",".join(map(_csv, parts))


def _csv(part: str) -> str:
    """Return one value of a comma-separated option, in quotes if it needs them."""
    return '"' + part.replace('"', '""') + '"' if re.search('[",]', part) else part


def _gpus(request: DeviceRequest) -> str:
    parts = []
    if request.device_ids:
        parts.append("device=" + ",".join(request.device_ids))
    elif request.count is not None:
        parts.append(f"count={'all' if request.count < 0 else request.count}")
    if request.driver:
        parts.append(f"driver={request.driver}")
    if request.capabilities:
        parts.append("capabilities=" + ",".join(request.capabilities[0]))
    parts += [f"options={key}={value}" for key, value in request.options.items()]
    return ",".join(map(_csv, parts)) or "all"


def first_network(config: ContainerConfig) -> str | None:
    """Return the network that the container is created in; None is docker's default."""
    if config.network_mode is not None:
        return config.network_mode
    return config.networks[0].name if config.networks else None


def _network(config: ContainerConfig) -> Iterator[str]:
    name = first_network(config)
    if name is None:
        return
    yield f"--network={name}"
    for network in config.networks or ():
        if network.name == name:
            yield from network_options(network, creating=True)


def network_options(network: Network, creating: bool = False) -> Iterator[str]:
    """Yield the options of `docker network connect`; with `creating`, those of `docker create`."""
    if network.ipv4_address:
        yield f"--ip={network.ipv4_address}"
    if network.ipv6_address:
        yield f"--ip6={network.ipv6_address}"
    flag = "--network-alias" if creating else "--alias"
    yield from (f"{flag}={alias}" for alias in network.aliases or ())
    yield from (f"--link={link}" for link in network.links or ())
    if network.mac_address and creating:
        yield f"--mac-address={network.mac_address}"
    if not creating:
        yield from (f"--driver-opt={k}={v}" for k, v in (network.driver_opts or {}).items())


def command_words(command: tuple[str, ...] | str | None) -> list[str] | None:
    """Return the words of a command, which is a line or already words."""
    if command is None:
        return None
    return shlex.split(command) if isinstance(command, str) else list(command)


def entrypoint_and_command(config: ContainerConfig) -> tuple[str | None, list[str]]:
    """Return entry point and command for the docker command.

    It accepts an entry point of one word only, so further words are put before the command.
    """
    command = command_words(config.command) or []
    if config.entrypoint is None:
        return None, command
    first_word = config.entrypoint[0] if config.entrypoint else ""
    return first_word, [*config.entrypoint[1:], *command]


def exported(env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that don't fit into a line; they go through docker's environment."""
    variables = {key: value for key, value in env.items() if not _fits_a_line(value)}
    for key in variables:
        if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", key):
            raise ValueError(
                f"env: the value of {key} does not fit into a line, so its name must be that of a "
                "shell variable: letters, digits and underscores"
            )
    return variables


def _fits_a_line(value: str) -> bool:
    if "\n" in value or value.endswith("\r") or len(value.encode("utf-8", "replace")) > MAX_LINE:
        return False
    return not any("\udc80" <= char <= "\udcff" for char in value)


def environment(env: Mapping[str, str]) -> tuple[str, Sequence[str]]:
    """Return the lines that docker reads on stdin, and assignments for its own environment."""
    other = exported(env)
    lines = [f"{key}={value}\n" for key, value in env.items() if key not in other]
    return "".join(lines), [f"{key}={value}" for key, value in other.items()]
