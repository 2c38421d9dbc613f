"""group: create, change or remove a Unix group."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Report


class Group(Module):
    """A group is there with its number, or is not there."""

    body: ClassVar[str] = load_body("group.sh")

    name: str
    """The group."""
    state: Literal["present", "absent"] = "present"
    """Whether it should be there."""
    gid: int | None = None
    """Its number; unset takes the next free one."""
    system: bool = False
    """A new group gets a number from the system's range."""
    local: bool = False
    """Look in /etc/group only, for hosts whose groups also come from a directory service."""
    non_unique: bool = False
    """Allow a `gid` that another group has; needs `gid`."""
    force: bool = False
    """Remove the group though it is some user's primary one, where groupdel can (not on EL7)."""
    gid_min: int | None = None
    """Accepted for newer playbooks and ignored: /etc/login.defs decides."""
    gid_max: int | None = None
    """Accepted for newer playbooks and ignored: /etc/login.defs decides."""

    def validate(self) -> None:
        if self.non_unique and self.gid is None:
            raise ValueError("non_unique needs gid")
        if not self.name or self.name[0] == "-" or set(self.name) & set(":,\n"):
            raise ValueError(f"{self.name!r} can't be a group's name")

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"name": self.name, "state": self.state, "system": self.system}
        words = report.get("entry").split(":")
        gid = int(words[2]) if len(words) > 2 and words[2].isdigit() else self.gid
        return values | ({"gid": gid} if gid is not None else {})
