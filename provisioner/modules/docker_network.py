"""docker_network: keep a network and the containers in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import TaskContext, Words
from provisioner.modules.framework.fields import Parameters, parameter
from provisioner.modules.shared.docker import commands
from provisioner.modules.shared.docker.client import CLIENT, DockerModule, read_answer
from provisioner.modules.shared.docker.commands import DockerCommand
from provisioner.modules.shared.docker.fields import Texts
from provisioner.remote.shell import Program, Report

BODY = (
    CLIENT
    + r"""
error='' _what='' what="$verb network $name"
need_docker "$what" || return 0
ask network inspect "$name"
need_answer "$what" || return 0
report answer "$answer"
"""
)


class Pool(Parameters):
    """One block of addresses (an IPAM configuration)."""

    subnet: str | None = None
    """The subnet in CIDR notation, such as 172.23.0.0/24."""
    iprange: str | None = None
    """The part of the subnet that containers get their addresses from, in CIDR notation."""
    gateway: str | None = None
    """The gateway's address: the host's address in the subnet."""
    aux_addresses: Texts | None = None
    """Addresses that are in use already, by name of their owner."""

    def fits(self, block: Mapping[str, Any]) -> bool:
        """Whether a block of an existing network is the same, as far as it is given here."""
        settings = {
            "Subnet": self.subnet,
            "IPRange": self.iprange,
            "Gateway": self.gateway,
            "AuxiliaryAddresses": self.aux_addresses,
        }
        return all(value is None or block.get(key) == value for key, value in settings.items())

    def options(self) -> Iterator[str]:
        """Yield the options of `docker network create`."""
        options = {"subnet": self.subnet, "ip-range": self.iprange, "gateway": self.gateway}
        yield from (f"--{key}={value}" for key, value in options.items() if value)
        yield from (f"--aux-address={k}={v}" for k, v in (self.aux_addresses or {}).items())


class DockerNetwork(DockerModule):
    """Create or remove a network, and connect containers to it."""

    body: ClassVar[str] = BODY

    name: str = parameter(aliases=("network_name",))
    """The network's name."""
    state: Literal["absent", "present"] = "present"
    """Whether the network exists."""
    connected: Words = parameter((), aliases=("containers",))
    """The containers in the network, by name or id. Others are disconnected, unless the list is
    empty or `appends` is set."""
    appends: bool = parameter(False, aliases=("incremental",))
    """Keep containers connected that are not in `connected`."""
    force: bool = False
    """Disconnect all containers first, so that the network can be removed. With `state: present`
    the network is always recreated."""
    driver: str = "bridge"
    """The network's driver."""
    driver_options: Texts = parameter({})
    """Options of the driver, by name."""
    ipam_driver: str | None = None
    """The driver that assigns addresses (IPAM)."""
    ipam_driver_options: Texts | None = None
    """Options of `ipam_driver`, by name."""
    ipam_config: tuple[Pool, ...] | None = None
    """The blocks of addresses of the network."""
    ipam_options: Pool | None = None
    """One more block of addresses, as playbooks for Ansible before 2.10 write it."""
    enable_ipv4: bool | None = None
    """Whether the network uses IPv4 (Docker 28 and later)."""
    enable_ipv6: bool | None = None
    """Whether the network uses IPv6 too."""
    internal: bool | None = None
    """Whether the network has no access to external networks."""
    labels: Texts = parameter({})
    """Labels of the network, by name."""
    scope: Literal["local", "global", "swarm"] | None = None
    """The network's scope: `local` is this host, `swarm` all hosts of a swarm (Docker 17.09 and
    later)."""
    attachable: bool | None = None
    """Whether containers outside of swarm services may join a network of a swarm."""
    ingress: bool | None = None
    """Whether the network is the swarm's routing mesh (Docker 17.05 and later)."""
    config_only: bool | None = None
    """Whether the network only holds settings for other networks (Docker 17.09 and later)."""
    config_from: str | None = None
    """The network whose settings are used (Docker 17.09 and later)."""

    _before: Mapping[str, Any] | None = None

    @property
    def _pools(self) -> tuple[Pool, ...]:
        return (*(self.ipam_config or ()), *((self.ipam_options,) if self.ipam_options else ()))

    @property
    def acts(self) -> bool:
        return self.force and self.state == "present"

    def program(self, context: TaskContext) -> Program:
        verb = "remove" if self.state == "absent" else "create"
        variables = {"name": self.name, "verb": verb, **self.client_variables()}
        return Program("docker_network", self.body, variables)

    def edit(self, report: Report) -> Program | None:
        answer = read_answer(report)
        if answer is None:
            return None
        self._before = self._find(answer.objects())
        absent = self.state == "absent"
        needed = [*(self._remove() if absent else self._ensure_present())]
        if not needed:
            return None
        return commands.program(
            self,
            needed,
            subject=self.name,
            inspect=["network", "inspect", self.name],
            expect="absent" if absent else "present",
        )

    def _find(self, objects: list[dict[str, Any]]) -> Mapping[str, Any] | None:
        return next((item for item in objects if item.get("Name") == self.name), None)

    def _remove(self, reason: str = "") -> Iterator[DockerCommand]:
        if self._before is None:
            return
        if self.force or reason:
            yield from map(self._disconnect, self._containers())
        yield DockerCommand(f"remove network {self.name}{reason}", ["network", "rm", self.name])

    def _containers(self) -> dict[str, str]:
        """Return the ids of the containers in the network, by container name."""
        containers = (self._before or {}).get("Containers") or {}
        return {str(item.get("Name") or key): key for key, item in containers.items()}

    def _ensure_present(self) -> Iterator[DockerCommand]:
        """Create or recreate the network, then connect and disconnect containers."""
        containers = self._containers()
        desired = self.connected or tuple(containers)
        if self._before is None:
            yield self._create()
        elif (differences := self._differences()) or self.force:
            yield from self._remove(f" to recreate it: {', '.join(differences) or 'force'}")
            yield self._create()
            containers = {}
        for name in desired:
            if not any(_is(name, *container) for container in containers.items()):
                arguments = ["network", "connect", self.name, name]
                yield DockerCommand(f"connect {name} to network {self.name}", arguments)
        for container in containers.items():
            if not self.appends and not any(_is(name, *container) for name in desired):
                yield self._disconnect(container[0])

    def _disconnect(self, name: str) -> DockerCommand:
        arguments = ["network", "disconnect", "--force", self.name, name]
        return DockerCommand(f"disconnect {name} from network {self.name}", arguments)

    def _differences(self) -> list[str]:
        """Return the names of the parameters that differ from the existing network."""
        network = self._before or {}
        ipam = network.get("IPAM") or {}
        config_from = (network.get("ConfigFrom") or {}).get("Network", "")
        values = {
            "driver": ("null" if self.config_only else self.driver, network.get("Driver")),
            "ipam_driver": (self.ipam_driver, ipam.get("Driver")),
            "ipam_driver_options": (self.ipam_driver_options, ipam.get("Options") or {}),
            "enable_ipv4": (self.enable_ipv4, network.get("EnableIPv4", True)),
            "enable_ipv6": (self.enable_ipv6, network.get("EnableIPv6", False)),
            "internal": (self.internal, network.get("Internal", False)),
            "scope": (self.scope, network.get("Scope")),
            "attachable": (self.attachable, network.get("Attachable", False)),
            "ingress": (self.ingress, network.get("Ingress", False)),
            "config_only": (self.config_only, network.get("ConfigOnly", False)),
            "config_from": (self.config_from, config_from),
        }
        differences = [
            name for name, (desired, actual) in values.items() if desired not in (None, actual)
        ]
        for name, key in (("driver_options", "Options"), ("labels", "Labels")):
            if not getattr(self, name).items() <= (network.get(key) or {}).items():
                differences.append(name)
        blocks = ipam.get("Config") or ()
        if any(not any(pool.fits(block) for block in blocks) for pool in self._pools):
            differences.append("ipam_config")
        return differences

    def _create(self) -> DockerCommand:
        arguments = ["network", "create"]
        if not self.config_only:
            arguments.append(f"--driver={self.driver}")
        options = {
            "ipam-driver": self.ipam_driver,
            "scope": self.scope,
            "config-from": self.config_from,
        }
        arguments += [f"--{key}={value}" for key, value in options.items() if value]
        switches = {
            "ipv4": self.enable_ipv4,
            "ipv6": self.enable_ipv6,
            "internal": self.internal,
            "attachable": self.attachable,
            "ingress": self.ingress,
            "config-only": self.config_only,
        }
        arguments += [f"--{k}={str(v).lower()}" for k, v in switches.items() if v is not None]
        arguments += [f"--opt={key}={value}" for key, value in self.driver_options.items()]
        arguments += [f"--ipam-opt={k}={v}" for k, v in (self.ipam_driver_options or {}).items()]
        arguments += [f"--label={key}={value}" for key, value in self.labels.items()]
        arguments += [word for pool in self._pools for word in pool.options()]
        return DockerCommand(f"create network {self.name}", [*arguments, self.name])

    def returns(self, report: Report) -> dict[str, Any]:
        if self.state == "absent":
            return {}
        answer = read_answer(report)
        network = self._find(answer.objects() if answer else [])
        return {"network": dict(network or self._before or {})}


def _is(reference: str, name: str, container_id: str) -> bool:
    """Whether `reference` is the container's name, or its long or short id."""
    return reference == name or (len(reference) >= 12 and container_id.startswith(reference))
