"""seport: set the SELinux type of network ports."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Report


class Seport(Module):
    """Network ports have a type in the SELinux policy, so that a service may listen there."""

    body: ClassVar[str] = load_body("seport.sh")

    ports: Words
    """Ports and ranges: `8080`, `10000-10100`."""
    proto: Literal["tcp", "udp"]
    """The protocol."""
    setype: str
    """The type: `http_port_t`, `ssh_port_t`."""
    state: Literal["present", "absent"] = "present"
    """`absent` takes the ports from the type; those of the distribution's policy stay."""
    local: bool = False
    """Look only at what this host's administrators have set."""
    reload: bool = True
    """Load the policy again at once."""
    ignore_selinux_state: bool = False
    """Try it though SELinux is disabled."""

    @classmethod
    def validate_ports(cls, ports: tuple[str, ...]) -> tuple[str, ...]:
        for port in ports:
            if not re.fullmatch(r"\d+(-\d+)?", port):
                raise ValueError(f"{port!r} is neither a port nor a range of them")
        return ports

    def returns(self, report: Report) -> dict[str, Any]:
        return self.as_dict(include={"ports", "proto", "setype", "state"})
