"""The steps that lead from a container as it is to the one that is asked for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from provisioner.modules.docker_container import create, networks
from provisioner.modules.docker_container.compare import Difference
from provisioner.modules.docker_container.compare import differences as compare
from provisioner.modules.docker_container.options import Seen
from provisioner.modules.docker_container.parameters import ContainerParameters
from provisioner.modules.shared.docker.references import full, is_id, same_name
from provisioner.modules.shared.docker.steps import Step
from provisioner.modules.shared.docker.values import bytes_of

UPDATES: Mapping[str, str] = {
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
"""What `docker update` can change (those that 1.13 has)."""


class Plan:
    """The steps from the container as it is to the one that is asked for."""

    def __init__(
        self,
        config: ContainerParameters,
        there: Mapping[str, Any] | None,
        image: Mapping[str, Any] | None,
        note: Callable[[Sequence[Difference]], None] = lambda differences: None,
    ) -> None:
        self._config, self._there, self._image, self._note = config, there, image, note
        asked = dict(config.comparisons)
        if config.ignore_image:
            asked.setdefault("image", "ignore")
        if config.purge_networks:
            asked["networks"] = "strict"
        self._asked = asked
        self._running = bool(self._state("Running")) and not self._state("Dead")
        self._name = config.name
        self._id = str((there or {}).get("Id") or config.name)

    def _state(self, key: str) -> Any:
        return ((self._there or {}).get("State") or {}).get(key)

    def steps(self) -> Iterator[Step]:
        if self._config.state == "absent":
            if self._there is not None:
                yield from self._removal()
            return
        yield from self._made()
        yield from self._kept()

    # -- there, and as asked

    def _made(self) -> Iterator[Step]:
        if self._there is None:
            yield from self._creation()
            return
        found = [*self._different_image(), *self._differences()]
        self._note(found)
        if self._config.recreate or not self._updatable(found):
            yield from self._anew(found)
            return
        if found:
            names = ", ".join(item.option for item in found)
            words = ["update", *self._update(found), self._id]
            yield Step(f"update container {self._name}: {names}", words)
        yield from self._networks(networks.attached(self._there))

    def _anew(self, found: Sequence[Difference]) -> Iterator[Step]:
        why = ", ".join(item.option for item in found) or "recreate"
        if self._config.image is None:
            known = ((self._there or {}).get("Config") or {}).get("Image") or ""
            self._config = self._config.copy_with(image=known)
        yield from self._pull()
        yield from self._removal(f" to make it anew: {why}")
        yield from self._creation(pulled=True)
        self._running = False
        self._there = None

    def _creation(self, pulled: bool = False) -> Iterator[Step]:
        config = self._config
        image = full(config.image) if config.image else ""
        if not pulled:
            yield from self._pull()
        words = create.create(self._with_host_ip(), config.name, image)
        yield Step(f"create container {config.name}", words, "create")
        first = create.first_network(config)
        there = {} if first is None else {first: None}
        if first is None or not config.networks_cli_compatible:
            there.setdefault("bridge", None)
        rest = [item for item in config.networks or () if item.name != first]
        yield from networks.changes(rest, {}, config.name, False)

    def _with_host_ip(self) -> ContainerParameters:
        config = self._config
        if not config.default_host_ip or not config.published_ports:
            return config
        ip = config.default_host_ip
        ports = tuple(
            text if text.count(":") > 1 else f"{ip}:{text if ':' in text else ':' + text}"
            for text in config.published_ports
        )
        return config.copy_with(published_ports=ports)

    def _pull(self) -> Iterator[Step]:
        image = full(self._config.image or "")
        if image and self._image is None and self._config.pull == "missing" and not is_id(image):
            yield Step(f"pull image {image}", ["pull", image])

    def _different_image(self) -> Iterator[Difference]:
        how = self._asked.get("image", self._asked.get("*", "strict"))
        if self._config.image is None or how == "ignore":
            return
        there = self._there or {}
        name, now = full(self._config.image), (there.get("Config") or {}).get("Image") or ""
        if self._image is None or self._image.get("Id") != there.get("Image"):
            if self._image is None and self._config.pull == "never" and name == full(now):
                return
            yield Difference("image", name, f"{now} {there.get('Image')}")
        elif self._config.image_name_mismatch == "recreate" and not same_name(name, now):
            yield Difference("image", name, now)

    def _differences(self) -> Sequence[Difference]:
        current = self._config.image is None or self._config.image_comparison == "current-image"
        image = None if current else self._image
        config = self._with_host_ip()
        return compare(config, Seen(self._there or {}, image), self._asked)

    def _updatable(self, found: Sequence[Difference]) -> bool:
        names = {item.option for item in found}
        lifts = any(i.option in ("memory", "memory_swap") and i.wanted == 0 for i in found)
        return names <= UPDATES.keys() and not lifts

    def _update(self, found: Sequence[Difference]) -> Iterator[str]:
        names = {item.option for item in found}
        for item in found:
            yield f"{UPDATES[item.option]}={item.wanted}"
        config = self._config
        if "memory" in names and "memory_swap" not in names:
            # Docker refuses a limit above the old one of memory and swap, even its own default's.
            swap = config.memory_swap or str(2 * bytes_of(config.memory or "0"))
            yield f"--memory-swap={bytes_of(swap)}"

    def _networks(self, there: Mapping[str, Any]) -> Iterator[Step]:
        strict = self._asked.get("networks", self._asked.get("*")) == "strict"
        if self._config.networks is not None and self._asked.get("networks") != "ignore":
            yield from networks.changes(self._config.networks, there, self._name, strict)

    # -- running or not

    def _kept(self) -> Iterator[Step]:
        config = self._config
        if config.state == "stopped":
            if self._running:
                yield self._stop()
            return
        if config.state in ("started", "healthy"):
            yield from self._started()
        paused = bool(self._state("Paused")) and self._running
        if config.paused in (None, paused) or (config.state == "present" and not self._running):
            return
        verb = "pause" if config.paused else "unpause"
        yield Step(f"{verb} container {self._name}", [verb, self._name])

    def _started(self) -> Iterator[Step]:
        config = self._config
        if not self._running:
            yield Step(f"start container {self._name}", ["start", self._name])
            if config.detach is False:
                yield Step(f"wait for {self._name}", [self._name], "wait")
        elif config.restart:
            yield Step(f"restart container {self._name}", ["restart", *self._time(), self._id])

    def _time(self) -> list[str]:
        timeout = self._config.stop_timeout
        return [] if timeout is None else [f"--time={timeout}"]

    def _stop(self, why: str = "") -> Step:
        config = self._config
        if config.force_kill:
            signal = [f"--signal={config.kill_signal}"] if config.kill_signal else []
            return Step(f"kill container {self._name}{why}", ["kill", *signal, self._id])
        return Step(f"stop container {self._name}{why}", ["stop", *self._time(), self._id])

    def _removal(self, why: str = "") -> Iterator[Step]:
        if self._running:
            if self._state("Paused"):
                yield Step(f"unpause container {self._name}", ["unpause", self._id])
            yield self._stop()
        if self._running and ((self._there or {}).get("HostConfig") or {}).get("AutoRemove"):
            yield Step(f"wait until {self._name} is gone", [self._id], "vanish")
            return
        volumes = [] if self._config.keep_volumes else ["--volumes"]
        words = ["rm", "--force", *volumes, self._id]
        yield Step(f"remove container {self._name}{why}", words)
