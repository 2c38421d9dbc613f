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
    """Set what a zone of firewalld allows: a service, port, source, rule or the like.

    One task sets one of them.
    """

    body: ClassVar[str] = load_body("firewalld.sh")

    state: Literal["enabled", "disabled", "present", "absent"]
    """enabled adds it to the zone, disabled removes it. present and absent are for a zone itself
    and its target."""
    zone: str | None = None
    """The zone. The default is the default zone of firewalld."""
    service: str | None = None
    """A service by its name in firewalld, such as `https`."""
    port: str | None = None
    """A port or range with its protocol: `8080/tcp` or `6000-6100/udp`."""
    protocol: str | None = None
    """A protocol, such as `ospf`."""
    source: str | None = None
    """A network whose traffic belongs to the zone, such as `10.0.0.0/8`."""
    interface: str | None = None
    """A network interface that belongs to the zone. It is removed from any other zone."""
    rich_rule: str | None = None
    """A rich rule in the notation of firewalld."""
    icmp_block: str | None = None
    """An ICMP type to block."""
    icmp_block_inversion: bool | None = None
    """Block all ICMP types except the listed ones."""
    masquerade: bool | None = None
    """Masquerade forwarded traffic."""
    forward: bool | None = None
    """Forward traffic within the zone (firewalld 0.9 and later)."""
    port_forward: tuple[dict[str, Any], ...] | None = None
    """One port forwarding: port, proto, toport, toaddr."""
    target: Literal["default", "ACCEPT", "DROP", "%%REJECT%%"] | None = None
    """What happens to packets that match no rule. Needs `permanent: true`."""
    permanent: bool | None = None
    """Change the configuration, so that it remains after a restart. This also works while firewalld
    is not running."""
    immediate: bool = False
    """Change the running firewall too. Without `permanent` this is always done."""
    offline: bool | None = None
    """Do not fail with `immediate` if firewalld is not running: change only the configuration."""
    timeout: int = 0
    """Seconds after which the running firewall removes it again. 0 means never."""

    @classmethod
    def validate_port_forward(cls, forwards: Any) -> Any:
        if forwards is not None and len(forwards) > 1:
            raise ValueError("only one port forward is supported at a time")
        return forwards

    def validate(self) -> None:
        names = [name for name in (*KINDS, "target") if getattr(self, name) is not None]
        if len(names) > 1:
            raise ValueError(f"a task can set only one of these parameters: {', '.join(names)}")
        if not names and (self.zone is None or self.state not in ("present", "absent")):
            raise ValueError(
                f"set one of {', '.join(KINDS)}, or a zone with state present or absent"
            )
        if names and names != ["target"] and self.state in ("present", "absent"):
            raise ValueError(
                "present and absent are for zones and targets: use enabled or disabled"
            )
        if self.port is not None and "/" not in self.port:
            raise ValueError("port needs a protocol, as in 8080/tcp")
        if self._kind() in ("zone", "target") and not self.permanent:
            raise ValueError("zones and targets can only be changed with permanent: true")

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
