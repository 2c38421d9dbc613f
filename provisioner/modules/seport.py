"""seport: which SELinux type the policy gives to network ports."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, Text, Words
from provisioner.modules.framework.model import field_validator
from provisioner.remote.shell import Report

BODY = r"""
# table: semanage's own, `TYPE PROTO PORT, PORT, LOW-HIGH` a line; its heading fits no PROTO.
table() { if [ "$local" = yes ]; then semanage port -l -C; else semanage port -l; fi; }
# types_of PORT: print the types that have just this port or range, from a table on stdin.
types_of() {
    port=$1 proto=$proto awk '$2 == ENVIRON["proto"] {
        type = $1
        $1 = $2 = ""
        count = split($0, ports, /[ ,]+/)
        for (i = 1; i <= count; i++) if (ports[i] == ENVIRON["port"]) print type
    }'
}
owned() { table | types_of "$1" | grep -qxF -- "$setype"; }
given() { owned "$1"; }
taken() { ! owned "$1"; }
# A port that another type has must be modified, also where the distribution's policy says so.
give() {
    if semanage port -l | types_of "$1" | grep -q .; then manage -m "$1"; else manage -a "$1"; fi
}
take() { manage -d "$1"; }
manage() {
    if [ "$reload" = yes ]; then semanage port "$1" -t "$setype" -p "$proto" "$2"
    else semanage port -N "$1" -t "$setype" -p "$proto" "$2"
    fi
}

if [ ! -e /sys/fs/selinux/enforce ] && [ "$ignore_selinux_state" = no ]; then
    [ "$look" = yes ] || fail 'SELinux is disabled on this host: set ignore_selinux_state: true'
fi
known=''
if command -v semanage >/dev/null; then
    known=$(table) || fail 'semanage port -l failed: the reason is in its output above'
elif [ "$look" = no ]; then
    fail 'semanage is not there: install policycoreutils-python in an earlier task'
fi
eval "set -- $ports"
for port; do
    # One table for all ports: semanage takes seconds.
    if printf '%s\n' "$known" | types_of "$port" | grep -qxF -- "$setype"; then has=yes
    else has=no
    fi
    case $state$has in
        presentno) ensure "give port $port/$proto to $setype" given give "$port" ;;
        absentyes) ensure "take port $port/$proto from $setype" taken take "$port" ;;
    esac
done
"""


class Seport(Module):
    """Network ports have a type in the SELinux policy, so that a service may listen there."""

    body: ClassVar[str] = BODY

    ports: Words
    """Ports and ranges: `8080`, `10000-10100`."""
    proto: Literal["tcp", "udp"]
    """The protocol."""
    setype: Text
    """The type: `http_port_t`, `ssh_port_t`."""
    state: Literal["present", "absent"] = "present"
    """`absent` takes the ports from the type; those of the distribution's policy stay."""
    local: bool = False
    """Look only at what this host's administrators have set."""
    reload: bool = True
    """Load the policy again at once."""
    ignore_selinux_state: bool = False
    """Try it though SELinux is disabled."""

    @field_validator("ports")
    @classmethod
    def _ports(cls, ports: tuple[str, ...]) -> tuple[str, ...]:
        for port in ports:
            if not re.fullmatch(r"\d+(-\d+)?", port):
                raise ValueError(f"{port!r} is neither a port nor a range of them")
        return ports

    def returns(self, report: Report) -> dict[str, Any]:
        return self.model_dump(include={"ports", "proto", "setype", "state"})
