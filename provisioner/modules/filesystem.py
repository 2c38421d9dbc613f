"""filesystem: create a file system on a device, grow it, or wipe it."""

from __future__ import annotations

import shlex
from typing import ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.remote.shell import Program, quote

Kind = Literal["btrfs", "ext2", "ext3", "ext4", "lvm", "swap", "vfat", "xfs"]


class Filesystem(Module):
    """A device holds a file system. What holds another one is overwritten only by `force`."""

    body: ClassVar[str] = load_body("filesystem.sh")

    fstype: Kind | None = parameter(None, aliases=("type",))
    """Which kind; `lvm` is a physical volume, `swap` swap space."""
    dev: str = parameter(aliases=("device",))
    """The device, or a file."""
    state: Literal["present", "absent"] = "present"
    """`absent` wipes the marks of whatever file system is there."""
    force: bool = False
    """Overwrite a file system of another kind."""
    resizefs: bool = False
    """Grow the file system to the size of its device; xfs and btrfs must be mounted."""
    opts: str | None = None
    """More options for mkfs."""

    def validate(self) -> None:
        if self.state == "present" and self.fstype is None:
            raise ValueError("fstype is missing: state: present needs it")

    def program(self, context: TaskContext) -> Program:
        options = " ".join(quote(word) for word in shlex.split(self.opts or ""))
        return Program("filesystem", self.body, {**self.as_dict(), "options": options})
