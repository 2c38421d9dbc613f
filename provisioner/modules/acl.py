"""acl: set or remove an entry in the access control list (ACL) of a file."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.fields import parameter
from provisioner.remote.shell import Report

BODY = r"""
nl='
'
# is_set: the list needs no change. `setfacl --test` prints a line `PATH: ACCESS,DEFAULT` for every
# file, with `*` for a list that it would leave as it is.
is_set() {
    planned=$(change --test) || return 1
    rest=$planned$nl
    while [ -n "${rest#"$nl"}" ]; do
        case ${rest%%"$nl"*} in *': *,*') ;; *) return 1 ;; esac
        rest=${rest#*"$nl"}
    done
}
change() {
    eval "set -- \"\$@\" $options"
    setfacl "$@" -- "$path"
}

expand path
report path "$path"
if [ ! -e "$path" ]; then
    [ "$look" = yes ] || fail "$path does not exist: create it in an earlier task"
    [ "$state" = query ] || changed "$what"
    return
fi
if ! command -v setfacl >/dev/null; then
    [ "$look" = yes ] || fail 'setfacl is not installed: install the package acl in an earlier task'
    [ "$state" = query ] || changed "$what"
    return
fi
if [ "$follow" = no ] && [ -L "$path" ]; then
    fail "$path is a link, which has no access control list of its own: set follow: true"
fi
[ "$state" = query ] || ensure "$what" is_set change
report acl "$(getfacl -cp -- "$path")"
"""

KINDS = {"u": "user", "g": "group", "m": "mask", "o": "other"}


class Acl(Module):
    """Set or remove an entry in the access control list of a file."""

    body: ClassVar[str] = BODY

    path: str = parameter(aliases=("name",))
    """The file or directory."""
    state: Literal["query", "present", "absent"] = "query"
    """`present` sets the entry, `absent` removes it, `query` only returns the list as `acl`."""
    etype: Literal["user", "group", "mask", "other"] | None = None
    """The kind of entry. Needed for state present and absent."""
    entity: str = ""
    """The name of the user or group. Empty means the owner of the file."""
    permissions: str | None = None
    """The permissions: letters of rwxX. Needed for state: present."""
    entry: str | None = None
    """The entry as one text, such as `user:joe:rw` or `default:group:x:r`, instead of etype, entity
    and permissions."""
    default: bool = False
    """Change the default list of a directory, which its new files get."""
    recursive: bool = parameter(False, aliases=("recurse",))
    """Change all files below a directory too."""
    follow: bool = True
    """Follow links. If false, a link is refused; with `recursive` links are skipped."""
    recalculate_mask: Literal["default", "mask", "no_mask"] = "default"
    """`mask` computes the mask again, `no_mask` does not, `default` does unless the entry is a
    mask."""
    use_nfsv4_acls: bool = False
    """Only false is supported: NFSv4 lists can't be changed."""

    def validate(self) -> None:
        if self.use_nfsv4_acls:
            raise ValueError("use_nfsv4_acls: only POSIX access control lists are supported")
        if self.entry is not None and (self.etype or self.entity or self.permissions):
            raise ValueError("set either entry, or etype, entity and permissions")
        _, kind, _, permissions = self._parts()
        if self.state == "query":
            return
        if kind not in KINDS.values():
            raise ValueError("state: present and absent need etype: user, group, mask or other")
        if self.state == "present" and not permissions:
            raise ValueError("state: present needs permissions")
        if self.state == "absent" and self.permissions:
            raise ValueError("permissions can only be used with state: present")
        if set(permissions) - set("rwxX-"):
            raise ValueError(f"permissions: {permissions!r} has other letters than rwxX-")

    def _parts(self) -> tuple[bool, str, str, str]:
        """Return (default, kind, entity, permissions), from `entry` or from the parameters."""
        if self.entry is None:
            return self.default, self.etype or "", self.entity, self.permissions or ""
        words = self.entry.split(":")
        default = words[0] in ("d", "default")
        words = [*(words[1:] if default else words), "", "", ""]
        return default or self.default, KINDS.get(words[0], words[0]), words[1], words[2]

    def _entry(self) -> str:
        _, kind, entity, permissions = self._parts()
        return ":".join((kind, entity, *([permissions] if self.state == "present" else ())))

    def variables(self) -> dict[str, Any]:
        options = ["-m" if self.state == "present" else "-x", self._entry()]
        if self._parts()[0]:
            options.insert(0, "-d")
        if self.recursive:
            options.insert(0, "-R")
            if not self.follow:
                options.insert(0, "-P")
        if self.recalculate_mask != "default":
            options.insert(0, {"mask": "--mask", "no_mask": "-n"}[self.recalculate_mask])
        verb = "set" if self.state == "present" else "remove"
        default = "default " if self._parts()[0] else ""
        return {
            "path": self.path,
            "state": self.state,
            "follow": self.follow,
            "options": tuple(options),
            "what": f"{verb} {default}access of {self.path}: {self._entry()}",
        }

    def returns(self, report: Report) -> dict[str, Any]:
        return {"acl": [line for line in report.get("acl").splitlines() if line]}
