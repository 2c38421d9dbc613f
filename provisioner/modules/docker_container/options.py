"""How each parameter of a container is compared with the output of `docker inspect`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from provisioner.modules.docker_container import create, values
from provisioner.modules.docker_container.fields import ContainerConfig
from provisioner.modules.shared.docker.values import bytes_of
from provisioner.records import dataclass

Object = Mapping[str, Any]
Kind = Literal["value", "list", "set", "dict"]


@dataclass(frozen=True)
class Inspected:
    """The container and the task's image, as `docker inspect` shows them.

    The image is None if it is not on the host yet.
    """

    container: Object
    image: Object | None = None

    def at(self, path: str) -> Any:
        """Return a value of the container."""
        return at(self.container, path)

    def of_image(self, path: str) -> Any:
        """Return a value of the image."""
        return at(self.image or {}, path)


def at(item: Object, path: str) -> Any:
    """Return the value at a path such as `HostConfig.LogConfig.Type`; None if there is none."""
    value: Any = item
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


@dataclass(frozen=True)
class ComparedOption:
    """How one parameter is compared.

    `desired` converts the task's value into the form that `actual` returns for the container. The
    functions below call their arguments v (value), c (config), and s (inspected).
    """

    kind: Kind
    desired: Callable[[Any, ContainerConfig, Inspected], Any]
    actual: Callable[[Inspected], Any]


def _same(value: Any, config: ContainerConfig, inspected: Inspected) -> Any:
    return value


def _value(
    path: str, default: Any = "", desired: Callable[[Any], Any] | None = None
) -> ComparedOption:
    """A single value; docker leaves out a value that is not set, or writes null."""
    convert = desired or (lambda value: value)
    return ComparedOption("value", lambda v, c, s: convert(v), lambda s: _or(s.at(path), default))


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _list(path: str) -> ComparedOption:
    return ComparedOption("list", lambda v, c, s: list(v), lambda s: list(s.at(path) or ()))


def _set(path: str, each: Callable[[Any], Any] = str) -> ComparedOption:
    return ComparedOption(
        "set",
        lambda v, c, s: {each(item) for item in v},
        lambda s: {each(item) for item in s.at(path) or ()},
    )


def _dict(path: str) -> ComparedOption:
    return ComparedOption("dict", lambda v, c, s: dict(v), lambda s: dict(s.at(path) or {}))


def _rates(path: str) -> ComparedOption:
    return ComparedOption(
        "set",
        lambda v, c, s: {(rate.path, bytes_of(rate.rate)) for rate in v},
        lambda s: {(item["Path"], item["Rate"]) for item in s.at(path) or ()},
    )


def _size(path: str) -> ComparedOption:
    return _value(path, 0, bytes_of)


# Parameters that need more than a path.


def _env(value: Mapping[str, str], config: ContainerConfig, inspected: Inspected) -> dict[str, str]:
    return values.pairs(inspected.of_image("Config.Env")) | dict(value)


def _labels(
    value: Mapping[str, str], config: ContainerConfig, inspected: Inspected
) -> dict[str, str]:
    return dict(inspected.of_image("Config.Labels") or {}) | dict(value)


def _exposed(value: tuple[str, ...], config: ContainerConfig, inspected: Inspected) -> set[str]:
    published = {port for port, _, _ in values.ports(config.published_ports or ())}
    return set(inspected.of_image("Config.ExposedPorts") or {}) | values.exposed(value) | published


def _bindings(inspected: Inspected) -> set[values.Port]:
    """Return the published ports; an address that means all addresses counts as none."""
    return {
        (port, values.any_address(item.get("HostIp", "")), str(item.get("HostPort", "")))
        for port, items in (inspected.at("HostConfig.PortBindings") or {}).items()
        for item in items or ()
    }


def _desired_volumes(
    value: tuple[str, ...], config: ContainerConfig, inspected: Inspected
) -> set[Any]:
    image: set[Any] = {
        ("", path, frozenset()) for path in inspected.of_image("Config.Volumes") or ()
    }
    return image | {values.volume(text) for text in value}


def _volumes(inspected: Inspected) -> set[Any]:
    paths: set[Any] = {("", path, frozenset()) for path in inspected.at("Config.Volumes") or ()}
    return paths | {values.volume(text) for text in inspected.at("HostConfig.Binds") or ()}


def _command(value: Any, config: ContainerConfig, inspected: Inspected) -> list[str]:
    """Return the words of entry point and command together.

    The docker command moves words of the entry point to the command.
    """
    entrypoint = [word for word in config.entrypoint or () if word]
    return [*entrypoint, *(create.command_words(config.command) or ())]


def _words(inspected: Inspected, with_entrypoint: bool) -> list[str]:
    entrypoint = [word for word in inspected.at("Config.Entrypoint") or () if word]
    return [*(entrypoint if with_entrypoint else ()), *(inspected.at("Config.Cmd") or ())]


def _tmpfs(value: Any) -> dict[str, frozenset[str]]:
    items = value.items() if isinstance(value, Mapping) else (v.partition(":")[::2] for v in value)
    return {path: frozenset(filter(None, modes.split(","))) - {"rw"} for path, modes in items}


def _links(inspected: Inspected) -> set[str]:
    """Return the links as `container:alias`; docker writes `/db:/web/data` for `db:data`."""
    links = (link.partition(":") for link in inspected.at("HostConfig.Links") or ())
    return {f"{name.lstrip('/')}:{alias.rpartition('/')[2]}" for name, _, alias in links}


def _link(text: str) -> str:
    name, _, alias = text.partition(":")
    return f"{name}:{alias or name}"


def _device(item: Any) -> tuple[str, str, str]:
    if isinstance(item, str):
        return values.device(item)
    return item["PathOnHost"], item["PathInContainer"], item["CgroupPermissions"]


def _ulimit(item: Any) -> tuple[str, int, int]:
    return (
        values.ulimit(item) if isinstance(item, str) else (item["Name"], item["Soft"], item["Hard"])
    )


def _restart(inspected: Inspected) -> str:
    name, count = inspected.at("HostConfig.RestartPolicy.Name"), None
    if name == "on-failure":
        count = inspected.at("HostConfig.RestartPolicy.MaximumRetryCount")
    return f"{name or 'no'}{f':{count}' if count else ''}"


def _health(check: Any, config: ContainerConfig, inspected: Inspected) -> dict[str, Any]:
    settings = {
        "Test": create.health_test(check.test),
        "Interval": check.interval and values.nanoseconds(check.interval),
        "Timeout": check.timeout and values.nanoseconds(check.timeout),
        "Retries": check.retries,
        "StartPeriod": check.start_period and values.nanoseconds(check.start_period),
        "StartInterval": check.start_interval and values.nanoseconds(check.start_interval),
    }
    return {key: value for key, value in settings.items() if value is not None}


def _health_inspected(inspected: Inspected) -> dict[str, Any]:
    check = dict(inspected.at("Config.Healthcheck") or {})
    if check.get("Test"):
        check["Test"] = create.health_test(tuple(check["Test"]))
    return check


def _mount(mount: Any) -> tuple[str, str, str, bool]:
    return (mount.type, mount.source or "", mount.target.rstrip("/") or "/", bool(mount.read_only))


def _mounts(inspected: Inspected) -> set[tuple[str, str, str, bool]]:
    return {
        (
            item.get("Type", ""),
            item.get("Source", ""),
            item.get("Target", "").rstrip("/") or "/",
            bool(item.get("ReadOnly")),
        )
        for item in inspected.at("HostConfig.Mounts") or ()
    }


def _network_mode(inspected: Inspected) -> str:
    """Return the network mode; `default` and `bridge` mean the same, and Docker 26 mixes them."""
    return _without_default(inspected.at("HostConfig.NetworkMode") or "default")


def _without_default(mode: str) -> str:
    return "bridge" if mode == "default" else mode


def _mac(inspected: Inspected) -> str:
    """Return the MAC address, which Docker 26 has at another path, for running containers only."""
    return str(
        inspected.at("Config.MacAddress") or inspected.at("NetworkSettings.MacAddress") or ""
    ).lower()


def _requests(inspected: Inspected) -> set[Any]:
    return {
        (item.get("Driver") or "", item.get("Count") or 0, tuple(item.get("DeviceIDs") or ()))
        for item in inspected.at("HostConfig.DeviceRequests") or ()
    }


def _request(item: Any) -> tuple[str, int, tuple[str, ...]]:
    return item.driver or "", 0 if item.device_ids else item.count or 0, item.device_ids


OPTIONS: Mapping[str, ComparedOption] = {
    "auto_remove": _value("HostConfig.AutoRemove", False),
    "blkio_weight": _value("HostConfig.BlkioWeight", 0),
    "capabilities": _set("HostConfig.CapAdd", values.capability),
    "cap_drop": _set("HostConfig.CapDrop", values.capability),
    "cgroupns_mode": _value("HostConfig.CgroupnsMode"),
    "cgroup_parent": _value("HostConfig.CgroupParent"),
    "command": ComparedOption("list", _command, lambda s: _words(s, False)),
    "cpu_period": _value("HostConfig.CpuPeriod", 0),
    "cpu_quota": _value("HostConfig.CpuQuota", 0),
    "cpus": _value("HostConfig.NanoCpus", 0, lambda cpus: round(cpus * 10**9)),
    "cpuset_cpus": _value("HostConfig.CpusetCpus"),
    "cpuset_mems": _value("HostConfig.CpusetMems"),
    "cpu_shares": _value("HostConfig.CpuShares", 0),
    "devices": _set("HostConfig.Devices", _device),
    "device_read_bps": _rates("HostConfig.BlkioDeviceReadBps"),
    "device_write_bps": _rates("HostConfig.BlkioDeviceWriteBps"),
    "device_read_iops": _rates("HostConfig.BlkioDeviceReadIOps"),
    "device_write_iops": _rates("HostConfig.BlkioDeviceWriteIOps"),
    "device_requests": ComparedOption(
        "set", lambda v, c, s: {_request(item) for item in v}, _requests
    ),
    "device_cgroup_rules": _set("HostConfig.DeviceCgroupRules"),
    "dns_opts": _set("HostConfig.DnsOptions"),
    "dns_servers": _list("HostConfig.Dns"),
    "dns_search_domains": _list("HostConfig.DnsSearch"),
    "domainname": _value("Config.Domainname"),
    "env": ComparedOption("dict", _env, lambda s: values.pairs(s.at("Config.Env"))),
    "entrypoint": ComparedOption("list", _command, lambda s: _words(s, True)),
    "etc_hosts": ComparedOption(
        "dict",
        _same,
        lambda s: dict(h.split(":", 1) for h in s.at("HostConfig.ExtraHosts") or ()),
    ),
    "exposed_ports": ComparedOption(
        "set", _exposed, lambda s: set(s.at("Config.ExposedPorts") or {})
    ),
    "groups": _set("HostConfig.GroupAdd"),
    "healthcheck": ComparedOption("dict", _health, _health_inspected),
    "hostname": _value("Config.Hostname"),
    "init": _value("HostConfig.Init", False),
    "interactive": _value("Config.OpenStdin", False),
    "ipc_mode": _value("HostConfig.IpcMode"),
    "kernel_memory": _size("HostConfig.KernelMemory"),
    "labels": ComparedOption("dict", _labels, lambda s: dict(s.at("Config.Labels") or {})),
    "links": ComparedOption("set", lambda v, c, s: {_link(item) for item in v}, _links),
    "log_driver": _value("HostConfig.LogConfig.Type"),
    "log_options": _dict("HostConfig.LogConfig.Config"),
    "mac_address": ComparedOption("value", lambda v, c, s: v.lower(), _mac),
    "memory": _size("HostConfig.Memory"),
    "memory_reservation": _size("HostConfig.MemoryReservation"),
    "memory_swap": _size("HostConfig.MemorySwap"),
    "memory_swappiness": _value("HostConfig.MemorySwappiness", -1),
    "mounts": ComparedOption("set", lambda v, c, s: {_mount(mount) for mount in v}, _mounts),
    "network_mode": ComparedOption("value", lambda v, c, s: _without_default(v), _network_mode),
    "oom_killer": _value("HostConfig.OomKillDisable", False),
    "oom_score_adj": _value("HostConfig.OomScoreAdj", 0),
    "pid_mode": _value("HostConfig.PidMode"),
    # No limit is 0 in Docker 1.13, null in Docker 26.
    "pids_limit": ComparedOption(
        "value", lambda v, c, s: v or -1, lambda s: s.at("HostConfig.PidsLimit") or -1
    ),
    "platform": ComparedOption(
        "value", lambda v, c, s: v.split("/")[0], lambda s: (s.at("Platform") or "").split("/")[0]
    ),
    "privileged": _value("HostConfig.Privileged", False),
    "publish_all_ports": _value("HostConfig.PublishAllPorts", False),
    "published_ports": ComparedOption("set", lambda v, c, s: set(values.ports(v)), _bindings),
    "read_only": _value("HostConfig.ReadonlyRootfs", False),
    "restart_policy": ComparedOption("value", lambda v, c, s: create.restart(c), _restart),
    "runtime": _value("HostConfig.Runtime"),
    "security_opts": _set("HostConfig.SecurityOpt", lambda item: str(item).replace("=", ":", 1)),
    "shm_size": _size("HostConfig.ShmSize"),
    "stop_signal": _value("Config.StopSignal"),
    "stop_timeout": _value("Config.StopTimeout"),
    "storage_opts": _dict("HostConfig.StorageOpt"),
    "sysctls": _dict("HostConfig.Sysctls"),
    "tmpfs": ComparedOption(
        "dict", lambda v, c, s: _tmpfs(v), lambda s: _tmpfs(s.at("HostConfig.Tmpfs") or {})
    ),
    "tty": _value("Config.Tty", False),
    "ulimits": _set("HostConfig.Ulimits", _ulimit),
    "user": _value("Config.User"),
    "userns_mode": _value("HostConfig.UsernsMode"),
    "uts": _value("HostConfig.UTSMode"),
    "volumes": ComparedOption("set", _desired_volumes, _volumes),
    "volume_driver": _value("HostConfig.VolumeDriver"),
    "volumes_from": _set("HostConfig.VolumesFrom"),
    "working_dir": _value("Config.WorkingDir"),
}
