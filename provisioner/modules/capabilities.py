"""capabilities: give a program a Linux capability, or remove it."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.fields import parameter
from provisioner.remote.shell import Report

# getcap of libcap before 2.41 prints `FILE = a,b+ep c+i`, later versions `FILE a,b=ep c=i`.
BODY = r"""
# current: print the file's capabilities, one line `NAME FLAGS` for each.
current() {
    text=$(getcap "$path") || return
    text=${text#"$path"}
    for words in ${text# =}; do
        flags=${words##*[=+]} names=${words%%[=+]*}
        while [ -n "$names" ]; do
            name=${names%%,*} names=${names#"$name"}
            names=${names#,}
            printf '%s %s\n' "$name" "$flags"
        done
    done
}
has_it() { current | grep -qxF "$capability $flags_wanted"; }
has_none() { ! current | grep -q "^$capability "; }
# set_to [CAPABILITY+FLAGS]: set it, or remove $capability. The other capabilities stay.
set_to() {
    all=${1-}
    while read -r name flags; do
        [ -z "$name" ] || [ "$name" = "$capability" ] || all="${all:+$all }$name+$flags"
    done <<EOF
$(current)
EOF
    if [ -n "$all" ]; then setcap "$all" "$path"; else setcap -r "$path"; fi
}
give() { set_to "$capability+$flags_wanted"; }

expand path
[ -f "$path" ] || [ "$look" = yes ] || fail "$path does not exist: create it in an earlier task"
if [ "$look" = no ] && ! command -v setcap >/dev/null; then
    fail 'setcap is not installed: install libcap in an earlier task'
fi
case $state in
    present) ensure "give $path $capability+$flags_wanted" has_it give ;;
    absent) [ ! -f "$path" ] || ensure "take $capability from $path" has_none set_to ;;
esac
"""


class Capabilities(Module):
    """Give a program a Linux capability, or remove it."""

    body: ClassVar[str] = BODY

    path: str = parameter(aliases=("key",))
    """The file of the program."""
    capability: str = parameter(aliases=("cap",))
    """The capability with its flags, such as `cap_net_bind_service+ep`. For state: absent the flags
    may be omitted."""
    state: Literal["present", "absent"] = "present"
    """`present` sets the capability, `absent` removes it."""

    def validate(self) -> None:
        if not re.fullmatch(r"cap_[a-z0-9_]+([=+]+[eip]{1,3})?", self._text):
            raise ValueError("capability: it must be like cap_net_bind_service+ep")
        if self.state == "present" and self._text == self._name:
            raise ValueError(f"capability: the flags are missing, as in {self._name}+ep")

    @property
    def _text(self) -> str:
        return self.capability.strip().lower()

    @property
    def _name(self) -> str:
        return re.split(r"[=+]", self._text)[0]

    def variables(self) -> dict[str, Any]:
        flags = self._text.removeprefix(self._name)
        return {
            "path": self.path,
            "state": self.state,
            "capability": self._name,
            "flags_wanted": "".join(flag for flag in "eip" if flag in flags),
        }

    def returns(self, report: Report) -> dict[str, Any]:
        return {"state": self.state}
