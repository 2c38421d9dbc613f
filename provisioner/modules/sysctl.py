"""sysctl: a kernel parameter is set in a file for the next boot, and now."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext, Text
from provisioner.modules.framework.model import (
    AliasChoices,
    Field,
    field_validator,
    model_validator,
)
from provisioner.modules.shared.textfile import TEXTFILE, text_diff
from provisioner.remote.shell import Program, Report
from provisioner.result import Diff

BODY = (
    TEXTFILE
    + r"""
# same A B: the same words, whatever is between them.
same() {
    set -f
    # shellcheck disable=SC2086
    set -- "$2" $1
    first=$1; shift
    left="$*"
    # shellcheck disable=SC2086
    set -- $first
    set +f
    [ "$left" = "$*" ]
}
# one_line: keep $line, unless it sets the key otherwise than it should be.
one_line() {
    key=${line%%=*}
    set -f
    # shellcheck disable=SC2086
    set -- $key
    set +f
    key=${1#-}
    case $line in *=*) ;; *) key='' ;; esac
    case $key in
        "$dotted" | "$slashed") ;;
        *) keep_line "$line"; return ;;
    esac
    if [ "$state" = absent ]; then
        others=yes
    elif same "${line#*=}" "$value" && [ -z "$others" ]; then
        keep_line "$line"; written=yes
    elif [ -z "$written" ]; then
        keep_line "$name=$value"; written=yes others=yes
    fi
}
# proved: the kernel has the value now.
proved() { current=''; read_key && same "$current" "$value"; }
read_key() {
    [ -e "$path" ] || return
    current=''
    while read -r part || [ -n "$part" ]; do current="$current $part"; done <"$path"
}
set_now() { sysctl ${ignoreerrors_flag:+-e} -w "$name=$value"; }
reload_file() { sysctl ${ignoreerrors_flag:+-e} -p "$sysctl_file"; }

# missing: why the key is not there, and what brings it.
missing() {
    case $slashed in
        net/bridge/*) module=br_netfilter ;;
        net/netfilter/* | net/nf_conntrack_max) module=nf_conntrack ;;
        net/ipv6/*) fail "the kernel has no $name: IPv6 is switched off (ipv6.disable=1)" ;;
        fs/nfs/*) module=lockd ;;
        sunrpc/*) module=sunrpc ;;
        *) fail "the kernel has no $name: see \`sysctl -a\`, or load the module that brings it" ;;
    esac
    fail "the kernel has no $name yet: first \`modprobe $module\` (module modprobe)"
}

ignoreerrors_flag=''
[ "$ignoreerrors" != yes ] || ignoreerrors_flag=yes
if [ "$look$ignoreerrors$state" = nonopresent ] && [ ! -e "$path" ]; then
    [ "$reload$sysctl_set" = nono ] || missing
fi
if [ -L "$sysctl_file" ]; then sysctl_file=$(readlink -f -- "$sysctl_file"); fi
written='' others=''
edit "$sysctl_file" one_line
before_file=$text
if [ "$state" = present ]; then
    [ -n "$written" ] || keep_line "$name=$value"
    store "$sysctl_file" "set $name = $value in $sysctl_file"
    if [ "$sysctl_set" = yes ] && { [ -e "$path" ] || [ "$ignoreerrors" = no ]; }; then
        ensure "set $name = $value now" proved set_now
    fi
else
    store "$sysctl_file" "remove $name from $sysctl_file"
fi
if [ "$look$reload" = noyes ] && [ "$content" != "$before_file" ]; then
    run reload_file || [ "$ignoreerrors" = yes ] ||
        broken "load $sysctl_file" "sysctl -p: exit $status"
    if [ "$state" = present ] && ! proved; then
        report msg "$name: the kernel has taken${current:- nothing}, not $value"
    fi
fi
"""
)


def _value(value: Any) -> Any:
    """Ansible's reading of yes and no: 1 and 0."""
    word = str(value).strip()
    if word.lower() in ("true", "yes", "on", "y", "t"):
        return "1"
    if word.lower() in ("false", "no", "off", "n", "f"):
        return "0"
    return word


class Sysctl(Module):
    """A kernel parameter has a value in a file, and after a change or with `sysctl_set` now too."""

    body: ClassVar[str] = BODY

    name: Text = Field(validation_alias=AliasChoices("name", "key"))
    """The parameter: `net.ipv4.ip_forward`; a dot in an interface's name is a slash."""
    value: Text | None = Field(None, validation_alias=AliasChoices("value", "val"))
    """Its value; spaces count as one, yes and no are 1 and 0."""
    state: Literal["present", "absent"] = "present"
    """Whether the file should set it; `absent` leaves the kernel's value as it is."""
    sysctl_file: Text = "/etc/sysctl.conf"
    """The file."""
    reload: bool = True
    """Load the file (`sysctl -p`) when it was changed."""
    sysctl_set: bool = False
    """See that the kernel has the value now, even if the file was right."""
    ignoreerrors: bool = False
    """Go on where the kernel does not know a parameter."""

    @field_validator("name")
    @classmethod
    def _bare(cls, name: str) -> str:
        return name.strip()

    @field_validator("value", mode="before")
    @classmethod
    def _boolean(cls, value: Any) -> Any:
        return None if value is None else _value(value)

    @model_validator(mode="after")
    def _sound(self) -> Sysctl:
        if not self.name or set(self.name) & set("=\n") or ".." in self.name:
            raise ValueError(f"{self.name!r} can't be a kernel parameter")
        if self.state == "present" and not self.value:
            raise ValueError("state present needs a value")
        if "\n" in (self.value or ""):
            raise ValueError("value can't have several lines")
        return self

    def program(self, context: TaskContext) -> Program:
        slashed = self._slashed()
        variables = self.variables() | {
            "slashed": slashed,
            "dotted": slashed.translate(str.maketrans("/.", "./")),
            "path": f"/proc/sys/{slashed}",
        }
        return Program("sysctl", self.body, variables)

    def _slashed(self) -> str:
        """The path below /proc/sys. The first separator is the separator: the other is literal."""
        first = next((letter for letter in self.name if letter in "./"), "/")
        return self.name if first == "/" else self.name.translate(str.maketrans("/.", "./"))

    def diff(self, report: Report) -> tuple[Diff, ...]:
        return text_diff(report, self.sysctl_file)
