"""modprobe: load or unload a kernel module, now and at boot."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Report


class Modprobe(Module):
    """Load or unload a kernel module; with `persistent` also for the next boot."""

    body: ClassVar[str] = load_body("shared/textfile.sh", "modprobe.sh")

    name: str
    """The name of the module."""
    state: Literal["present", "absent"] = "present"
    """`present` loads the module, `absent` unloads it."""
    params: str = ""
    """Parameters of the module, such as `numdummies=2`."""
    persistent: Literal["disabled", "present", "absent"] = "disabled"
    """`present` loads the module at boot with `params`, `absent` does not load it, `disabled` does
    not change the boot."""

    @classmethod
    def validate_name(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):
            raise ValueError(f"{name!r} is not a valid name of a kernel module")
        return name

    def variables(self) -> dict[str, Any]:
        words = self.params.split()
        return {
            "name": self.name,
            "sysfs": self.name.replace("-", "_"),
            "state": self.state,
            "params": tuple(words),
            "options": " ".join(words),
            "persistent": self.persistent,
        }

    def returns(self, report: Report) -> dict[str, Any]:
        return {"name": self.name, "state": self.state, "params": self.params}
