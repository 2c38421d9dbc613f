"""lvol: create, resize or remove an LVM logical volume."""

from __future__ import annotations

import re
import shlex
from typing import ClassVar, Literal

from provisioner import regex
from provisioner.modules.framework.base import Module, TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Program, quote

SIZE = regex.compile(
    r"([+-])?(\d+(?:\.\d+)?)\s*(?:%\s*(VG|PVS|FREE|ORIGIN)|([bskmgtpe])?(?:i?b)?)", re.I
)
UNITS = {"b": 1, "s": 512, **{letter: 1024 ** (n + 1) for n, letter in enumerate("kmgtpe")}}


class Lvol(Module):
    """Create, resize or remove an LVM logical volume."""

    body: ClassVar[str] = load_body("lvol.sh")

    vg: str
    """The volume group."""
    lv: str | None = None
    """The name of the volume."""
    size: str | None = None
    """The size: `512m`, `10g` (MiB without a unit), `80%VG` or `100%FREE`. With a plus sign the
    volume grows by it."""
    opts: str = ""
    """Further options for lvcreate."""
    pvs: Words = ()
    """The devices to take the space from."""
    snapshot: str | None = None
    """The name of a snapshot of `lv` to create."""
    thinpool: str | None = None
    """The thin pool. Without `lv` the pool is created, with `lv` a volume in it."""
    state: Literal["present", "absent"] = "present"
    """`present` creates the volume, `absent` removes it."""
    active: bool = True
    """Activate the volume. If false, deactivate it."""
    shrink: bool = True
    """Shrink a volume that is too big, which needs `force`. If false, it is kept."""
    force: bool = False
    """Allow to shrink or remove a volume, which may lose data."""
    resizefs: bool = False
    """Resize the file system together with the volume."""

    def validate(self) -> None:
        if self.lv is None and self.thinpool is None:
            raise ValueError("set lv or thinpool")
        if self.size is not None and SIZE.fullmatch(self.size.strip()) is None:
            raise ValueError(f"{self.size!r} is not a size (512m, 10g, 80%VG, 100%FREE)")

    def program(self, context: TaskContext) -> Program:
        options = " ".join(map(quote, shlex.split(self.opts)))
        return Program("lvol", self.body, self.as_dict() | self._parts() | {"options": options})

    def _parts(self) -> dict[str, str]:
        """Return the parts of `size` as variables for the body."""
        parts = {"operator": "", "percent": "", "whole": "", "bytes": ""}
        match = SIZE.fullmatch(self.size.strip()) if self.size is not None else None
        if match is None:
            return parts
        sign, number, whole, unit = match.groups()
        if whole:
            return parts | {"operator": sign or "", "percent": number, "whole": whole.upper()}
        size = int(float(number) * UNITS[(unit or "m").lower()])
        return parts | {"operator": sign or "", "bytes": str(size)}
