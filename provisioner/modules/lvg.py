"""lvg: create, change or remove an LVM volume group."""

from __future__ import annotations

import shlex
from typing import ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Program, quote


class Lvg(Module):
    """Create, change or remove an LVM volume group."""

    body: ClassVar[str] = load_body("lvg.sh")

    vg: str
    """The name of the group."""
    pvs: Words = ()
    """The devices of the group. Other devices are removed from it."""
    pesize: str = "4"
    """The extent size of a new group, in MiB without a unit."""
    pv_options: str = ""
    """Further options for pvcreate."""
    vg_options: str = ""
    """Further options for vgcreate."""
    pvresize: bool = False
    """Grow physical volumes to the size of their devices."""
    remove_extra_pvs: bool = True
    """Remove devices from the group that are not in `pvs`."""
    state: Literal["present", "absent"] = "present"
    """`present` creates the group, `absent` removes it."""
    force: bool = False
    """Overwrite the content of devices; remove a group together with its volumes."""

    def program(self, context: TaskContext) -> Program:
        words = {
            name: " ".join(map(quote, shlex.split(getattr(self, name))))
            for name in ("pv_options", "vg_options")
        }
        return Program("lvg", self.body, {**self.as_dict(), **words})
