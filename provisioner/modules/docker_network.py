"""docker_network: a network is there as asked, with its containers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import TaskContext, Words
from provisioner.modules.framework.fields import Parameters, parameter
from provisioner.modules.shared.docker import steps
from provisioner.modules.shared.docker.client import ASK, DockerModule, answer
from provisioner.modules.shared.docker.fields import Texts
from provisioner.modules.shared.docker.steps import Step
from provisioner.remote.shell import Program, Report

BODY = (
    ASK
    + r"""
complaint='' _what='' what="$verb network $name"
installed "$what" || return 0
ask network inspect "$name"
answered "$what" || return 0
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

    def fits(self, there: Mapping[str, Any]) -> bool:
        given = {
            "Subnet": self.subnet,
            "IPRange": self.iprange,
            "Gateway": self.gateway,
            "AuxiliaryAddresses": self.aux_addresses,
        }
        return all(value is None or there.get(key) == value for key, value in given.items())

    def words(self) -> Iterator[str]:
        given = {"subnet": self.subnet, "ip-range": self.iprange, "gateway": self.gateway}
        yield from (f"--{key}={value}" for key, value in given.items() if value)
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
        variables = {"name": self.name, "verb": verb, **self.asking()}
        return Program("docker_network", self.body, variables)

    def edit(self, report: Report) -> Program | None:
        found = answer(report)
        if found is None:
            return None
        self._before = next((n for n in found.objects() if n.get("Name") == self.name), None)
        absent = self.state == "absent"
        plan = [*(self._removal("") if absent else self._steps())]
        if not plan:
            return None
        return steps.program(
            self,
            plan,
            subject=self.name,
            inspect=["network", "inspect", self.name],
            proof="gone" if absent else "there",
        )

    def _removal(self, why: str) -> Iterator[Step]:
        if self._before is None:
            return
        if self.force or why:
            yield from map(self._leave, self._containers())
        yield Step(f"remove network {self.name}{why}", ["network", "rm", self.name])

    def _containers(self) -> dict[str, str]:
        """Names of the containers in it ▶ their ids."""
        there = (self._before or {}).get("Containers") or {}
        return {str(item.get("Name") or key): key for key, item in there.items()}

    def _steps(self) -> Iterator[Step]:
        there = self._containers()
        wanted = self.connected or tuple(there)
        if self._before is None:
            yield self._creation()
        elif (different := self._differences()) or self.force:
            yield from self._removal(f" to make it anew: {', '.join(different) or 'force'}")
            yield self._creation()
            there = {}
        for name in wanted:
            if not any(_is(name, one, there[one]) for one in there):
                words = ["network", "connect", self.name, name]
                yield Step(f"connect {name} to network {self.name}", words)
        for one, key in there.items():
            if not self.appends and not any(_is(name, one, key) for name in wanted):
                yield self._leave(one)

    def _leave(self, name: str) -> Step:
        words = ["network", "disconnect", "--force", self.name, name]
        return Step(f"disconnect {name} from network {self.name}", words)

    def _differences(self) -> list[str]:
        """Names of the parameters that are given and otherwise there."""
        there = self._before or {}
        ipam = there.get("IPAM") or {}
        config_from = (there.get("ConfigFrom") or {}).get("Network", "")
        plain = {
            "driver": ("null" if self.config_only else self.driver, there.get("Driver")),
            "ipam_driver": (self.ipam_driver, ipam.get("Driver")),
            "ipam_driver_options": (self.ipam_driver_options, ipam.get("Options") or {}),
            "enable_ipv4": (self.enable_ipv4, there.get("EnableIPv4", True)),
            "enable_ipv6": (self.enable_ipv6, there.get("EnableIPv6", False)),
            "internal": (self.internal, there.get("Internal", False)),
            "scope": (self.scope, there.get("Scope")),
            "attachable": (self.attachable, there.get("Attachable", False)),
            "ingress": (self.ingress, there.get("Ingress", False)),
            "config_only": (self.config_only, there.get("ConfigOnly", False)),
            "config_from": (self.config_from, config_from),
        }
        found = [key for key, (wanted, now) in plain.items() if wanted not in (None, now)]
        for key, now in (("driver_options", "Options"), ("labels", "Labels")):
            if not getattr(self, key).items() <= (there.get(now) or {}).items():
                found.append(key)
        pools = ipam.get("Config") or ()
        if any(not any(pool.fits(one) for one in pools) for pool in self._pools):
            found.append("ipam_config")
        return found

    def _creation(self) -> Step:
        words = ["network", "create"]
        if not self.config_only:
            words.append(f"--driver={self.driver}")
        given = {
            "ipam-driver": self.ipam_driver,
            "scope": self.scope,
            "config-from": self.config_from,
        }
        words += [f"--{key}={value}" for key, value in given.items() if value]
        switches = {
            "ipv4": self.enable_ipv4,
            "ipv6": self.enable_ipv6,
            "internal": self.internal,
            "attachable": self.attachable,
            "ingress": self.ingress,
            "config-only": self.config_only,
        }
        words += [f"--{k}={str(v).lower()}" for k, v in switches.items() if v is not None]
        words += [f"--opt={key}={value}" for key, value in self.driver_options.items()]
        words += [f"--ipam-opt={k}={v}" for k, v in (self.ipam_driver_options or {}).items()]
        words += [f"--label={key}={value}" for key, value in self.labels.items()]
        words += [word for pool in self._pools for word in pool.words()]
        return Step(f"create network {self.name}", [*words, self.name])

    def returns(self, report: Report) -> dict[str, Any]:
        if self.state == "absent":
            return {}
        found = answer(report)
        objects = found.objects() if found else []
        network = next((n for n in objects if n.get("Name") == self.name), self._before)
        return {"network": dict(network or {})}


def _is(wanted: str, name: str, container_id: str) -> bool:
    """Whether `wanted` is that container's name, or its id, long or short."""
    return wanted == name or (len(wanted) >= 12 and container_id.startswith(wanted))
