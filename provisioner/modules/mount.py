"""mount: a file system is in fstab and mounted, or not."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, Text
from provisioner.modules.framework.model import AliasChoices, Field, model_validator
from provisioner.modules.shared.textfile import TEXTFILE, text_diff
from provisioner.remote.shell import Report
from provisioner.result import Diff

BODY = (
    TEXTFILE
    + r"""
# is_it LINE: an fstab line for the mount point; swap has none, so its source tells it.
is_it() {
    set -f
    # shellcheck disable=SC2086
    set -- $1
    set +f
    case $1 in '' | '#'*) return 1 ;; esac
    if [ "$2" = none ] || [ "$2" = swap ]; then [ "$1" = "$escaped_src" ] && [ "$escaped" = "$2" ]
    else [ "$2" = "$escaped" ]
    fi
}
one_line() {
    if ! is_it "$line"; then keep_line "$line"; return; fi
    if [ "$listed" = no ]; then return; fi
    set -f
    # shellcheck disable=SC2086
    set -- $line
    set +f
    words="$1 $2 $3 ${4:-defaults} ${5:-0} ${6:-0}"
    if [ "$words" = "$entry" ] && [ -z "$found" ]; then keep_line "$line"
    elif [ -z "$found" ]; then keep_line "$entry"
    fi
    found=yes
}
# in_fstab yes|no: FSTAB has the line, or none for the mount point.
in_fstab() {
    listed=$1 found='' rewritten=no
    if [ -L "$fstab" ]; then fstab=$(readlink -f -- "$fstab"); fi
    edit "$fstab" one_line
    if [ "$listed" = yes ] && [ -z "$found" ]; then keep_line "$entry"; fi
    [ "$content" = "$text" ] || rewritten=yes
    if [ "$listed" = yes ]; then store "$fstab" "set $path in $fstab"
    else store "$fstab" "remove $path from $fstab"
    fi
}
# A table that may change is read in one go: bash's own reading goes back after each line.
mounted() { case $(cat /proc/mounts) in *" $escaped "*) ;; *) return 1 ;; esac; }
unmounted() { ! mounted; }
attach() {
    [ -e "$path" ] || mkdir -p -- "$path" || return
    if [ "$state" = ephemeral ]; then
        mount -t "$fstype" ${opts:+-o "$opts"} -- "$src" "$path"
    elif [ "$fstab" != /etc/fstab ]; then mount -T "$fstab" -- "$path"
    else mount -- "$path"
    fi
}
detach() { umount -- "$path"; }
# again [OPTIONS]: a bind mount or NFS whose options change can only be unmounted and mounted.
again() { mount -o "remount${1:+,$1}" -- "$path" || { detach && attach; }; }
folder_gone() { [ ! -d "$path" ]; }

case $state in
    present) in_fstab yes ;;
    mounted)
        in_fstab yes
        if [ "$rewritten" = yes ] && mounted; then
            act "remount $path" again
        else
            ensure "mount $path" mounted attach
        fi
        ;;
    ephemeral) ensure "mount $path" mounted attach ;;
    unmounted) ensure "unmount $path" unmounted detach ;;
    remounted)
        mounted || [ "$look" = yes ] || fail "$path is not mounted: use state: mounted"
        act "remount $path" again "$opts"
        ;;
    absent_from_fstab) in_fstab no ;;
    absent)
        in_fstab no
        ensure "unmount $path" unmounted detach
        ensure "remove directory $path" folder_gone rmdir -- "$path"
        ;;
esac
"""
)


def escape(text: str) -> str:
    """As fstab and /proc/mounts write it."""
    octal = {"\\": "\\134", " ": "\\040", "\t": "\\011", "\n": "\\012", "#": "\\043"}
    return "".join(octal.get(letter, letter) for letter in text)


class Mount(Module):
    """A file system is listed in fstab, and mounted or not."""

    body: ClassVar[str] = BODY

    path: Text = Field(validation_alias=AliasChoices("path", "name"))
    """The mount point (`none` or `swap` for swap)."""
    state: Literal[
        "absent",
        "absent_from_fstab",
        "ephemeral",
        "mounted",
        "present",
        "remounted",
        "unmounted",
    ]
    """mounted: in fstab and mounted. present: in fstab. ephemeral: mounted only. unmounted: not
    mounted. absent: neither, and the directory is gone. remounted: mount again, always."""
    src: Text | None = None
    """What is mounted: a device, `UUID=...`, `host:/path`."""
    fstype: Text | None = None
    """The type of file system."""
    opts: Text | None = None
    """Mount options; `defaults` by default."""
    dump: Text = "0"
    """Whether dump(8) backs it up."""
    passno: Text = "0"
    """When fsck checks it."""
    fstab: Text = "/etc/fstab"
    """Another fstab."""
    boot: bool = True
    """Mount it at boot; otherwise it gets the option noauto."""
    backup: bool = False
    """Keep a copy of fstab as it was."""
    opts_no_log: bool = False
    """Accepted and ignored: what is secret is found by its value."""

    @model_validator(mode="after")
    def _sound(self) -> Mount:
        if self.state in ("present", "mounted", "ephemeral") and not (self.src and self.fstype):
            raise ValueError(f"state {self.state} needs src and fstype")
        if not self.path.startswith("/") and self.path not in ("none", "swap"):
            raise ValueError("path must be absolute")
        return self

    def _options(self) -> str:
        options = self.opts or "defaults"
        if self.boot or "noauto" in options.split(","):
            return options
        return f"{options},noauto"

    def variables(self) -> dict[str, Any]:
        path = self.path if self.path == "/" else self.path.rstrip("/")
        options = escape(self._options())
        fields = (escape(self.src or ""), escape(path), self.fstype or "", options)
        return {
            "path": path,
            "state": self.state,
            "src": self.src,
            "fstype": self.fstype,
            "opts": self.opts,
            "fstab": self.fstab,
            "backup": self.backup,
            "escaped": escape(path),
            "escaped_src": fields[0],
            "entry": " ".join((*fields, self.dump, self.passno)),
        }

    def returns(self, report: Report) -> dict[str, Any]:
        values = self.model_dump(include={"src", "fstype", "dump", "passno", "fstab"})
        values |= {"name": self.path, "opts": self._options()}
        return values | {"backup_file": report.get("backup_file")}

    def diff(self, report: Report) -> tuple[Diff, ...]:
        return text_diff(report, self.fstab)
