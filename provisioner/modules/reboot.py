"""reboot: restart the host and wait until it answers again."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

from provisioner.modules.framework.base import Module, Words
from provisioner.modules.framework.fields import Before, parameter

# The shutdown runs detached and a second later, so that the report still arrives.
BODY = r"""
read -r _boot </proc/sys/kernel/random/boot_id
report boot_id "$_boot"
if [ "$look" = yes ]; then changed reboot; return; fi
eval "set -- $search_paths"
for _dir in "$@"; do
    if [ -x "$_dir/shutdown" ]; then shutdown=$_dir/shutdown; break; fi
done
[ -n "$shutdown$reboot_command" ] || fail 'found no shutdown command: set reboot_command'
_later() {
    ( trap '' HUP; sleep 1
      if [ "$pre_reboot_delay" -gt 0 ]; then sleep "$pre_reboot_delay"; fi
      if [ -n "$reboot_command" ]; then exec /bin/sh -c "$reboot_command"; fi
      exec "$shutdown" -r now "$msg" ) </dev/null >/dev/null 2>&1 &
}
act reboot _later
"""


def _whole(value: Any) -> Any:
    counts = isinstance(value, float) and math.isfinite(value)
    return max(0, int(value)) if counts else value


Seconds = Annotated[int, Before(_whole)]
"""Whole seconds; parts of one don't count."""


class Reboot(Module):
    """Reboot the host, wait until it is back and a test command succeeds."""

    body: ClassVar[str] = BODY

    reboot_timeout: int = parameter(600, aliases=("reboot_timeout_sec",))
    """Seconds to wait until the host is back."""
    connect_timeout: int | None = parameter(None, aliases=("connect_timeout_sec",))
    """Seconds for each attempt to connect. The default is that of the connection."""
    pre_reboot_delay: Seconds = parameter(0, aliases=("pre_reboot_delay_sec",))
    """Seconds to wait before the reboot."""
    post_reboot_delay: Seconds = parameter(0, aliases=("post_reboot_delay_sec",))
    """Seconds to wait after the host has answered again."""
    msg: str = "Reboot initiated by provision"
    """The message for logged-in users."""
    test_command: str = "true"
    """The command that must succeed after the reboot."""
    boot_time_command: str | None = None
    """Accepted and ignored: a reboot is recognized by the boot id of the kernel."""
    reboot_command: str | None = None
    """A command to use instead of `shutdown -r now`."""
    search_paths: Words = ("/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin")
    """The directories to search for `shutdown`."""

    @property
    def acts(self) -> bool:
        return True

    def variables(self) -> dict[str, Any]:
        return self.as_dict() | {"shutdown": None}
