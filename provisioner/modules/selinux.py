"""selinux: set SELinux's mode and policy, now and at boot."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.textfile import text_diff
from provisioner.remote.shell import Report
from provisioner.result import Diff


class Selinux(Module):
    """Set the mode of SELinux: enforcing, permissive or disabled."""

    body: ClassVar[str] = load_body("shared/textfile.sh", "selinux.sh")

    state: Literal["disabled", "enforcing", "permissive"]
    """The mode. To switch SELinux off or on, a reboot is needed: the return value `reboot_required`
    says so."""
    policy: str | None = None
    """The policy, such as `targeted`. Needed unless the state is disabled."""
    configfile: str = parameter("/etc/selinux/config", aliases=("conf", "file"))
    """The configuration file of SELinux."""
    update_kernel_param: bool = False
    """Also set or remove selinux=0 on the kernel's command line, with grubby."""

    def validate(self) -> None:
        if self.state != "disabled" and not self.policy:
            raise ValueError(f"state: {self.state} needs policy, such as targeted")

    def variables(self) -> dict[str, Any]:
        now = "enforcing" if self.state == "enforcing" else "permissive"
        return self.as_dict() | {"now_word": now}

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"policy": self.policy, "state": self.state}
        reboot = "reboot" in report.records
        return values | {"configfile": self.configfile, "reboot_required": reboot}

    def diff(self, report: Report) -> tuple[Diff, ...]:
        return text_diff(report, self.configfile)
