"""group: a Unix group is there, or not."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, Text
from provisioner.modules.framework.model import model_validator
from provisioner.remote.shell import Report

BODY = r"""
# known: $entry is the group's line, asked for once until something changes it.
known() {
    if [ "$asked" != yes ]; then
        asked=yes entry=''
        if [ "$local" = yes ]; then
            while IFS= read -r line; do
                case $line in "$name":*) entry=$line ;; esac
            done </etc/group
        else
            entry=$(getent group "$name")
        fi
    fi
    [ -n "$entry" ]
}
numbered() {
    known || return
    rest=${entry#*:*:}
    [ "${rest%%:*}" = "$gid" ]
}
gone() { ! known; }

create() {
    asked=no
    set -- "$name"
    [ "$system" != yes ] || set -- -r "$@"
    [ -z "$gid" ] || set -- -g "$gid" "$@"
    [ "$non_unique" != yes ] || set -- -o "$@"
    groupadd "$@"
}
# The hook of the kernel: a number that another group has is the usual reason.
explain() {
    other=''
    [ -z "$gid" ] || other=$(getent group "$gid")
    other=${other%%:*}
    case $other in '' | "$name") return 0 ;; esac
    fail "GID '$gid' already exists with group '$other': give another gid, or non_unique: true"
}
number() {
    asked=no
    set -- -g "$gid" "$name"
    [ "$non_unique" != yes ] || set -- -o "$@"
    groupmod "$@"
}
# groupdel of shadow-utils before 4.9 has no -f: a user's primary group stays.
delete() {
    asked=no
    if [ "$force" = yes ]; then groupdel -f "$name" || groupdel "$name"; else groupdel "$name"; fi
}

asked=no on_failure=explain
if [ "$state" = absent ]; then
    ensure "remove group $name" gone delete
    return
fi
ensure "create group $name" known create
if [ -n "$gid" ] && known; then ensure "set gid of group $name: $gid" numbered number; fi
if known; then report entry "$entry"; fi
"""


class Group(Module):
    """A group is there with its number, or is not there."""

    body: ClassVar[str] = BODY

    name: Text
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

    @model_validator(mode="after")
    def _sound(self) -> Group:
        if self.non_unique and self.gid is None:
            raise ValueError("non_unique needs gid")
        if not self.name or self.name[0] == "-" or set(self.name) & set(":,\n"):
            raise ValueError(f"{self.name!r} can't be a group's name")
        return self

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"name": self.name, "state": self.state, "system": self.system}
        words = report.get("entry").split(":")
        gid = int(words[2]) if len(words) > 2 and words[2].isdigit() else self.gid
        return values | ({"gid": gid} if gid is not None else {})
