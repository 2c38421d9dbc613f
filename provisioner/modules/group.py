"""group: create, change or remove a Unix group."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Report


class Group(Module):
    """Create, change or remove a Unix group."""

    body: ClassVar[str] = load_body("group.sh")

    name: str
    """The name of the group."""
    state: Literal["present", "absent"] = "present"
    """`present` creates the group, `absent` removes it."""
    gid: int | None = None
    """The number of the group. The default is the next free number."""
    system: bool = False
    """Take the number of a new group from the range for system groups."""
    local: bool = False
    """Look only in /etc/group, for hosts that also have groups of a directory service."""
    non_unique: bool = False
    """Allow a `gid` that another group has."""
    force: bool = False
    """Remove the group even if it is the primary group of a user. Not possible on CentOS 7."""
    gid_min: int | None = None
    """Accepted and ignored: /etc/login.defs has the limits."""
    gid_max: int | None = None
    """Accepted and ignored: /etc/login.defs has the limits."""

    def validate(self) -> None:
        if self.non_unique and self.gid is None:
            raise ValueError("non_unique needs gid")
        if not self.name or self.name[0] == "-" or set(self.name) & set(":,\n"):
            raise ValueError(f"{self.name!r} is not a valid name of a group")

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"name": self.name, "state": self.state, "system": self.system}
        words = report.get("entry").split(":")
        gid = int(words[2]) if len(words) > 2 and words[2].isdigit() else self.gid
        return values | ({"gid": gid} if gid is not None else {})
