"""lvg: create, change or remove an LVM volume group."""

from __future__ import annotations

import shlex
from typing import ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Program, quote


class Lvg(Module):
    """Keep a volume group of LVM, made of certain devices."""

    body: ClassVar[str] = load_body("lvg.sh")

    vg: str
    """The group's name."""
    pvs: Words = ()
    """The devices that it is made of; others are taken from it."""
    pesize: str = "4"
    """The size of an extent of a new group, in MiB unless a unit says otherwise."""
    pv_options: str = ""
    """More options for pvcreate."""
    vg_options: str = ""
    """More options for vgcreate."""
    pvresize: bool = False
    """Grow physical volumes to the size of their devices."""
    remove_extra_pvs: bool = True
    """Take devices from the group that are not in `pvs`."""
    state: Literal["present", "absent"] = "present"
    """`absent` removes the group."""
    force: bool = False
    """Overwrite what devices hold; remove a group with its volumes."""

    def program(self, context: TaskContext) -> Program:
        words = {
            name: " ".join(map(quote, shlex.split(getattr(self, name))))
            for name in ("pv_options", "vg_options")
        }
        return Program("lvg", self.body, {**self.as_dict(), **words})
