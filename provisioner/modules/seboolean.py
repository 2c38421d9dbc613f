"""seboolean: switch a boolean of the SELinux policy on or off."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from provisioner.modules.framework.base import Module
from provisioner.remote.shell import Report

BODY = r"""
is_set() {
    [ -r "/sys/fs/selinux/booleans/$name" ] || return
    read -r current _ <"/sys/fs/selinux/booleans/$name"
    [ "$current" = "$value" ]
}
# is_set_at_boot: set now and after the next boot. The file moved between EL7.2 and 7.3.
is_set_at_boot() {
    is_set || return
    type=targeted
    while IFS='=' read -r key word; do
        [ "$key" != SELINUXTYPE ] || type=$word
    done </etc/selinux/config
    for file in "/etc/selinux/$type/active/booleans.local" \
        "/etc/selinux/$type/modules/active/booleans.local" \
        "/var/lib/selinux/$type/active/booleans.local"; do
        [ -r "$file" ] || continue
        while IFS='=' read -r key word; do
            [ "$key" != "$name" ] || [ "$word" != "$value" ] || return 0
        done <"$file"
    done
    return 1
}
set_now() { setsebool "$name" "$value"; }
set_at_boot() { setsebool -P "$name" "$value"; }

if [ ! -e /sys/fs/selinux/enforce ] && [ "$ignore_selinux_state" = no ]; then
    [ "$look" = yes ] || fail 'SELinux is disabled on this host'
fi
if [ "$persistent" = yes ]; then
    ensure "set $name $word_value permanently" is_set_at_boot set_at_boot
else ensure "set $name $word_value" is_set set_now
fi
"""


class Seboolean(Module):
    """Switch a boolean of the SELinux policy on or off."""

    body: ClassVar[str] = BODY

    name: str
    """The boolean, such as `httpd_can_network_connect`."""
    state: bool
    """True for on, false for off."""
    persistent: bool = False
    """Keep the value after a reboot."""
    ignore_selinux_state: bool = False
    """Do it even if SELinux is disabled."""

    @classmethod
    def validate_name(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_]+", name):
            raise ValueError(f"{name!r} is not a valid name of an SELinux boolean")
        return name

    def variables(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": "1" if self.state else "0",
            "word_value": "on" if self.state else "off",
            "persistent": self.persistent,
            "ignore_selinux_state": self.ignore_selinux_state,
        }

    def returns(self, report: Report) -> dict[str, Any]:
        return {"name": self.name, "state": self.state, "persistent": self.persistent}
