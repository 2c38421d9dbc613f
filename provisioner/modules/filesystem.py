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
    """Create a file system on a device, grow it, or wipe it.

    A different file system is only overwritten with `force`.
    """

    body: ClassVar[str] = load_body("filesystem.sh")

    fstype: Kind | None = parameter(None, aliases=("type",))
    """The kind of file system; `lvm` is a physical volume, `swap` is swap space. Needed for state:
    present."""
    dev: str = parameter(aliases=("device",))
    """The device or file."""
    state: Literal["present", "absent"] = "present"
    """`present` creates the file system, `absent` removes the signatures of any file system."""
    force: bool = False
    """Overwrite a file system of another kind."""
    resizefs: bool = False
    """Grow the file system to the size of its device. xfs and btrfs must be mounted."""
    opts: str | None = None
    """Further options for mkfs."""

    def validate(self) -> None:
        if self.state == "present" and self.fstype is None:
            raise ValueError("fstype is missing: state: present needs it")

    def program(self, context: TaskContext) -> Program:
        options = " ".join(quote(word) for word in shlex.split(self.opts or ""))
        return Program("filesystem", self.body, {**self.as_dict(), "options": options})
