"""firewalld: set what a zone of the firewall allows, now and after a restart."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Program

KINDS = {
    "service": "service",
    "port": "port",
    "protocol": "protocol",
    "source": "source",
    "interface": "interface",
    "rich_rule": "rich-rule",
    "icmp_block": "icmp-block",
    "icmp_block_inversion": "icmp-block-inversion",
    "masquerade": "masquerade",
    "forward": "forward",
    "port_forward": "forward-port",
}
"""Parameter -> WORD in the options --query-WORD, --add-WORD and --remove-WORD of firewall-cmd."""

SWITCHES = ("icmp_block_inversion", "masquerade", "forward")


class Firewalld(Module):
    """A zone of firewalld has, or has not, one service, port, source, rule or the like."""

    body: ClassVar[str] = load_body("firewalld.sh")

    state: Literal["enabled", "disabled", "present", "absent"]
    """Whether the zone has it; present and absent are for a zone itself and its target."""
    zone: str | None = None
    """The zone; firewalld's default one by default."""
    service: str | None = None
    """A service by its name in firewalld: `https`."""
    port: str | None = None
    """A port or range with its protocol: `8080/tcp`, `6000-6100/udp`."""
    protocol: str | None = None
    """A protocol: `ospf`."""
    source: str | None = None
    """A network whose traffic belongs to the zone: `10.0.0.0/8`."""
    interface: str | None = None
    """An interface that belongs to the zone; it is taken out of any other."""
    rich_rule: str | None = None
    """A rich rule, as firewalld writes it."""
    icmp_block: str | None = None
    """An ICMP type that is refused."""
    icmp_block_inversion: bool | None = None
    """Refuse all ICMP types but the blocked ones."""
    masquerade: bool | None = None
    """Masquerade what is forwarded."""
    forward: bool | None = None
    """Forward within the zone (firewalld 0.9 and newer)."""
    port_forward: tuple[dict[str, Any], ...] | None = None
    """One forwarding: port, proto, toport, toaddr."""
    target: Literal["default", "ACCEPT", "DROP", "%%REJECT%%"] | None = None
    """What happens to packets that nothing else matches; permanent only."""
    permanent: bool | None = None
    """Keep it in the configuration; also while firewalld is not running."""
    immediate: bool = False
    """Change the running firewall; so it is too when `permanent` is not set."""
    offline: bool | None = None
    """Accept that a firewall that is not running is changed in its configuration only."""
    timeout: int = 0
    """Seconds until the running firewall forgets it again; 0 is never."""

    @classmethod
    def validate_port_forward(cls, forwards: Any) -> Any:
        if forwards is not None and len(forwards) > 1:
            raise ValueError("only one port forward is supported at a time")
        return forwards

    def validate(self) -> None:
        given = [name for name in (*KINDS, "target") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"one task can change one thing, not {', '.join(given)}")
        if not given and (self.zone is None or self.state not in ("present", "absent")):
            raise ValueError(
                f"give one of {', '.join(KINDS)}, or a zone with state present or absent"
            )
        if given and given != ["target"] and self.state in ("present", "absent"):
            raise ValueError("state present and absent are for zones and targets: use enabled")
        if self.port is not None and "/" not in self.port:
            raise ValueError("port needs its protocol: 8080/tcp")
        if self._kind() in ("zone", "target") and not self.permanent:
            raise ValueError("zones and targets can be changed with permanent: true only")

    def _kind(self) -> str:
        """Return the parameter that the task sets, or "zone"."""
        names = [name for name in (*KINDS, "target") if getattr(self, name) is not None]
        return names[0] if names else "zone"

    @property
    def _enable(self) -> bool:
        """Whether firewalld is to have it. `masquerade: false` with `enabled` means no."""
        enabled = self.state in ("enabled", "present")
        kind = self._kind()
        return enabled if kind not in SWITCHES or getattr(self, kind) else not enabled

    def _value(self) -> str | None:
        kind = self._kind()
        if kind in SWITCHES:
            return None
        if kind == "port_forward":
            (rule,) = self.port_forward or ({},)
            words = [f"port={rule.get('port', '')}", f"proto={rule.get('proto', '')}"]
            words += [f"{key}={rule[key]}" for key in ("toport", "toaddr") if rule.get(key)]
            return ":".join(words)
        return str(getattr(self, kind)) if kind in KINDS else None

    def program(self, context: TaskContext) -> Program:
        kind, value = self._kind(), self._value()
        word = KINDS.get(kind, kind)
        tail = "" if value is None else f"={value}"
        verb = "add" if self._enable else "remove"
        if kind == "interface" and self._enable:
            verb = "change"  # --add-interface fails if another zone has the interface
        keep = bool(self.permanent)
        variables = {
            "kind": kind,
            "zone": self.zone,
            "enable": self._enable,
            "queries": (f"--query-{word}{tail}",),
            "changes": (f"--{verb}-{word}{tail}",),
            "kept": keep,
            "now": self.immediate or not keep,
            "given_now": self.immediate,
            "offline": self.offline,
            "timeout": self.timeout,
            "wanted_target": "default" if self.state == "absent" else self.target,
            "what": self._what(value),
        }
        return Program("firewalld", self.body, variables)

    def _what(self, value: str | None) -> str:
        kind = self._kind()
        if kind == "zone":
            return f"{'create' if self._enable else 'remove'} zone {self.zone}"
        where = f" in zone {self.zone}" if self.zone else ""
        if kind == "target":
            return f"set target{where}: {self.target}"
        name = kind.replace("_", " ")
        return f"{'enable' if self._enable else 'disable'} {name} {value or ''}".rstrip() + where
