"""sefcontext: which SELinux context the policy gives to files of a path."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal, Self

from provisioner.modules.framework.base import Module, Text
from provisioner.modules.framework.model import AliasChoices, Field, model_validator
from provisioner.remote.shell import Report

# semanage takes seconds even for a look: what it keeps is read where it keeps it.
BODY = r"""
policy() {
    type=targeted
    [ -r "$settings/config" ] || return 0
    while IFS='=' read -r key word; do
        [ "$key" != SELINUXTYPE ] || type=$word
    done <"$settings/config"
}
# defined FILE...: print the context that the last line about target and type of file gives.
defined() {
    cat -- "$@" | target=$target mark=$mark awk '
        $1 == ENVIRON["target"] && (NF == 3 ? $2 : "") == ENVIRON["mark"] { context = $NF }
        END { print context }'
}
substituted() {
    [ -r "$folder/file_contexts.subs" ] || return
    while read -r name other; do
        [ "$name" != "$target" ] || [ "$other" != "$substitute" ] || return 0
    done <"$folder/file_contexts.subs"
    return 1
}
# wanted: the context, with what is not given as it is now.
wanted() {
    now=$(defined "$folder/file_contexts" "$folder/file_contexts.local")
    user=${seuser:-${now%%:*}} range=${now#*:*:*:}
    case $now in
        *:*:*:*) ;;
        *) user=${seuser:-system_u} range=s0 ;;
    esac
    case $setype in
        '<<none>>') context=$setype ;;
        *) context=$user:object_r:$setype:${selevel:-$range} ;;
    esac
}
set_right() { wanted; [ "$now" = "$context" ]; }
set_it() {
    if [ -n "$now" ]; then verb=-m; else verb=-a; fi
    if [ "$setype" = '<<none>>' ]; then manage "$verb" -f "$ftype" -t "$setype" "$target"
    else manage "$verb" -f "$ftype" -s "$user" -r "${selevel:-$range}" -t "$setype" "$target"
    fi
}
not_set() { [ -z "$(defined "$folder/file_contexts.local")" ]; }
unset_it() { manage -d -f "$ftype" "$target"; }
substitute_it() { manage -a -e "$substitute" "$target"; }
not_substituted() { ! substituted; }
keep_it() { manage -d -e "$substitute" "$target"; }
manage() {
    if [ "$reload" = yes ]; then semanage fcontext "$@"; else semanage fcontext -N "$@"; fi
}

policy
folder=$settings/$type/contexts/files
if [ ! -e /sys/fs/selinux/enforce ] && [ "$ignore_selinux_state" = no ]; then
    [ "$look" = yes ] || fail 'SELinux is disabled on this host: set ignore_selinux_state: true'
fi
if [ "$look" = no ] && ! command -v semanage >/dev/null; then
    fail 'semanage is not there: install policycoreutils-python in an earlier task'
fi
if [ -n "$substitute" ]; then
    if [ "$state" = present ]; then
        ensure "label $target as $substitute" substituted substitute_it
    else
        ensure "label $target no longer as $substitute" not_substituted keep_it
    fi
elif [ "$state" = present ]; then
    ensure "set SELinux context of $target: $setype" set_right set_it
else
    ensure "remove SELinux context of $target" not_set unset_it
fi
"""

MARKS = {"a": "", "f": "--", **{letter: f"-{letter}" for letter in "bcdlps"}}
"""Ansible's types of files in the words of the policy's files."""


class Sefcontext(Module):
    """The policy gives files of a path an SELinux context; restorecon then sets it."""

    body: ClassVar[str] = BODY
    settings: ClassVar[str] = "/etc/selinux"
    """Where SELinux is set up."""

    target: Text = Field(validation_alias=AliasChoices("target", "path"))
    """A regular expression for paths: `/srv/www(/.*)?`."""
    setype: Text | None = None
    """The type."""
    substitute: Text | None = Field(None, validation_alias=AliasChoices("substitute", "equal"))
    """Label what is below `target` as what is below this path, instead of `setype`."""
    state: Literal["present", "absent"] = "present"
    """`absent` leaves it to the distribution's policy again."""
    ftype: Literal["a", "b", "c", "d", "f", "l", "p", "s"] = "a"
    """Only for a type of files: `f` files, `d` directories, `l` links, `a` all."""
    seuser: Text | None = None
    """The SELinux user; unset keeps it, system_u for what is new."""
    selevel: Text | None = Field(None, validation_alias=AliasChoices("selevel", "serange"))
    """The level; unset keeps it, s0 for what is new."""
    reload: bool = True
    """Load the policy again at once."""
    ignore_selinux_state: bool = False
    """Try it though SELinux is disabled."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.setype is not None and self.substitute is not None:
            raise ValueError("give one of setype and substitute")
        if self.state == "present" and self.setype is None and self.substitute is None:
            raise ValueError("state: present needs setype or substitute")
        if self.substitute is not None and (self.seuser or self.selevel or self.ftype != "a"):
            raise ValueError("with substitute there is no ftype, seuser or selevel")
        if re.search(r"\s", self.target):
            raise ValueError("target: write a space as \\s: the policy's files have columns")
        return self

    def variables(self) -> dict[str, Any]:
        return {**self.model_dump(), "mark": MARKS[self.ftype], "settings": self.settings}

    def returns(self, report: Report) -> dict[str, Any]:
        known = self.model_dump(include={"target", "setype", "seuser", "ftype", "state"})
        return {**known, "serange": self.selevel}
