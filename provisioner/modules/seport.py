"""seport: set the SELinux type of network ports."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Report


class Seport(Module):
    """Set the SELinux type of network ports, so that a service may use them."""

    body: ClassVar[str] = load_body("seport.sh")

    ports: Words
    """Ports and ranges: `8080`, `10000-10100`."""
    proto: Literal["tcp", "udp"]
    """The protocol."""
    setype: str
    """The type, such as `http_port_t` or `ssh_port_t`."""
    state: Literal["present", "absent"] = "present"
    """`present` sets the type, `absent` removes it. Ports of the distribution's policy can't be
    removed."""
    local: bool = False
    """Compare only with local changes, without the distribution's policy."""
    reload: bool = True
    """Reload the policy afterwards."""
    ignore_selinux_state: bool = False
    """Do it even if SELinux is disabled."""

    @classmethod
    def validate_ports(cls, ports: tuple[str, ...]) -> tuple[str, ...]:
        for port in ports:
            if not re.fullmatch(r"\d+(-\d+)?", port):
                raise ValueError(f"{port!r} is not a port or a range of ports")
        return ports

    def returns(self, report: Report) -> dict[str, Any]:
        return self.as_dict(include={"ports", "proto", "setype", "state"})
