"""Find parameters of a container that docker would refuse, before the old container is touched.

Docker reports most of these when the container is created, some only when it is started.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from provisioner import regex
from provisioner.modules.docker_container.parameters import ContainerParameters
from provisioner.modules.docker_container.values import (
    VOLUME_MODES,
    any_address,
    port_range,
    ports,
    split_port,
    volume,
    without_slash,
)
from provisioner.modules.shared.docker.values import bytes_of

_VOLUME_NAME = regex.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_PROTOCOLS = ("tcp", "udp", "sctp")


def check(config: ContainerParameters) -> None:
    """Raise ValueError if the parameters contradict each other or can't be read."""
    for text in config.volumes or ():
        _check_volume(text)
    _check_mount_points(config)
    for text in config.published_ports or ():
        _check_published(text)
    _check_host_ports(config)
    _check_memory(config)
    _check_modes(config)
    if config.working_dir and not config.working_dir.startswith("/"):
        raise ValueError(f"working_dir: {config.working_dir!r} is not an absolute path")


def _check_volume(text: str) -> None:
    source, path, modes = volume(text)
    if text.count(":") > 2 or not all(text.split(":")):
        raise ValueError(
            f"volumes: {text!r} is not a volume: write source:/path, source:/path:mode or /path"
        )
    unknown = modes - VOLUME_MODES
    if unknown:
        raise ValueError(f"volumes: {min(unknown)!r} is not a mode of a volume (in {text!r})")
    if source:
        _check_source(source)
    elif modes:
        raise ValueError(
            f"volumes: an anonymous volume can't have the mode {','.join(sorted(modes))!r} (in "
            f"{text!r}): name its source, or use mounts"
        )
    _check_target("volumes", path)


def _check_source(source: str) -> None:
    if source.startswith("~"):
        raise ValueError(f"volumes: docker does not expand {source!r}: write an absolute path")
    if not source.startswith(("/", ".")) and not _VOLUME_NAME.fullmatch(source):
        raise ValueError(
            f"volumes: {source!r} is neither an absolute path nor the name of a volume: letters, "
            "digits, _, . and -"
        )


def _check_target(parameter: str, path: str) -> None:
    if not path.startswith("/"):
        raise ValueError(f"{parameter}: the path in the container {path!r} is not absolute")
    if path == "/":
        raise ValueError(f"{parameter}: nothing can be mounted at / in the container")


def _check_mount_points(config: ContainerParameters) -> None:
    """Refuse two mounts at one path."""
    owners: dict[str, str] = {}
    for parameter, path in _mount_points(config):
        _check_target(parameter, path)
        if path in owners:
            where = f"in {parameter}"
            if owners[path] == parameter:
                where = f"twice {where}"
            else:
                where = f"in {owners[path]} and {where}"
            raise ValueError(
                f"the mount point {path} is {where}: docker mounts one thing at a path"
            )
        owners[path] = parameter


def _mount_points(config: ContainerParameters) -> Iterator[tuple[str, str]]:
    """Yield each path that something is mounted at, with its parameter."""
    yield from (("volumes", volume(text)[1]) for text in config.volumes or ())
    yield from (("mounts", without_slash(mount.target)) for mount in config.mounts or ())
    yield from (("tmpfs", without_slash(text.partition(":")[0])) for text in config.tmpfs or ())


def _check_published(text: str) -> None:
    address, host, container = split_port(text)
    container, _, protocol = container.partition("/")
    if (protocol or "tcp") not in _PROTOCOLS:
        raise ValueError(f"published_ports: {protocol!r} is not tcp, udp or sctp (in {text!r})")
    if address:
        _check_address("published_ports", address, text)
    inside, outside = port_range(container), port_range(host)
    if not inside:
        raise ValueError(f"published_ports: {text!r} has no port of the container")
    if outside and len(outside) != len(inside) and len(inside) != 1:
        raise ValueError(
            f"published_ports: {text!r} has {len(outside)} ports of the host for {len(inside)} "
            "ports of the container"
        )


def _check_address(parameter: str, address: str, text: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise ValueError(f"{parameter}: {address!r} is not an IP address (in {text!r})") from None


def _check_host_ports(config: ContainerParameters) -> None:
    """Refuse a port of the host that is published twice at one address."""
    owners: dict[tuple[str, str], dict[str, str]] = {}
    default = any_address(config.default_host_ip or "")
    for container, address, host in dict.fromkeys(ports(config.published_ports or ())):
        if not host.isdigit() or host == "0":
            continue
        others = owners.setdefault((host, container.partition("/")[2]), {})
        address = address or default
        if others and ("" in others or not address or address in others):
            raise ValueError(f"published_ports: port {host} of the host is published twice")
        others[address] = container


def _check_memory(config: ContainerParameters) -> None:
    memory, swap, reservation = (
        0 if size is None else bytes_of(size)
        for size in (config.memory, config.memory_swap, config.memory_reservation)
    )
    if memory > 0 and 0 < swap < memory:
        raise ValueError("memory_swap is memory and swap together: it can't be less than memory")
    if memory > 0 and reservation > memory:
        raise ValueError("memory_reservation can't be more than memory")
    if config.cpus and (config.cpu_period or config.cpu_quota):
        raise ValueError("cpus can't be combined with cpu_period or cpu_quota")


def _check_modes(config: ContainerParameters) -> None:
    """Refuse parameters that need a network of the container's own where it has none."""
    if config.auto_remove and config.restart_policy not in (None, "no"):
        raise ValueError(
            f"auto_remove can't be combined with restart_policy: {config.restart_policy}"
        )
    mode = config.network_mode or ""
    if mode == "host" and config.links:
        raise ValueError("links need a network: they can't be combined with network_mode: host")
    if not mode.startswith("container:"):
        return
    for parameter in (
        "hostname",
        "links",
        "dns_servers",
        "etc_hosts",
        "mac_address",
        "published_ports",
        "publish_all_ports",
        "exposed_ports",
    ):
        if getattr(config, parameter):
            raise ValueError(f"{parameter} can't be combined with network_mode: {mode}")
