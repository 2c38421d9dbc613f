"""selogin: map an account to an SELinux user."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.fields import parameter
from provisioner.remote.shell import Report

BODY = r"""
list() { logins=$(semanage login -l); }
# mapped: print the SELinux user and range of the login, from semanage's table.
mapped() {
    printf '%s\n' "$logins" | login=$login awk '$1 == ENVIRON["login"] { print $2, $3; exit }'
}
is_mapped() { [ "$(mapped)" = "$seuser $selevel" ]; }
is_unmapped() { [ -z "$(mapped)" ]; }
map() {
    if is_unmapped; then set -- -a; else set -- -m; fi
    semanage login ${unloaded:+-N} "$@" -s "$seuser" -r "$selevel" "$login" && list
}
unmap() { semanage login ${unloaded:+-N} -d "$login" && list; }

unloaded='' logins=''
[ "$reload" = yes ] || unloaded=yes
if [ ! -e /sys/fs/selinux/enforce ] && [ "$ignore_selinux_state" = no ]; then
    [ "$look" = yes ] || fail 'SELinux is disabled on this host: set ignore_selinux_state: true'
fi
if command -v semanage >/dev/null; then
    list || fail 'semanage login -l failed: the reason is in its output above'
else
    missing='semanage is not installed: install policycoreutils-python in an earlier task'
    [ "$look" = yes ] || fail "$missing"
    assume "$missing"
fi
if [ "$state" = present ]; then ensure "map $login to $seuser ($selevel)" is_mapped map
elif command -v semanage >/dev/null; then ensure "remove the mapping of $login" is_unmapped unmap
fi
"""


class Selogin(Module):
    """Map an account, or the members of a group, to an SELinux user."""

    body: ClassVar[str] = BODY

    login: str
    """The account, `%group` or `__default__`."""
    seuser: str | None = None
    """The SELinux user, such as `staff_u` or `user_u`. Needed for state: present."""
    selevel: str = parameter("s0", aliases=("serange",))
    """The range of SELinux levels."""
    state: Literal["present", "absent"] = "present"
    """`present` sets the mapping, `absent` removes it."""
    reload: bool = True
    """Reload the policy afterwards."""
    ignore_selinux_state: bool = False
    """Do it even if SELinux is disabled."""

    def validate(self) -> None:
        if self.state == "present" and self.seuser is None:
            raise ValueError("state is present but all of the following are missing: seuser")
        for name in (self.login, self.seuser or "x", self.selevel):
            if name.startswith("-") or not re.fullmatch(r"[^\s']+", name):
                raise ValueError(f"{name!r} is not a valid account, SELinux user or range")

    def returns(self, report: Report) -> dict[str, Any]:
        parameters = self.as_dict(include={"login", "seuser", "state"})
        return {**parameters, "serange": self.selevel}
