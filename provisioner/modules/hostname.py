"""hostname: set the host's name, now and at boot."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.shared.textfile import text_diff
from provisioner.remote.shell import Report
from provisioner.result import Diff


class Hostname(Module):
    """Set the host's name, now and for the next boot. /etc/hosts is not changed."""

    body: ClassVar[str] = load_body("shared/textfile.sh", "hostname.sh")

    name: str
    """The name, with or without a domain."""
    use: str | None = None
    """Accepted and ignored: hostnamectl is used."""

    @classmethod
    def validate_name(cls, name: str) -> str:
        if len(name) > 64 or not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", name):
            raise ValueError(f"{name!r} is not a valid hostname: use letters, digits, - and . only")
        return name

    def returns(self, report: Report) -> dict[str, Any]:
        short, _, domain = self.name.partition(".")
        facts = {"ansible_hostname": short, "ansible_nodename": self.name}
        facts |= {"ansible_fqdn": self.name, "ansible_domain": domain}
        return {"name": self.name, "ansible_facts": facts}

    def diff(self, report: Report) -> tuple[Diff, ...]:
        return text_diff(report, "/etc/hostname")
