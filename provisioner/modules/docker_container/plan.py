"""Compute the docker commands that turn a container into the one that the task describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provisioner.modules.docker_container import create, networks
from provisioner.modules.docker_container.compare import Difference
from provisioner.modules.docker_container.compare import differences as compare
from provisioner.modules.docker_container.options import Inspected
from provisioner.modules.docker_container.parameters import ContainerParameters
from provisioner.modules.shared.docker.commands import DockerCommand
from provisioner.modules.shared.docker.references import is_id, same_name, with_tag
from provisioner.modules.shared.docker.values import bytes_of

UPDATE_OPTIONS: Mapping[str, str] = {
    "blkio_weight": "--blkio-weight",
    "cpu_period": "--cpu-period",
    "cpu_quota": "--cpu-quota",
    "cpu_shares": "--cpu-shares",
    "cpuset_cpus": "--cpuset-cpus",
    "cpuset_mems": "--cpuset-mems",
    "kernel_memory": "--kernel-memory",
    "memory": "--memory",
    "memory_reservation": "--memory-reservation",
    "memory_swap": "--memory-swap",
    "restart_policy": "--restart",
}
"""The parameters that `docker update` can change, with its options in Docker 1.13."""


class ContainerPlan:
    """The commands that an existing or missing container needs.

    `container` and `image` are objects of `docker inspect`, None if they do not exist. After
    `commands`, `differences` has the parameters that differed.
    """

    def __init__(
        self,
        config: ContainerParameters,
        container: Mapping[str, Any] | None,
        image: Mapping[str, Any] | None,
    ) -> None:
        self.differences: Sequence[Difference] = ()
        self._config, self._container, self._image = config, container, image
        comparisons = dict(config.comparisons)
        if config.ignore_image:
            comparisons.setdefault("image", "ignore")
        if config.purge_networks:
            comparisons["networks"] = "strict"
        self._comparisons = comparisons
        self._running = bool(self._state("Running")) and not self._state("Dead")
        self._name = config.name
        self._id = str((container or {}).get("Id") or config.name)

    def commands(self) -> Iterator[DockerCommand]:
        """Yield the commands, in the order in which they have to run."""
        if self._config.state == "absent":
            if self._container is not None:
                yield from self._remove()
            return
        yield from self._ensure_configuration()
        yield from self._ensure_state()

    def _state(self, key: str) -> Any:
        return ((self._container or {}).get("State") or {}).get(key)

    # Configuration

    def _ensure_configuration(self) -> Iterator[DockerCommand]:
        """Create the container if it is missing; update or recreate it if it differs."""
        if self._container is None:
            yield from self._create()
            return
        self.differences = [*self._image_differences(), *self._parameter_differences()]
        if self._config.recreate or not self._can_update():
            yield from self._recreate()
            return
        if self.differences:
            names = ", ".join(item.parameter for item in self.differences)
            arguments = ["update", *self._update_options(), self._id]
            yield DockerCommand(f"update container {self._name}: {names}", arguments)
        yield from self._connect_networks(networks.attached(self._container))

    def _recreate(self) -> Iterator[DockerCommand]:
        reason = ", ".join(item.parameter for item in self.differences) or "recreate"
        if self._config.image is None:
            current = ((self._container or {}).get("Config") or {}).get("Image") or ""
            self._config = self._config.copy_with(image=current)
        yield from self._pull()
        yield from self._remove(f" to recreate it: {reason}")
        yield from self._create(pulled=True)
        self._running = False
        self._container = None

    def _create(self, pulled: bool = False) -> Iterator[DockerCommand]:
        config = self._config
        image = with_tag(config.image) if config.image else ""
        if not pulled:
            yield from self._pull()
        arguments = create.create(self._with_host_ip(), config.name, image)
        yield DockerCommand(f"create container {config.name}", arguments, "create")
        first = create.first_network(config)
        others = [network for network in config.networks or () if network.name != first]
        yield from networks.changes(others, {}, config.name, False)

    def _with_host_ip(self) -> ContainerParameters:
        """Return the parameters, with default_host_ip in published ports that have no address."""
        config = self._config
        if not config.default_host_ip or not config.published_ports:
            return config
        ip = config.default_host_ip
        ports = tuple(
            text if text.count(":") > 1 else f"{ip}:{text if ':' in text else ':' + text}"
            for text in config.published_ports
        )
        return config.copy_with(published_ports=ports)

    def _pull(self) -> Iterator[DockerCommand]:
        image = with_tag(self._config.image or "")
        if image and self._image is None and self._config.pull == "missing" and not is_id(image):
            yield DockerCommand(f"pull image {image}", ["pull", image])

    def _image_differences(self) -> Iterator[Difference]:
        how = self._comparisons.get("image", self._comparisons.get("*", "strict"))
        if self._config.image is None or how == "ignore":
            return
        container = self._container or {}
        desired = with_tag(self._config.image)
        actual = (container.get("Config") or {}).get("Image") or ""
        if self._image is None or self._image.get("Id") != container.get("Image"):
            never_pulled = self._image is None and self._config.pull == "never"
            if never_pulled and desired == with_tag(actual):
                return
            yield Difference("image", desired, f"{actual} {container.get('Image')}")
        elif self._config.image_name_mismatch == "recreate" and not same_name(desired, actual):
            yield Difference("image", desired, actual)

    def _parameter_differences(self) -> Sequence[Difference]:
        current = self._config.image is None or self._config.image_comparison == "current-image"
        image = None if current else self._image
        inspected = Inspected(self._container or {}, image)
        return compare(self._with_host_ip(), inspected, self._comparisons)

    def _can_update(self) -> bool:
        """Whether `docker update` can change all that differs; it can't remove a limit."""
        names = {item.parameter for item in self.differences}
        removes_limit = any(
            item.parameter in ("memory", "memory_swap") and item.desired == 0
            for item in self.differences
        )
        return names <= UPDATE_OPTIONS.keys() and not removes_limit

    def _update_options(self) -> Iterator[str]:
        names = {item.parameter for item in self.differences}
        for item in self.differences:
            yield f"{UPDATE_OPTIONS[item.parameter]}={item.desired}"
        config = self._config
        if "memory" in names and "memory_swap" not in names:
            # Docker refuses a memory limit above the existing limit of memory and swap, even if
            # that is docker's own default.
            swap = config.memory_swap or str(2 * bytes_of(config.memory or "0"))
            yield f"--memory-swap={bytes_of(swap)}"

    def _connect_networks(self, endpoints: Mapping[str, Any]) -> Iterator[DockerCommand]:
        how = self._comparisons.get("networks")
        strict = (how or self._comparisons.get("*")) == "strict"
        if self._config.networks is not None and how != "ignore":
            yield from networks.changes(self._config.networks, endpoints, self._name, strict)

    # State

    def _ensure_state(self) -> Iterator[DockerCommand]:
        """Start, stop, restart or pause the container."""
        config = self._config
        if config.state == "stopped":
            if self._running:
                yield self._stop()
            return
        if config.state in ("started", "healthy"):
            yield from self._start()
        paused = bool(self._state("Paused")) and self._running
        if config.paused in (None, paused) or (config.state == "present" and not self._running):
            return
        verb = "pause" if config.paused else "unpause"
        yield DockerCommand(f"{verb} container {self._name}", [verb, self._name])

    def _start(self) -> Iterator[DockerCommand]:
        config, name = self._config, self._name
        if not self._running:
            yield DockerCommand(f"start container {name}", ["start", name])
            if config.detach is False:
                yield DockerCommand(f"wait for {name}", [name], "wait")
        elif config.restart:
            arguments = ["restart", *self._time_option(), self._id]
            yield DockerCommand(f"restart container {name}", arguments)

    def _time_option(self) -> list[str]:
        timeout = self._config.stop_timeout
        return [] if timeout is None else [f"--time={timeout}"]

    def _stop(self) -> DockerCommand:
        config = self._config
        if config.force_kill:
            signal = [f"--signal={config.kill_signal}"] if config.kill_signal else []
            return DockerCommand(f"kill container {self._name}", ["kill", *signal, self._id])
        arguments = ["stop", *self._time_option(), self._id]
        return DockerCommand(f"stop container {self._name}", arguments)

    def _remove(self, reason: str = "") -> Iterator[DockerCommand]:
        if self._running:
            if self._state("Paused"):
                yield DockerCommand(f"unpause container {self._name}", ["unpause", self._id])
            yield self._stop()
        removes_itself = ((self._container or {}).get("HostConfig") or {}).get("AutoRemove")
        if self._running and removes_itself:
            yield DockerCommand(f"wait until {self._name} is gone", [self._id], "wait_removed")
            return
        volumes = [] if self._config.keep_volumes else ["--volumes"]
        arguments = ["rm", "--force", *volumes, self._id]
        yield DockerCommand(f"remove container {self._name}{reason}", arguments)
