"""selinux: SELinux's mode and policy, now and at boot."""

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
one_line() {
    case $line in
        SELINUX=*) said_state=yes; keep_line "SELINUX=$state" ;;
        SELINUXTYPE=*)
            said_policy=yes
            if [ -n "$policy" ]; then keep_line "$line_policy"; else keep_line "$line"; fi
            ;;
        *) keep_line "$line" ;;
    esac
}
enforcing() { read -r mode </sys/fs/selinux/enforce && [ "$mode" = "$wanted" ]; }
enforce() { setenforce "$wanted"; }
booted_so() {
    args=$(grubby --info=ALL) || return
    case $args in *selinux=0*) [ "$state" = disabled ] ;; *) [ "$state" != disabled ] ;; esac
}
boot_so() {
    if [ "$state" = disabled ]; then grubby --update-kernel=ALL --args=selinux=0
    else grubby --update-kernel=ALL --remove-args=selinux=0
    fi
}

line_policy=SELINUXTYPE=$policy said_state='' said_policy=''
if [ "$look" = no ] && [ ! -e "$configfile" ] && [ "$state" != disabled ]; then
    fail "$configfile is not there: install selinux-policy-targeted first"
fi
if [ -L "$configfile" ]; then configfile=$(readlink -f -- "$configfile"); fi
if [ -n "$policy" ] && [ "$look" = no ] && [ ! -d "/etc/selinux/$policy" ]; then
    fail "the policy $policy is not installed: install selinux-policy-$policy first"
fi
edit "$configfile" one_line
if [ -n "$text" ] || [ "$state" != disabled ]; then
    [ -n "$said_state" ] || keep_line "SELINUX=$state"
    [ -n "$said_policy$policy" ] && [ -z "$said_policy" ] && keep_line "$line_policy"
    store "$configfile" "set SELinux to $state in $configfile"
fi
wanted=0
[ "$state" != enforcing ] || wanted=1
if [ -e /sys/fs/selinux/enforce ]; then
    ensure "set SELinux to ${now_word} now" enforcing enforce
    [ "$state" != disabled ] || report reboot yes
elif [ "$state" != disabled ]; then
    report reboot yes
fi
if [ "$update_kernel_param" = yes ]; then
    ensure "set selinux=0 for the kernel: $state" booted_so boot_so
fi
"""
)


class Selinux(Module):
    """SELinux is enforcing, permissive or disabled."""

    body: ClassVar[str] = BODY

    state: Literal["disabled", "enforcing", "permissive"]
    """The mode. Switching it off or on takes a reboot: `reboot_required` says so."""
    policy: Text | None = None
    """The policy: `targeted`. Needed unless it is disabled."""
    configfile: Text = Field(
        "/etc/selinux/config", validation_alias=AliasChoices("configfile", "conf", "file")
    )
    """SELinux's configuration."""
    update_kernel_param: bool = False
    """Also set or remove selinux=0 on the kernel's command line, with grubby."""

    @model_validator(mode="after")
    def _sound(self) -> Selinux:
        if self.state != "disabled" and not self.policy:
            raise ValueError(f"state {self.state} needs policy (targeted)")
        return self

    def variables(self) -> dict[str, Any]:
        now = "enforcing" if self.state == "enforcing" else "permissive"
        return self.model_dump() | {"now_word": now}

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"policy": self.policy, "state": self.state}
        reboot = "reboot" in report.records
        return values | {"configfile": self.configfile, "reboot_required": reboot}

    def diff(self, report: Report) -> tuple[Diff, ...]:
        return text_diff(report, self.configfile)
