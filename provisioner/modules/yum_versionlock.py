"""yum_versionlock: lock packages at their installed version, or unlock them."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.remote.shell import Report

CONFIGURATIONS = (
    "/etc/yum/pluginconf.d/versionlock.conf",
    "/etc/dnf/plugins/versionlock.conf",
)


class YumVersionlock(Module):
    """Lock packages at their installed version, or unlock them."""

    body: ClassVar[str] = load_body("yum_versionlock.sh")

    name: Words = parameter(aliases=("package",))
    """The packages: names, optionally with a version or wildcards."""
    state: Literal["present", "absent"] = "present"
    """`present` locks, `absent` unlocks the packages."""

    @classmethod
    def validate_name(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for spec in value:
            if not spec or spec.startswith("-") or set(spec) & set(" \n'\"$`\\"):
                raise ValueError(f"{spec!r} is not the name of a package")
        return value

    def variables(self) -> dict[str, Any]:
        return {"specs": self.name, "state": self.state, "configurations": CONFIGURATIONS}

    def returns(self, report: Report) -> dict[str, Any]:
        return {"packages": list(report.all("package")), "state": self.state}
