"""timezone: set the host's time zone and the mode of its hardware clock."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.fields import parameter
from provisioner.remote.shell import Report

BODY = r"""
has_zone() {
    link=$(readlink /etc/localtime) || return
    case $link in */zoneinfo/"$name") ;; *) false ;; esac
}
# timedatectl also informs running services. Without D-Bus only the link is set.
set_zone() {
    timedatectl set-timezone "$name" && has_zone && return
    ln -s -- "../usr/share/zoneinfo/$name" "/etc/.localtime.provision-$token" &&
        mv -f -T -- "/etc/.localtime.provision-$token" /etc/localtime
}
has_clock() {
    kind=UTC
    if [ -r /etc/adjtime ]; then
        { read -r _; read -r _; read -r kind; } </etc/adjtime || true
    fi
    [ "${kind:-UTC}" = "$hwclock" ]
}
set_clock() { timedatectl set-local-rtc "$local_rtc"; }

if [ -n "$name" ]; then
    if [ "$look" = no ] && [ ! -f "/usr/share/zoneinfo/$name" ] && ! has_zone; then
        [ -d /usr/share/zoneinfo ] || fail 'tzdata is not installed: install it in an earlier task'
        fail "there is no time zone $name: see \`timedatectl list-timezones\`"
    fi
    has_zone || :
    case $link in */zoneinfo/*) report zone_before "${link##*/zoneinfo/}" ;; esac
    ensure "set time zone: $name" has_zone set_zone
fi
if [ -n "$hwclock" ]; then
    has_clock || :
    report clock_before "$kind"
    ensure "set hardware clock to $hwclock" has_clock set_clock
fi
"""


class Timezone(Module):
    """Set the host's time zone and the mode of its hardware clock."""

    body: ClassVar[str] = BODY

    name: str | None = None
    """The time zone, such as `Europe/Berlin` or `UTC`."""
    hwclock: Literal["local", "UTC"] | None = parameter(None, aliases=("rtc",))
    """The time of the hardware clock: local time or UTC."""

    def validate(self) -> None:
        if self.name is None and self.hwclock is None:
            raise ValueError("set name or hwclock")
        if self.name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9+_/-]*", self.name):
            raise ValueError(f"{self.name!r} is not a valid name of a time zone")

    def variables(self) -> dict[str, object]:
        shown = "LOCAL" if self.hwclock == "local" else self.hwclock
        return {
            "name": self.name,
            "hwclock": shown,
            "local_rtc": "1" if self.hwclock == "local" else "0",
        }

    def returns(self, report: Report) -> dict[str, Any]:
        before, after = {}, {}
        if self.name is not None:
            before["name"], after["name"] = report.get("zone_before") or "n/a", self.name
        if self.hwclock is not None:
            before["hwclock"] = "local" if report.get("clock_before") == "LOCAL" else "UTC"
            after["hwclock"] = self.hwclock
        return {"diff": {"before": before, "after": after}}
