"""Compute the docker commands that turn a container into the one that the task describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provisioner.modules.docker_container import create, networks, replacement
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
    `commands`, `differences` has the parameters that differed, and `replaces` says whether a new
    container takes the place of the old one.
    """

    def __init__(
        self,
        config: ContainerParameters,
        container: Mapping[str, Any] | None,
        image: Mapping[str, Any] | None,
    ) -> None:
        self.differences: Sequence[Difference] = ()
        self.replaces = False
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
            yield from self._pull()
            yield from self._create(f"create container {self._name}", self._name)
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
        """Put a new container in the place of the old one: see replacement.py."""
        self.replaces = True
        config, name = self._config, self._name
        if config.image is None:
            image = str((self._container or {}).get("Image") or "")
            self._config = config = config.copy_with(image=image)
        yield from replacement.needs(config)
        yield from self._pull()
        reason = ", ".join(item.parameter for item in self.differences) or "recreate"
        what = f"create a new container {name}: {reason}"
        yield from self._create(what, replacement.new_name(name))
        vanishes = self._running and self._removes_itself()
        yield from self._stop_old()
        yield DockerCommand("", ["put_in_place"], "call")
        self._running = config.state in ("started", "healthy")
        if self._running:
            yield DockerCommand(f"start container {name}", ["start", name])
        yield DockerCommand("", ["check_new"], "call")
        if not vanishes:
            yield DockerCommand(
                f"remove the old container {name}", ["remove_old", *self._rm()], "call"
            )
        self._container = None

    def _stop_old(self) -> Iterator[DockerCommand]:
        """Stop the old container, so that it is started again if the new one is refused."""
        for command in self._stop_completely():
            if command.kind == "act":
                yield DockerCommand(command.what, ["stop_old", *command.arguments], "call")
            else:
                yield command

    def _create(self, what: str, name: str) -> Iterator[DockerCommand]:
        """Create a container under `name`, in all its networks."""
        config = self._config
        yield from replacement.needs_image(config)
        image = with_tag(config.image) if config.image else ""
        arguments = create.create(self._with_host_ip(), name, image)
        yield DockerCommand(what, arguments, "create")
        first = create.first_network(config)
        others = [network for network in config.networks or () if network.name != first]
        yield from networks.changes(others, {}, name, False)

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
        starts = self.replaces or not self._running
        if not self._running:
            yield DockerCommand(f"start container {name}", ["start", name])
        elif config.restart and not self.replaces:
            arguments = ["restart", *self._time_option(), self._id]
            yield DockerCommand(f"restart container {name}", arguments)
        if starts and config.detach is False:
            yield DockerCommand(f"wait for {name}", [name], "wait")

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

    def _remove(self) -> Iterator[DockerCommand]:
        yield from self._stop_completely()
        if not (self._running and self._removes_itself()):
            yield DockerCommand(f"remove container {self._name}", self._rm())

    def _stop_completely(self) -> Iterator[DockerCommand]:
        """Stop the container if it runs, even if it is paused or removes itself."""
        if not self._running:
            return
        if self._state("Paused"):
            yield DockerCommand(f"unpause container {self._name}", ["unpause", self._id])
        yield self._stop()
        if self._removes_itself():
            yield DockerCommand(f"wait until {self._name} is gone", [self._id], "wait_removed")

    def _removes_itself(self) -> bool:
        return bool(((self._container or {}).get("HostConfig") or {}).get("AutoRemove"))

    def _rm(self) -> list[str]:
        volumes = [] if self._config.keep_volumes else ["--volumes"]
        return ["rm", "--force", *volumes, self._id]
